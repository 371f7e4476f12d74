"""The command on one device, on two, and on two hosts: one result."""

import json
import pathlib
import shutil
import signal

import numpy as np
import pytest
from processes import (
  TRAIN,
  TWO_REPLICAS,
  files,
  finish,
  metrics,
  start,
  start_hosts,
)

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
LOST_SECONDS = 120  # TensorFlow's heartbeat takes ten.


def result(run_dir):
  """Returns `result.json` without durations, and a weight of it apart."""
  content = json.loads((run_dir / 'result.json').read_text())
  for row in content['rows']:
    del row['wall_seconds']
  return content, content['rows'][-1].pop('combination_weight')


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


@pytest.mark.long
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
