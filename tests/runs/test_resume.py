"""A run that is killed again and again, against one that is not."""

import json
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow

TINY = pathlib.Path(__file__).with_name('tiny.gin')
KILLS = 3
PARAMS = (
  'Experiment.rows = [@pixelda/Row()]',
  'pixelda/Row.steps = 80',
  'cosine.steps = 80',
  'Experiment.log_every = 5',
  'Experiment.checkpoint_every = 5',
)


def start(run_dir, data_dir, *params):
  command = [sys.executable, '-m', 'pixelda_tf.train']
  command += [f'--gin_file={TINY}', f'--data_dir={data_dir}']
  command += [f'--run_dir={run_dir}']
  command += [f'--gin_param={param}' for param in params]
  return subprocess.Popen(
    command,
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


def metrics(run_dir):
  with open(run_dir / 'pixelda' / 'metrics.jsonl') as file:
    return [json.loads(line) for line in file]


def test_a_killed_run_ends_with_the_same_bits(
  tmp_path, data_dir, newest_values
):
  """Networks, optimizers, averages, step, noise: dropout and noise of D on.

  Only the killed run makes pictures: they move nothing.
  """
  moments = random.Random(0)
  whole, killed = tmp_path / 'whole', tmp_path / 'killed'

  def start_to_kill():
    every = 'Experiment.picture_every = 40'
    return start(killed, data_dir, *PARAMS, every)

  every = 'Experiment.picture_every = 1000'
  reference = start(whole, data_dir, *PARAMS, every)
  kills = 0
  for _ in range(KILLS):
    delay = moments.uniform(0.0, 0.1)
    kills += kill_at_a_random_moment(start_to_kill(), killed, delay)
  assert kills > 0 and not (killed / 'result.json').exists()
  assert 'goes on from step' in finish(start_to_kill())
  finish(reference)

  step, values = newest_values(killed / 'pixelda')
  expected_step, expected = newest_values(whole / 'pixelda')
  assert step == expected_step == 80
  assert values.keys() == expected.keys()
  for part in ('_state_var', 'generator', 'player_optimizers', 'moving_mean'):
    assert any(part in name for name in values), part
  for name, value in values.items():
    np.testing.assert_array_equal(value, expected[name], err_msg=name)

  lines = metrics(killed)
  pictures = [
    line['step']
    for line in lines
    if line.pop('target/accuracy_uses_labels', None) is not None
  ]
  assert pictures == [40, 80]
  assert lines == metrics(whole)
