"""The directory of a run: its files' paths, and whose it is."""

import contextlib
import json
import os
import re
from typing import Any

from absl import logging

from pixelda_tf import atomic, config, locks
from pixelda_tf.errors import UserError

# Where a run is trained that another command was to train.
_REMEDY = 'name another --run_dir'


class RunDirectory:
  """A run's directory, which belongs to one config.

  Attributes:
    path: of the directory.
    config: path of the config.
    operative_config: path of the config with all defaults of when it began.
    data: path of what is known of the data that it began with.
    result: path of the result of all rows.
    picture: path of the picture source | translated | nearest target image.
    export: path of the SavedModel.
    analysis: path of the folder of `pixelda_tf.analyze`.
  """

  def __init__(self, path: str):
    """Names paths; nothing has to be there."""
    self.path = path
    self.config = os.path.join(path, 'config.gin')
    self.operative_config = os.path.join(path, 'operative_config.gin')
    self.data = os.path.join(path, 'data.json')
    self.result = os.path.join(path, 'result.json')
    self.picture = os.path.join(path, 'translated.png')
    self.export = os.path.join(path, 'export')
    self.analysis = os.path.join(path, 'analysis')
    self._lock = os.path.join(path, locks.NAME)

  def row(self, name: str) -> 'RowDirectory':
    """Returns the directory of a row."""
    return RowDirectory(os.path.join(self.path, name))

  def held(self) -> contextlib.AbstractContextManager[None]:
    """Keeps others from training here within a block.

    Raises:
      UserError: another process does.
    """
    return locks.hold(self._lock, self.path, _REMEDY)

  def check_unused(self) -> None:
    """Raises UserError where another process trains here."""
    locks.check(self._lock, self.path, _REMEDY)

  def trained_by(self) -> str | None:
    """Returns, in words, the process that trains here, or None."""
    return locks.holder(self._lock)

  def claim(self, text: str, operative: str) -> None:
    """Makes it the directory of a run, or finds that it is already.

    Args:
      text: the run's config.
      operative: the same with all defaults, see `config.operative`.

    Raises:
      UserError: it holds a run of another config, one that began with other
        defaults, or other files.
    """
    if not self.check_claim(text, operative):
      os.makedirs(self.path, exist_ok=True)
      atomic.write_text(self.operative_config, operative)
      atomic.write_text(self.config, text)
    elif not os.path.exists(self.operative_config):
      atomic.write_text(self.operative_config, operative)

  def check_claim(self, text: str, operative: str) -> bool:
    """Returns as `belongs`, and raises as `claim`; writes nothing."""
    if self.belongs(text, operative):
      return True
    if os.path.exists(self.path) and not os.path.isdir(self.path):
      raise UserError(f'{self.path}: not a directory; name another --run_dir')
    names = os.listdir(self.path) if os.path.isdir(self.path) else []
    # Those that a process leaves which is killed while it claims.
    paths = self.config, self.operative_config, self._lock
    own = set(map(os.path.basename, paths))
    if set(names) - own - {f'{name}.partial' for name in own}:
      raise UserError(
        f'{self.path}: not empty and not a run directory (no config.gin); name '
        'another --run_dir'
      )
    return False

  def belongs(self, text: str, operative: str) -> bool:
    """Returns whether it is the directory of a run of this config.

    Raises:
      UserError: it holds a run of another config, or one that began with other
        defaults.
    """
    if not os.path.exists(self.config):
      return False
    began = _read(self.config)
    with _naming(self.config):
      differences = config.difference(began, text)
    if differences:
      raise UserError(
        f'{self.path}: a run of another config ({"; ".join(differences)}); '
        'name another --run_dir'
      )
    changes = self.changed_defaults(operative)
    if changes:
      raise UserError(
        f'{self.path}: defaults have changed since this run began '
        f'({"; ".join(map(str, changes))}); train on with the version of '
        'pixelda_tf that began it, or name another --run_dir'
      )
    return True

  def changed_defaults(self, operative: str) -> list[config.Change]:
    """Returns the defaults that were other ones when the run began.

    Args:
      operative: its config with all defaults of today.
    """
    if not os.path.exists(self.operative_config):
      logging.info(
        '%s: nothing tells the defaults that this run began with: those of '
        'today are taken',
        self.path,
      )
      return []
    began = _read(self.operative_config)
    with _naming(self.operative_config):
      gone = config.gone(began, operative)
    if gone:
      logging.info(
        '%s: it began with parameters that are gone: %s',
        self.path,
        ', '.join(gone),
      )
    return config.changed_defaults(began, operative)

  def check_is_run(self) -> None:
    """Raises a `UserError` where no run is."""
    if not os.path.exists(self.config):
      raise UserError(
        f'{self.path}: not a run directory (no config.gin); --run_dir names '
        'one that python -m pixelda_tf.train wrote'
      )


class RowDirectory:
  """A row's directory.

  Attributes:
    path: of the directory.
    checkpoints, samples, tensorboard: paths of folders.
    networks: path of the folder of what other rows may start from.
    metrics: path of the lines of metrics.
    result: path of the row's result, which is there when it is finished.
  """

  def __init__(self, path: str):
    """Names paths; nothing has to be there."""
    self.path = path
    self.checkpoints = os.path.join(path, 'checkpoints')
    self.samples = os.path.join(path, 'samples')
    self.tensorboard = os.path.join(path, 'tensorboard')
    self.networks = os.path.join(path, 'networks')
    self.metrics = os.path.join(path, 'metrics.jsonl')
    self.result = os.path.join(path, 'result.json')

  def worst_cases(self, data: str | None = None) -> str:
    """Returns the path of the picture of the worst cases.

    Args:
      data: the data set and split that were seen, as 'streets/dusk train'; None
        for the target's test split.
    """
    seen = '' if data is None else '_' + re.sub(r'\W+', '_', data).strip('_')
    return os.path.join(self.path, f'worst_cases{seen}.png')


def read_json(path: str) -> Any:
  """Returns the content of a JSON file, or None where there is none.

  Raises:
    UserError: it is not JSON.
  """
  if not os.path.exists(path):
    return None
  try:
    with open(path, encoding='utf-8') as file:
      return json.load(file)
  except ValueError as error:
    raise UserError(
      f'{path}: damaged ({error}): delete it and train its row again, which '
      'goes on from its checkpoint'
    ) from error


@contextlib.contextmanager
def _naming(path):
  """Has a mistake in a file begin with its name."""
  try:
    yield
  except UserError as error:
    raise UserError(f'{path}: {error.message}') from error


def _read(path):
  try:
    with open(path, encoding='utf-8') as file:
      return file.read()
  except UnicodeDecodeError as error:
    raise UserError(
      f'{path}: damaged ({error}): restore it from a copy, or train in another '
      '--run_dir'
    ) from error
