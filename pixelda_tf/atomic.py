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
def new_file(path: str) -> Iterator[str]:
  """Yields where to write what takes the place of the file `path` at the end.

  If an error leaves the block, what was there before stays.
  """
  partial = f'{path}.partial'
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

  If an error leaves the block, what was there before stays. A process that is
  killed between the two leaves neither the old one nor half of the new one.
  """
  path = path.rstrip('/')
  partial = f'{path}.partial'
  shutil.rmtree(partial, ignore_errors=True)
  try:
    os.makedirs(partial)
    yield partial
    for folder, _, names in os.walk(partial):
      for name in names:
        _flush(os.path.join(folder, name))
    shutil.rmtree(path, ignore_errors=True)
    os.rename(partial, path)
    _flush(os.path.dirname(path) or '.')
  except BaseException:
    shutil.rmtree(partial, ignore_errors=True)
    raise


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
