"""Writes a file or a directory whole or not at all.

It is written under another name, `<path>.partial`, and gets its own when it is
complete and on the disk: who finds it finds all of it, whenever the process
dies. What a process leaves that is killed meanwhile, the next one replaces.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

from pixelda_tf.errors import UserError


@contextlib.contextmanager
def new_file(path: str, partial: str | None = None) -> Iterator[str]:
  """Yields where to write what takes the place of the file `path` at the end.

  If an error leaves the block, what was there before stays.

  Args:
    path: of the file.
    partial: where to write; None for `<path>.partial`. Where several processes
      may write `path` at once, each has a name of its own.
  """
  partial = partial or f'{path}.partial'
  try:
    yield partial
    _flush(partial)
    os.replace(partial, path)
  except BaseException:
    with contextlib.suppress(OSError):
      os.remove(partial)
    raise


@contextlib.contextmanager
def new_directory(path: str) -> Iterator[str]:
  """Yields an empty directory that takes the place of `path` at the end.

  If an error leaves the block, what was there before stays; for a kill, see
  `replace_directory`.
  """
  path = path.rstrip('/')
  partial = f'{path}.partial'
  put_back(path)
  shutil.rmtree(partial, ignore_errors=True)
  try:
    os.makedirs(partial)
    yield partial
    replace_directory(partial, path)
  except BaseException:
    shutil.rmtree(partial, ignore_errors=True)
    raise


def replace_directory(new: str, path: str) -> None:
  """Gives the whole directory `new` the name `path`, and removes what had it.

  A process that is killed between the two leaves the old one as
  `<path>.replaced`, for `put_back`.
  """
  for folder, _, names in os.walk(new):
    for name in names:
      _flush(os.path.join(folder, name))
  replaced = f'{path}.replaced'
  try:
    if os.path.isdir(path):
      os.rename(path, replaced)
    os.rename(new, path)
  except BaseException:
    put_back(path)
    raise
  _flush(os.path.dirname(path) or '.')
  shutil.rmtree(replaced, ignore_errors=True)


def put_back(path: str) -> None:
  """Gives a directory its name again that a killed process had set aside."""
  replaced = f'{path}.replaced'
  if os.path.exists(path):
    shutil.rmtree(replaced, ignore_errors=True)
  elif os.path.exists(replaced):
    os.rename(replaced, path)


@contextlib.contextmanager
def full_disk_reported(path: str, what: str, remedy: str) -> Iterator[None]:
  """Raises a `UserError` where `path` cannot be written within it.

  Args:
    path: what the message begins with.
    what: is written, as 'the export'.
    remedy: what is as it was, and what to do.
  """
  import tensorflow as tf  # Here: not all who write files need it.

  try:
    yield
  except (OSError, tf.errors.OpError) as error:
    reason = str(error).splitlines()[0]
    raise UserError(
      f'{path}: {what} could not be written ({reason}); {remedy}'
    ) from error


def write_text(path: str, text: str) -> None:
  """Writes a file of text."""
  with new_file(path) as partial, open(partial, 'w', encoding='utf-8') as file:
    file.write(text)


def write_json(path: str, content: Any) -> None:
  """Writes a file of JSON."""
  write_text(path, json.dumps(content, indent=2) + '\n')


def _flush(name):
  descriptor = os.open(name, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)
