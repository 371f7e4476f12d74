"""Checkpoints that are either whole or not there.

A checkpoint is a directory `step_00001000`.
"""

import os
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Mapping

import tensorflow as tf
from absl import logging

from pixelda_tf import atomic
from pixelda_tf.errors import UserError
from pixelda_tf.methods.base import Method

_NAME = re.compile(r'step_(\d{8})')
KEEP = 2
_TENSORFLOW = 'tensorflow'  # A file in a checkpoint: who wrote it.


class RowState(tf.train.Checkpoint):
  """All that a resumed row needs: its method and the seconds it has taken."""

  def __init__(self, method: Method):
    """Of a method as it was built."""
    seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
    super().__init__(method=method, wall_seconds=seconds)


def size(checkpoint: tf.train.Checkpoint) -> int:
  """Returns the bytes of a checkpoint's values, which is about its size."""
  parts = tf.train.TrackableView(checkpoint).descendants()
  return sum(
    part.shape.num_elements() * part.dtype.size
    for part in parts
    if isinstance(part, tf.Variable)
  )


class Saver:
  """A hook of the loop that saves a row's state when it is time."""

  def __init__(
    self,
    directory: str,
    state: RowState,
    *,
    steps: int,
    every: int,
    is_chief: bool,
    keep: int | None = KEEP,
  ):
    """Saves nothing yet; what a process left that was killed goes.

    Args:
      directory: where checkpoints are kept.
      state: of the method that trains.
      steps: the last step, at which it saves.
      every: steps between checkpoints.
      is_chief: whether this host saves; the others take part.
      keep: how many checkpoints stay; None for all.
    """
    self._directory = directory
    self._state = state
    self._steps = steps
    self._every = every
    self._is_chief = is_chief
    self._keep = keep
    self._started = time.monotonic() - float(state.wall_seconds)
    if is_chief:
      for left in pathlib.Path(directory).glob('*.partial'):
        shutil.rmtree(left)

  def __call__(self, step: int, logs: Mapping[str, float]) -> None:
    """Saves after the last step, and every so many before."""
    del logs
    last = step == self._steps or self._state.method.stopped()
    if last or step % self._every == 0:
      self.save()

  def save(self) -> None:
    """Saves now; all hosts call it."""
    state = self._state
    state.wall_seconds.assign(time.monotonic() - self._started)
    if self._is_chief:
      step = int(state.method.step.numpy())
      save(self._directory, step, state, self._keep)
    else:
      take_part_in_save(state)


def steps(directory: str) -> list[int]:
  """Returns the steps of the whole checkpoints in `directory`, ascending."""
  if not os.path.isdir(directory):
    return []
  matches = map(_NAME.fullmatch, os.listdir(directory))
  return sorted(int(match[1]) for match in matches if match)


def path(directory: str, step: int) -> str:
  """Returns the path that `tf.train.Checkpoint` reads for `step`."""
  return os.path.join(directory, f'step_{step:08d}', 'state')


def save(
  directory: str,
  step: int,
  checkpoint: tf.train.Checkpoint,
  keep: int | None = KEEP,
) -> None:
  """Writes a checkpoint and drops older ones.

  Args:
    directory: where checkpoints are kept; made where it is not there.
    step: number of train steps taken.
    checkpoint: `tf.train.Checkpoint` of all that a resumed run needs.
    keep: how many stay, the newest; None for all.

  Raises:
    UserError: the disk is full or cannot be written; the older checkpoints are
      as they were.
  """
  final = os.path.dirname(path(directory, step))
  with (
    atomic.full_disk_reported(
      final,
      'the checkpoint',
      'the older ones are untouched: make room and start the same command '
      'again',
    ),
    atomic.new_directory(final) as partial,
  ):
    checkpoint.write(os.path.join(partial, 'state'))
    pathlib.Path(partial, _TENSORFLOW).write_text(tf.__version__)
  for old in steps(directory)[: -keep if keep else 0]:
    _drop(os.path.dirname(path(directory, old)))


def _drop(folder):
  """Removes a checkpoint so that who looks for it finds it whole or not."""
  gone = f'{folder}.partial'
  os.rename(folder, gone)
  shutil.rmtree(gone)


def written_by(directory: str, step: int) -> str | None:
  """Returns the version of TensorFlow that wrote a checkpoint.

  None where no file says it: earlier releases of pixelda_tf wrote none.
  """
  file = pathlib.Path(path(directory, step)).with_name(_TENSORFLOW)
  return file.read_text(errors='replace') if file.exists() else None


def log_other_writer(directory: str, step: int) -> None:
  """Logs that another TensorFlow wrote a checkpoint, if so."""
  writer = written_by(directory, step)
  if writer not in (None, tf.__version__):
    logging.info(
      'TensorFlow %s took the steps so far, %s goes on: results are equal to '
      'rounding, not to the bit',
      writer,
      tf.__version__,
    )


def take_part_in_save(checkpoint: tf.train.Checkpoint) -> None:
  """What all hosts but the one that saves have to do while it does.

  A variable that the hosts share belongs to all: none can be read without
  all. What is written here is thrown away.
  """
  with tempfile.TemporaryDirectory(prefix='pixelda_tf-') as directory:
    checkpoint.write(os.path.join(directory, 'state'))


def restore(
  directory: str, checkpoint: tf.train.Checkpoint, step: int | None = None
) -> int | None:
  """Reads a checkpoint.

  Args:
    directory: where checkpoints are kept.
    checkpoint: `tf.train.Checkpoint` of the same objects as `save`'s.
    step: which; None takes the newest.

  Returns:
    The step, or None where there is no checkpoint.

  Raises:
    UserError: the checkpoint's files are damaged.
  """
  candidates = steps(directory) if step is None else [step]
  if not candidates:
    return None
  folder = os.path.dirname(path(directory, candidates[-1]))
  try:
    status = checkpoint.read(path(directory, candidates[-1]))
    status.assert_existing_objects_matched()
  except (tf.errors.OpError, AssertionError, IndexError) as error:
    if step is None and not os.path.isdir(folder):
      # Who trains has dropped it meanwhile: there is a newer one.
      return restore(directory, checkpoint)
    reason = str(error).splitlines()[0]
    raise UserError(
      f'{folder}: damaged checkpoint ({reason}); delete the folder to go on '
      'from the one before it'
    ) from error
  return candidates[-1]
