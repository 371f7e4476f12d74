"""Writes data sets completely or not at all, and finds them again."""

import contextlib
import io
import pathlib
import re
import shutil
from collections.abc import Callable, Collection
from typing import Any

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from pixelda_tf import atomic, locks
from pixelda_tf.datasets import census, trust
from pixelda_tf.errors import UserError

_WRITING_ERRORS = (OSError, tf.errors.OpError)


def find(
  name: str, data_dir: str | pathlib.Path
) -> tfds.core.DatasetBuilder | None:
  """Returns the reader of a stored data set, or None.

  Args:
    name: its name, followed by `/config` where it has configs.
    data_dir: where data sets are stored.

  Raises:
    UserError: the name leads out of that folder, or its files are damaged, name
      code, or lead out of theirs.
  """
  trust.check_name(name)
  versions = [
    path
    for path in (pathlib.Path(data_dir) / name).glob('*.*.*')
    if tfds.core.Version.is_valid(path.name)
    and (path / 'dataset_info.json').is_file()
  ]
  if not versions:
    return None
  return _read(max(versions, key=lambda path: tfds.core.Version(path.name)))


def _read(directory):
  try:
    trust.check_features(directory)
    builder = tfds.builder_from_directory(directory)
    trust.check_files(builder)
    # Loaded when they are first asked for, elsewhere.
    builder.info.features.items()
    dict((builder.info.metadata or {}).items())
    return builder
  except UserError:
    raise
  except Exception as error:
    raise UserError(
      f'{directory}: its dataset_info.json, features.json or metadata.json is '
      'damaged; prepare the data set again with --overwrite'
    ) from error


def build(
  make_builder: Callable[[pathlib.Path], Any],
  *,
  name: str,
  data_dir: str | pathlib.Path,
  overwrite: bool = False,
  allow: Collection[str] = (),
  unfinished: pathlib.Path | None = None,
) -> tfds.core.DatasetBuilder:
  """Builds one data set; see `datasets.prepare`.

  A process that builds a data set of that name is waited for.

  Args:
    make_builder: function of a data directory; returns the TFDS builder.
    name: the data set's name.
    data_dir: where data sets are stored; created if need be.
    overwrite: replace a data set of that name once the new one is complete.
    allow: see `census.check`.
    unfinished: folder where the builder keeps what is finished of it, for
      the next try after an error or a kill; removed when it is complete.

  Returns:
    `tfds.core.DatasetBuilder` that reads the data set.

  Raises:
    UserError: as `datasets.prepare`.
  """
  _check_name(name)
  data_dir = pathlib.Path(data_dir)
  with _reporting_errors(data_dir), _staging(data_dir, name) as staging:
    builder = make_builder(staging)
    staged = pathlib.Path(builder.data_dir)
    final = data_dir / staged.relative_to(staging)
    atomic.put_back(str(final))
    stored = None
    if not overwrite and (final / 'dataset_info.json').is_file():
      stored = _read(final)
    if stored is None:
      # What is known already is told before hours of work.
      census.check(builder.info, allow)
      _write(builder, staging)
      census.check(builder.info, allow)
      final.parent.mkdir(parents=True, exist_ok=True)
      atomic.replace_directory(str(staged), str(final))
    elif stored.info.description != builder.info.description:
      raise UserError(
        f'{final}: holds {name} made otherwise ({stored.info.description}); '
        'pass --overwrite to replace it, or another --data_dir'
      )
    else:
      logging.info('%s is prepared already: %s', name, final)
    if unfinished is not None:
      shutil.rmtree(unfinished, ignore_errors=True)
  return stored or tfds.builder_from_directory(final)


def _check_name(name):
  if not re.fullmatch(r'[a-zA-Z]\w*', name, re.ASCII):
    raise UserError(
      f'--name={name}: give the data set a name of letters, digits and '
      'underscores that starts with a letter'
    )


def _write(builder, staging):
  config = tfds.download.DownloadConfig(
    num_shards=builder.num_shards,
    try_download_gcs=False,
    beam_options=builder.executor.options,
  )
  # TFDS says where it writes, which is not yet where the data will be; builders
  # show progress themselves.
  tfds.disable_progress_bar()
  try:
    with (
      builder.executor.reporting_errors(),
      contextlib.redirect_stdout(io.StringIO()),
    ):
      builder.download_and_prepare(
        download_dir=staging / 'downloads', download_config=config
      )
    census.count(builder)
  finally:
    tfds.enable_progress_bar()


@contextlib.contextmanager
def _staging(data_dir, name):
  """Yields an empty directory inside `data_dir`, removed at the end.

  One process at a time builds a data set, so what an earlier one left behind
  when it was killed can be removed.
  """
  staging = data_dir / f'.{name}.staging'
  with locks.hold(locks.beside(data_dir / name), str(data_dir / name)):
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
      yield staging
    finally:
      shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _reporting_errors(data_dir):
  """Turns the file system's errors, also those TFDS wraps, into `UserError`."""
  try:
    yield
  except UserError:
    raise
  except Exception as error:
    cause = error
    while cause is not None and not isinstance(cause, _WRITING_ERRORS):
      cause = cause.__cause__ or cause.__context__
    if cause is None:
      raise
    reason = getattr(cause, 'message', None) or cause
    raise UserError(
      f'{data_dir}: cannot be written ({reason}); what was there before is '
      'untouched; free some space or name another --data_dir'
    ) from error
