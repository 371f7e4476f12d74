"""The command on one device, on two, and on two hosts: one result."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow

FOLDER = pathlib.Path(__file__).parent
# Steps whose metrics are logged, by row. Batch normalisation, image pools, rows
# that start from another's networks, and one from its translations.
ROWS = {
  'pixelda': [2, 4, 6],
  'cyclegan': [2, 4, 6],
  'cyclegan_uda': [2, 4],
  'cyclegan_uda_offline': [2, 4],
  'cyclegan_uda_two_way': [2, 4],
}
TRAIN = ('-m', 'pixelda_tf.train')
TWO_REPLICAS = ('--strategy=mirrored', '--logical_cpus=2')
LOST_SECONDS = 120  # TensorFlow's heartbeat takes ten.


def start(
  run_dir,
  data_dir,
  *flags,
  program=TRAIN,
  config='quiet.gin',
  environment=None,
):
  return subprocess.Popen(
    [
      *(sys.executable, *program),
      f'--gin_file={FOLDER / config}',
      f'--data_dir={data_dir}',
      f'--run_dir={run_dir}',
      *flags,
    ],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=FOLDER.parents[1],
    env=environment,
  )


def finish(process, status=0):
  """Returns what a process wrote to standard output and error."""
  output, errors = process.communicate(timeout=600)
  assert process.returncode == status, errors
  return output, errors


def free_addresses(count):
  """Returns addresses of ports that were free a moment ago."""
  sockets = [socket.socket() for _ in range(count)]
  for one in sockets:
    one.bind(('127.0.0.1', 0))
  addresses = [f'127.0.0.1:{one.getsockname()[1]}' for one in sockets]
  for one in sockets:
    one.close()
  return addresses


def start_hosts(run_dir, data_dir, scratch, programs):
  """Starts a process for each host; `scratch` is where they may not write.

  Args:
    run_dir: of the run.
    data_dir: of the data sets.
    scratch: path for the hosts' temporary files.
    programs: arguments of Python, for each host.
  """
  addresses = free_addresses(len(programs))
  processes = []
  for index, program in enumerate(programs):
    config = {
      'cluster': {'worker': addresses},
      'task': {'type': 'worker', 'index': index},
    }
    folder = scratch / str(index)
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
      'TF_CONFIG': json.dumps(config),
      'TMPDIR': str(folder),
      'PYTHONDONTWRITEBYTECODE': '1',  # Of AutoGraph's files, in TMPDIR.
    }
    processes.append(
      start(run_dir, data_dir, program=program, environment=environment)
    )
  return processes


def files(run_dir):
  """Returns the names of all files, TensorBoard's without their date."""
  return sorted(
    str(path.relative_to(run_dir))
    for path in run_dir.rglob('*')
    if path.is_file() and 'tensorboard' not in path.parts
  )


def result(run_dir):
  """Returns `result.json` without durations, and a weight of it apart."""
  content = json.loads((run_dir / 'result.json').read_text())
  for row in content['rows']:
    del row['wall_seconds']
  return content, content['rows'][-1].pop('combination_weight')


def metrics(row_dir):
  with open(row_dir / 'metrics.jsonl') as file:
    return [json.loads(line) for line in file]


def assert_same(run_dir, expected_dir, newest_values):
  """Checks result, files, logs and all that the checkpoint holds."""
  found, weight = result(run_dir)
  expected, expected_weight = result(expected_dir)
  assert found == expected
  np.testing.assert_allclose(weight, expected_weight, atol=1e-5)
  assert files(run_dir) == files(expected_dir)
  for row, steps in ROWS.items():
    lines, expected_lines = metrics(run_dir / row), metrics(expected_dir / row)
    assert [line['step'] for line in lines] == steps
    for line, expected in zip(lines, expected_lines, strict=True):
      assert line.keys() == expected.keys()
      for name, value in expected.items():
        np.testing.assert_allclose(
          line[name], value, atol=1e-5, rtol=1e-5, err_msg=f'{row} {name}'
        )
    step, values = newest_values(run_dir / row)
    expected_step, expected = newest_values(expected_dir / row)
    assert step == expected_step == steps[-1]
    assert values.keys() == expected.keys()
    for name, value in expected.items():
      np.testing.assert_allclose(
        values[name], value, atol=1e-5, err_msg=f'{row} {name}'
      )
    assert any('moving_variance' in name for name in values) == (
      row == 'pixelda'
    )
    assert any('pools' in name for name in values) == (row == 'cyclegan')


@pytest.fixture(scope='module')
def one_device(tmp_path_factory, data_dir):
  """Directory of a run on one device."""
  run_dir = tmp_path_factory.mktemp('one') / 'run'
  finish(start(run_dir, data_dir, '--strategy=one'))
  return run_dir


def test_two_replicas_end_as_one_and_resume(
  one_device, tmp_path, data_dir, newest_values
):
  """Last steps are taken twice: the second time from a checkpoint."""
  run_dir = tmp_path / 'run'
  _, errors = finish(start(run_dir, data_dir, *TWO_REPLICAS))
  assert '2 replicas' in errors
  assert_same(run_dir, one_device, newest_values)

  for row in ('pixelda', 'cyclegan'):
    forget_the_end(run_dir / row)
  _, errors = finish(start(run_dir, data_dir, *TWO_REPLICAS))
  for row in ('pixelda', 'cyclegan'):
    assert f'{row}: goes on from step 4' in errors
  assert_same(run_dir, one_device, newest_values)


def test_what_replicas_draw_resumes(tmp_path, data_dir, newest_values):
  """Dropout and noise, a stream of random numbers a replica: the same bits."""

  def train():
    flags = *TWO_REPLICAS, '--rows=pixelda'
    process = start(tmp_path / 'run', data_dir, *flags, config='tiny.gin')
    _, errors = finish(process)
    return errors, newest_values(tmp_path / 'run' / 'pixelda')

  _, (step, expected) = train()
  assert sum('generator/_state_var' in name for name in expected) == 3
  forget_the_end(tmp_path / 'run' / 'pixelda')
  errors, (resumed_step, values) = train()
  assert 'pixelda: goes on from step 4' in errors
  assert resumed_step == step == 6 and values.keys() == expected.keys()
  for name, value in expected.items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


def forget_the_end(row_dir):
  """Leaves a row of six steps as if it had been killed after the fourth."""
  shutil.rmtree(row_dir / 'checkpoints' / 'step_00000006')
  (row_dir / 'result.json').unlink()


def test_two_hosts_end_as_one_though_a_host_was_killed(
  one_device, tmp_path, data_dir, newest_values
):
  """Killed within the second row; the other ends too, and both start again."""
  run_dir, scratch = tmp_path / 'run', tmp_path / 'scratch'

  def hosts(*programs):
    return start_hosts(run_dir, data_dir, scratch, programs)

  chief, other = hosts(TRAIN, (str(FOLDER / 'dying_host.py'),))
  _, errors = other.communicate(timeout=600)
  assert other.returncode == -signal.SIGKILL, errors
  output, errors = chief.communicate(timeout=LOST_SECONDS)
  assert chief.returncode == 2
  assert not any(row in output for row in ROWS)
  assert errors.splitlines()[-1].startswith('error: another host has gone')
  assert not (run_dir / 'result.json').exists()
  shutil.rmtree(scratch)  # Nobody can clean up behind SIGKILL.

  chief, other = hosts(TRAIN, TRAIN)
  output, errors = finish(chief)
  assert 'pixelda: finished before' in errors
  assert 'cyclegan: goes on from step 4' in errors
  assert all(row in output for row in ROWS)
  output, _ = finish(other)
  assert output == ''
  assert_same(run_dir, one_device, newest_values)
  assert files(scratch) == []


def test_a_batch_that_two_replicas_cannot_share_is_told(tmp_path, data_dir):
  process = start(
    tmp_path / 'run',
    data_dir,
    '--strategy=mirrored',
    '--logical_cpus=3',
  )
  _, errors = finish(process, status=2)
  assert errors.splitlines()[-1] == (
    'error: Pair.batch_size is 8: a multiple of the number of replicas (3) is '
    'needed'
  )
  assert not (tmp_path / 'run').exists()
