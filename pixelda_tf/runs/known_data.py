"""A run knows its data: it began with them, and goes on with no others."""

from collections.abc import Callable

from absl import logging

from pixelda_tf import atomic
from pixelda_tf.data.identities import Identity, differences
from pixelda_tf.errors import UserError
from pixelda_tf.runs.directory import RunDirectory, read_json

# By domain, as `Pair.identities` returns them.
Data = dict[str, Identity]


def claim(directory: RunDirectory, data: Callable[[], Data]) -> None:
  """Records the data that a run begins with, or compares those of today.

  Args:
    directory: of the run.
    data: function that returns what tells its data from others.

  Raises:
    UserError: as `check`.
  """
  if read(directory) is None:
    atomic.write_json(directory.data, data())
  else:
    check(directory, data)


def check(directory: RunDirectory, data: Callable[[], Data]) -> None:
  """Compares the data of today with those that a run began with, if it has.

  Args:
    directory: of the run.
    data: function that returns what tells its data from others.

  Raises:
    UserError: they differ, and how; or the record of them is damaged.
  """
  then = read(directory)
  if then is None:
    return
  now = data()
  try:
    found = []
    for role, today in now.items():
      began = then[role]
      if differing := differences(began, today):
        found.append(f'{role} {began["name"]}: {", ".join(differing)}')
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise UserError(
      f'{directory.data}: damaged ({error!r}): restore it from a copy, or '
      'delete it where the data are surely those that this run began with'
    ) from error
  if found:
    raise UserError(
      f'{directory.path}: the data are not those that this run began with '
      f'({"; ".join(found)}); prepare them as {directory.data} describes them, '
      'name their --data_dir, or train in another --run_dir'
    )


def read(directory: RunDirectory) -> Data | None:
  """Returns the data that a run began with, None where nothing tells them.

  Raises:
    UserError: the file is damaged.
  """
  return read_json(directory.data)


def log_unknown(directory: RunDirectory) -> None:
  """Logs that nothing tells the data of an existing run, if so."""
  if read(directory) is None:
    logging.info(
      '%s: nothing tells the data that this run began with: those of today '
      'are taken',
      directory.path,
    )
