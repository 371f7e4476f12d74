"""Makes many examples with several processes, and goes on after a kill.

Examples are made in chunks, each a file that is whole or absent; processes that
start again find those that are there already.
"""

import collections
import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
import pathlib
import signal
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import connection
from typing import Any

import numpy as np
from absl import logging

from pixelda_tf import atomic

CHUNK = 50
# Chunks for each worker that are made before they are asked for.
AHEAD = 2

# Of a worker: what it calls.
_function: Callable[[Any], Any]


def examples(
  make: Callable[[int], Mapping[str, Any]],
  count: int,
  *,
  folder: str | pathlib.Path,
  workers: int | None = None,
) -> Iterator[dict[str, Any]]:
  """Yields the examples that a function makes, in their order.

  Args:
    make: function of an example's index that returns a dict of arrays and
      numbers, of the same keys, shapes and types for each example. It must
      depend on the index alone.
    count: how many.
    folder: of the finished chunks, created if need be; another `make` wants
      another folder.
    workers: number of processes; None for one a core, 1 for this one alone.

  Yields:
    dict of what `make` returned.
  """
  folder = pathlib.Path(folder)
  folder.mkdir(parents=True, exist_ok=True)
  chunks = [
    range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)
  ]
  finish = functools.partial(_finish, make, folder)
  with _mapping(finish, chunks, workers or os.cpu_count()) as paths:
    for indices, path in zip(chunks, paths, strict=True):
      columns = _read(path)
      if columns is None:
        logging.warning('%s: damaged: it is made again', path)
        path.unlink()
        columns = _read(finish(indices))
        assert columns is not None
      for position in range(len(indices)):
        yield {key: column[position] for key, column in columns.items()}


def _finish(make, folder, indices):
  """Returns the file of a chunk, which is made unless it is there."""
  path = folder / f'{indices.start:08}.npz'
  if not path.exists():
    made = [make(index) for index in indices]
    columns: dict[str, Any] = {
      key: np.stack([each[key] for each in made]) for key in made[0]
    }
    with atomic.new_file(str(path)) as partial, open(partial, 'wb') as file:
      np.savez(file, **columns)
  return path


def _read(path):
  """Returns the arrays of a chunk's file, None where it is damaged."""
  try:
    # A file that is none of arrays numpy leaves open.
    with open(path, 'rb') as file, np.load(file, allow_pickle=False) as arrays:
      return dict(arrays)
  except (
    *(OSError, EOFError, ValueError, TypeError, AttributeError),
    *(zipfile.BadZipFile, zlib.error),
  ):
    return None


@contextlib.contextmanager
def _mapping(function, items, workers):
  """Yields what a function returns of each item, computed by processes."""
  if workers == 1:
    yield map(function, items)
    return
  # Started by fork, a worker neither imports TensorFlow nor the user's script,
  # and has the function, which is too large to be sent with each item.
  pool = concurrent.futures.ProcessPoolExecutor(
    workers, multiprocessing.get_context('fork'), _start_worker, (function,)
  )
  try:
    yield _map_ahead(pool, items, AHEAD * workers)
  finally:
    pool.shutdown(cancel_futures=True)


def _map_ahead(pool, items, n):
  """Yields `_call` of each item; n later ones at most are being computed.

  An interpreter waits at its end for whatever was handed to a pool.
  """
  pending: collections.deque[concurrent.futures.Future] = collections.deque()
  for item in items:
    pending.append(pool.submit(_call, item))
    if len(pending) > n:
      yield pending.popleft().result()
  while pending:
    yield pending.popleft().result()


def _start_worker(function):
  """Leaves Ctrl-C to the parent, and ends a worker whose parent is gone."""
  global _function
  _function = function
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  threading.Thread(target=_end_with_parent, daemon=True).start()


def _call(item):
  return _function(item)


def _end_with_parent():
  parent = multiprocessing.parent_process()
  assert parent is not None
  connection.wait([parent.sentinel])
  os._exit(1)
