import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints


class State:
  """Two variables as something to keep."""

  def __init__(self, value=0.0):
    self.number = tf.Variable(value, dtype=tf.float64)
    self.array = tf.Variable(tf.fill([1000], float(value)))
    self.checkpoint = tf.train.Checkpoint(number=self.number, array=self.array)

  def value(self):
    assert np.all(self.array == self.number.numpy())
    return float(self.number)


def save(directory, *steps):
  """Saves a state whose value is the step, for every step."""
  for step in steps:
    checkpoints.save(str(directory), step, State(step).checkpoint)


def restore(directory, step=None):
  """Returns the step that was found and the value that was read."""
  state = State(-1.0)
  found = checkpoints.restore(str(directory), state.checkpoint, step)
  return found, state.value()


def test_the_newest_two_are_kept_and_the_newest_is_read(tmp_path):
  save(tmp_path / 'new', 5, 10, 15)
  assert checkpoints.steps(str(tmp_path / 'new')) == [10, 15]
  assert sorted(os.listdir(tmp_path / 'new')) == [
    'step_00000010',
    'step_00000015',
  ]
  assert restore(tmp_path / 'new') == (15, 15.0)
  assert restore(tmp_path / 'new', step=10) == (10, 10.0)


def test_a_checkpoint_says_which_tensorflow_wrote_it(tmp_path):
  """Earlier releases' do not."""
  save(tmp_path, 10)
  assert checkpoints.written_by(str(tmp_path), 10) == tf.__version__
  (tmp_path / 'step_00000010' / 'tensorflow').unlink()
  assert checkpoints.written_by(str(tmp_path), 10) is None
  assert restore(tmp_path) == (10, 10.0)


@pytest.mark.parametrize('there', [False, True])
def test_without_a_checkpoint_nothing_is_read(there, tmp_path):
  directory = tmp_path / 'checkpoints'
  if there:
    directory.mkdir()
  assert restore(directory) == (None, -1.0)


@pytest.mark.parametrize(
  'name', ['step_00000020.partial', 'step_20', 'step_00000020x', 'other']
)
def test_only_whole_checkpoints_are_seen(name, tmp_path):
  save(tmp_path, 10)
  shutil.copytree(tmp_path / 'step_00000010', tmp_path / name)
  assert checkpoints.steps(str(tmp_path)) == [10]
  assert restore(tmp_path) == (10, 10.0)


def test_what_a_killed_save_left_behind_is_replaced(tmp_path):
  (tmp_path / 'step_00000010.partial').mkdir()
  (tmp_path / 'step_00000010.partial' / 'state.index').write_text('torn')
  save(tmp_path, 10)
  assert os.listdir(tmp_path) == ['step_00000010']
  assert restore(tmp_path) == (10, 10.0)


def test_saving_a_step_again_replaces_it(tmp_path):
  save(tmp_path, 10)
  checkpoints.save(str(tmp_path), 10, State(11.0).checkpoint)
  assert restore(tmp_path) == (10, 11.0)


def cut(path):
  path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 0xFF
  path.write_bytes(content)


DATA, INDEX = 'state.data-00000-of-00001', 'state.index'
DAMAGES = {
  'data cut short': (DATA, cut),
  'data with a flipped byte': (DATA, flip),
  'data gone': (DATA, os.remove),
  'empty index': (INDEX, lambda path: path.write_bytes(b'')),
  'index cut short': (INDEX, cut),
  'index with a flipped byte': (INDEX, flip),
  'index gone': (INDEX, os.remove),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_a_damaged_checkpoint_is_named_and_nothing_is_lost(name, tmp_path):
  save(tmp_path, 5, 10)
  file, damage = DAMAGES[name]
  damage(tmp_path / 'step_00000010' / file)
  with pytest.raises(UserError) as error:
    restore(tmp_path)
  folder = str(tmp_path / 'step_00000010')
  assert str(error.value).startswith(f'{folder}: damaged checkpoint (')
  assert 'delete the folder' in str(error.value)
  shutil.rmtree(folder)
  assert restore(tmp_path) == (5, 5.0)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
  tf.train.Checkpoint(other=tf.Variable(1.0)).write(
    checkpoints.path(str(tmp_path), 10)
  )
  with pytest.raises(UserError, match='step_00000010: damaged checkpoint'):
    restore(tmp_path)


# Run in a process of its own, whose files cannot grow beyond 100,000 bytes.
FULL = """
import resource, signal, sys
import numpy as np
import tensorflow as tf
from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
number = tf.Variable(10.0, dtype=tf.float64)
array = tf.Variable(np.random.normal(size=1_000_000))
try:
  checkpoints.save(
    sys.argv[1], 10, tf.train.Checkpoint(number=number, array=array)
  )
except UserError as error:
  print(f'UserError {error}')
"""


def fill_by_limit(directory):
  return subprocess.run(
    [sys.executable, '-c', FULL, str(directory)],
    capture_output=True,
    text=True,
    check=True,
    timeout=300,
  ).stdout


def test_a_full_disk_leaves_the_older_checkpoint(tmp_path):
  save(tmp_path, 5)
  output = fill_by_limit(tmp_path)
  folder = tmp_path / 'step_00000010'
  assert output.startswith(
    f'UserError {folder}: the checkpoint could not be written ('
  )
  assert 'make room' in output
  assert os.listdir(tmp_path) == ['step_00000005']
  assert restore(tmp_path) == (5, 5.0)


@pytest.fixture
def small_disk(tmp_path):
  """A disk of 256 KiB, where this user may mount one."""
  disk = tmp_path / 'disk'
  disk.mkdir()
  mount = ['mount', '-t', 'tmpfs', '-o', 'size=256k', 'none', str(disk)]
  try:
    subprocess.run(mount, check=True, capture_output=True)
  except (OSError, subprocess.CalledProcessError):
    pytest.skip('mounting needs root')
  yield disk
  subprocess.run(['umount', str(disk)], check=True)


def test_a_really_full_disk_leaves_the_older_checkpoint(small_disk):
  save(small_disk, 5)
  state = State(10.0)
  much = tf.Variable(np.random.default_rng(0).normal(size=100_000))
  large = tf.train.Checkpoint(number=state.number, much=much)
  with pytest.raises(UserError, match='step_00000010: .* be written .*room'):
    checkpoints.save(str(small_disk), 10, large)
  assert os.listdir(small_disk) == ['step_00000005']
  assert restore(small_disk) == (5, 5.0)


def test_a_folder_that_cannot_be_written_is_a_mistake(tmp_path):
  pathlib.Path(tmp_path / 'file').write_text('in the way')
  with pytest.raises(UserError, match='could not be written'):
    save(tmp_path / 'file', 5)
