"""A run that is killed again and again, against one that is not."""

import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
KILLS = 3
PARAMS = (
  'Experiment.rows = [@pixelda/Row()]',
  'pixelda/Row.steps = 80',
  'cosine.steps = 80',
  'Experiment.log_every = 5',
  'Experiment.checkpoint_every = 5',
  'Experiment.picture_every = 40',
)


def start(run_dir, data_dir, params):
  command = [sys.executable, '-m', 'pixelda_tf.train']
  command += ['--gin_file=gin/quickstart.gin', f'--data_dir={data_dir}']
  command += [f'--run_dir={run_dir}']
  command += [f'--gin_param={param}' for param in (*params, *PARAMS)]
  return subprocess.Popen(
    command,
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def seen(run_dir):
  """Returns the checkpoints there are, half-written ones included."""
  return set((run_dir / 'pixelda' / 'checkpoints').glob('*'))


def kill_at_a_random_moment(process, run_dir, delay):
  """Kills a while after the process has written its first checkpoint.

  Returns:
    Whether the process was still at work.
  """
  before = seen(run_dir)
  while seen(run_dir) <= before and process.poll() is None:
    time.sleep(0.002)
  time.sleep(delay)
  process.kill()
  process.communicate()
  return process.returncode == -signal.SIGKILL


def finish(process):
  output, _ = process.communicate(timeout=600)
  assert process.returncode == 0, output
  return output


def test_a_killed_run_ends_with_the_same_bits(
  tmp_path, data_dir, tiny_params, newest_values
):
  """Networks, optimizers, averages, step, noise: dropout and noise of D on."""
  moments = random.Random(0)
  whole, killed = tmp_path / 'whole', tmp_path / 'killed'
  reference = start(whole, data_dir, tiny_params)
  kills = 0
  for _ in range(KILLS):
    process = start(killed, data_dir, tiny_params)
    delay = moments.uniform(0.0, 0.1)
    kills += kill_at_a_random_moment(process, killed, delay)
  assert kills > 0 and not (killed / 'result.json').exists()
  output = finish(start(killed, data_dir, tiny_params))
  finish(reference)
  assert 'goes on from step' in output
  step, values = newest_values(killed / 'pixelda')
  expected_step, expected = newest_values(whole / 'pixelda')
  assert step == expected_step == 80
  assert values.keys() == expected.keys()
  for part in ('_state_var', 'generator', 'player_optimizers', 'moving_mean'):
    assert any(part in name for name in values), part
  for name, value in values.items():
    np.testing.assert_array_equal(value, expected[name], err_msg=name)
  lines = (killed / 'pixelda' / 'metrics.jsonl').read_text()
  assert lines == (whole / 'pixelda' / 'metrics.jsonl').read_text()
