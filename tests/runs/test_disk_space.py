import os
import subprocess

import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints, disk_space
from pixelda_tf.runs.disk_space import Need

# Steps saved, steps, every, keep, to checkpoints at most and at the end: two
# are kept, and the oldest goes when the next one is whole.
NEEDS = [
  ((), 100, 10, 2, Need(3, 2)),
  ((), 20, 10, 2, Need(2, 2)),
  ((), 11, 10, 2, Need(2, 2)),
  ((), 5, 10, 2, Need(1, 1)),
  ((10,), 100, 10, 2, Need(2, 1)),
  ((10, 20), 100, 10, 2, Need(1, 0)),
  ((90, 100), 100, 10, 2, Need(0, 0)),
  ((), 95, 10, None, Need(10, 10)),
  ((10, 20), 95, 10, None, Need(8, 8)),
]


@pytest.mark.parametrize(('saved', 'steps', 'every', 'keep', 'need'), NEEDS)
def test_what_a_row_needs_is_what_it_will_write(
  saved, steps, every, keep, need
):
  found = disk_space.need(7, saved=saved, steps=steps, every=every, keep=keep)
  assert found == Need(7 * need.most, 7 * need.left)


@pytest.fixture
def small_disk(tmp_path):
  """A disk of 6 MiB, where this user may mount one."""
  disk = tmp_path / 'disk'
  disk.mkdir()
  mount = ['mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', str(disk)]
  try:
    subprocess.run(mount, check=True, capture_output=True)
  except (OSError, subprocess.CalledProcessError):
    pytest.skip('mounting needs root')
  yield disk
  subprocess.run(['umount', str(disk)], check=True)


def test_rows_need_what_the_earlier_ones_leave_and_most_of_their_own(
  small_disk,
):
  """Of 6 * 2^20 bytes: all but a few pages, then one more than there are."""
  run_dir = str(small_disk / 'runs' / 'run')
  first = Need(5_000_000, 3_000_000)
  disk_space.check(run_dir, [first, Need(3_200_000, 3_200_000)])
  disk_space.check(run_dir, [])
  with pytest.raises(UserError) as error:
    disk_space.check(run_dir, [first, Need(3_291_457, 0)])
  assert error.value.message == (
    f'{run_dir}: checkpoints will take 6.29 MB, and 6.29 MB are free there: '
    'make room, or name another --run_dir'
  )
  assert os.listdir(small_disk) == []


def test_a_run_is_told_before_its_first_step(small_disk, open_run):
  """One row alone has room, with 2 * 1.5 MB; the other has 2 * 2.1 MB."""
  run = open_run(small_disk / 'run')
  run.check(['source_only'])
  with pytest.raises(UserError, match='run: checkpoints will take .* MB, and'):
    run.train()
  assert os.listdir(small_disk) == []


def test_the_size_of_a_checkpoint_is_that_of_its_values(tmp_path, open_run):
  """Of weights, moments, averages, and states of random numbers."""
  state = checkpoints.RowState(open_run(tmp_path).row('pixelda').build())
  checkpoints.save(str(tmp_path), 1, state)
  reader = tf.train.load_checkpoint(checkpoints.path(str(tmp_path), 1))
  values = [
    reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name.endswith('VARIABLE_VALUE')
  ]
  assert len(values) > 100
  assert checkpoints.size(state) == sum(value.nbytes for value in values)
