"""A run directory belongs to one config."""

import os

from pixelda_tf import atomic, config
from pixelda_tf.errors import UserError


def config_path(run_dir):
  """Returns the path of a run's config."""
  return os.path.join(run_dir, 'config.gin')


def claim(run_dir, text):
  """Makes `run_dir` the directory of a run, or finds that it is already.

  Args:
    run_dir: directory, made where it is not there.
    text: the run's config.

  Raises:
    UserError: the directory holds a run of another config, or other files.
  """
  if belongs(run_dir, text):
    return
  path = config_path(run_dir)
  if os.path.exists(run_dir) and not os.path.isdir(run_dir):
    raise UserError(f'{run_dir}: not a directory; name another --run_dir')
  found = os.listdir(run_dir) if os.path.isdir(run_dir) else []
  # A killed run may have left a part of its config.
  if set(found) - {f'{os.path.basename(path)}.partial'}:
    raise UserError(
      f'{run_dir}: not empty and not a run directory (no config.gin); name '
      'another --run_dir'
    )
  os.makedirs(run_dir, exist_ok=True)
  atomic.write_text(path, text)


def belongs(run_dir, text):
  """Returns whether `run_dir` is the directory of a run of this config.

  Raises:
    UserError: it holds a run of another config.
  """
  path = config_path(run_dir)
  if not os.path.exists(path):
    return False
  with open(path) as file:
    differences = config.difference(file.read(), text)
  if differences:
    raise UserError(
      f'{run_dir}: a run of another config ({"; ".join(differences)}); name '
      'another --run_dir'
    )
  return True


def read(run_dir):
  """Returns the path of the config of an existing run.

  Raises:
    UserError: no run is there.
  """
  path = config_path(run_dir)
  if not os.path.exists(path):
    raise UserError(
      f'{run_dir}: not a run directory (no config.gin); --run_dir names one '
      'that python -m pixelda_tf.train wrote'
    )
  return path
