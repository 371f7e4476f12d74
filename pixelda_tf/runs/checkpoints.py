"""Checkpoints that are either whole or not there.

A checkpoint is a directory `step_00001000`.
"""

import os
import pathlib
import re
import shutil
import tempfile

import tensorflow as tf

from pixelda_tf import atomic
from pixelda_tf.errors import UserError

_NAME = re.compile(r'step_(\d{8})')
_KEEP = 2
_TENSORFLOW = 'tensorflow'  # A file in a checkpoint: who wrote it.


def steps(directory):
  """Returns the steps of the whole checkpoints in `directory`, ascending."""
  if not os.path.isdir(directory):
    return []
  matches = map(_NAME.fullmatch, os.listdir(directory))
  return sorted(int(match[1]) for match in matches if match)


def path(directory, step):
  """Returns the path that `tf.train.Checkpoint` reads for `step`."""
  return os.path.join(directory, f'step_{step:08d}', 'state')


def save(directory, step, checkpoint):
  """Writes a checkpoint and drops all but the newest two.

  Args:
    directory: where checkpoints are kept; made where it is not there.
    step: number of train steps taken.
    checkpoint: `tf.train.Checkpoint` of all that a resumed run needs.

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
  for old in steps(directory)[:-_KEEP]:
    shutil.rmtree(os.path.dirname(path(directory, old)))


def written_by(directory, step):
  """Returns the version of TensorFlow that wrote a checkpoint.

  None where it is not told, as earlier releases of pixelda_tf did not.
  """
  file = pathlib.Path(path(directory, step)).with_name(_TENSORFLOW)
  return file.read_text() if file.exists() else None


def take_part_in_save(checkpoint):
  """What all hosts but the one that saves have to do while it does.

  Values that the hosts share are theirs together: none can be read without
  all. What is written here is thrown away.
  """
  with tempfile.TemporaryDirectory(prefix='pixelda_tf-') as directory:
    checkpoint.write(os.path.join(directory, 'state'))


def restore(directory, checkpoint, step=None):
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
  found = steps(directory) if step is None else [step]
  if not found:
    return None
  try:
    status = checkpoint.read(path(directory, found[-1]))
    status.assert_existing_objects_matched()
  except (tf.errors.OpError, AssertionError, IndexError) as error:
    folder = os.path.dirname(path(directory, found[-1]))
    reason = str(error).splitlines()[0]
    raise UserError(
      f'{folder}: damaged checkpoint ({reason}); delete the folder to go on '
      'from the one before it'
    ) from error
  return found[-1]
