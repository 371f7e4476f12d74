"""One writer at a time, of the processes of one host or of several.

A lock is a file that says who holds it, and that the system has locked for that
process (flock): a process that is killed has let go, whatever its file says.
NFS keeps such locks for all hosts. What a holder forks has a part in the lock,
which lasts until the last of them is gone.
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import socket
import sys
import time
from collections.abc import Iterator

from absl import logging

from pixelda_tf.errors import UserError

# Of a folder that is written in parts.
NAME = '.lock'
# What a file system says that has no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
# Seconds after which a lock is taken to be in use: before, its holder may be
# one that ends, or that only looks whether another one is there.
_PATIENCE = 0.3
_PAUSE = 0.02


def beside(path: str | os.PathLike) -> str:
  """Returns the lock of a file or folder that is replaced when it is written.

  It is a hidden file of the folder that has it.
  """
  folder, name = os.path.split(os.path.abspath(path))
  return os.path.join(folder, f'.{name}{NAME}')


@contextlib.contextmanager
def hold(
  lock: str | os.PathLike, what: str, remedy: str | None = None
) -> Iterator[None]:
  """Holds a lock within the block.

  Args:
    lock: path of its file, which is there meanwhile; its folder is made.
    what: is written, which messages begin with.
    remedy: what can be done but wait where another process holds it; None where
      the two do not hinder each other one after the other: that it is waited
      for is logged.

  Raises:
    UserError: another process holds it, and there is a remedy.
  """
  descriptor = _acquire(os.fspath(lock), what, remedy)
  try:
    yield
  finally:
    # While it is held: who has opened the file will see that it is gone.
    with contextlib.suppress(OSError):
      os.remove(lock)
    os.close(descriptor)


def check(lock: str | os.PathLike, what: str, remedy: str) -> None:
  """Raises UserError where `hold` would, but in a moment; holds nothing."""
  who = holder(lock)
  if who:
    raise UserError(_in_use(what, who, remedy))


def holder(lock: str | os.PathLike) -> str | None:
  """Returns what `hold` tells of the process that holds a lock, or None."""
  try:
    descriptor = os.open(lock, os.O_RDONLY)
  except OSError:
    return None
  try:
    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return None
  except BlockingIOError:
    return _who(descriptor)
  except OSError:
    return None
  finally:
    os.close(descriptor)


def _acquire(lock, what, remedy):
  """Returns the descriptor of a lock's file, locked."""
  while True:
    os.makedirs(os.path.dirname(lock), exist_ok=True)
    try:
      descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
      continue  # Its folder was removed again.
    try:
      _lock(descriptor, what, remedy)
      if _is_there(lock, descriptor):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _me(), 0)
        return descriptor
    except BaseException:
      os.close(descriptor)
      raise
    os.close(descriptor)  # Of a file that the holder before has removed.


def _lock(descriptor, what, remedy):
  end = time.monotonic() + _PATIENCE
  try:
    while True:
      try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
      except BlockingIOError:
        if time.monotonic() > end:
          break
        time.sleep(_PAUSE)
    if remedy:
      raise UserError(_in_use(what, _who(descriptor), remedy))
    logging.warning(
      '%s: in use by %s; waiting for its end', what, _who(descriptor)
    )
    fcntl.flock(descriptor, fcntl.LOCK_EX)
  except OSError as error:
    if error.errno not in _NO_LOCKS:
      raise
    logging.warning(
      '%s: its file system has no locks (%s): take care that no two commands '
      'write there at once',
      what,
      error.strerror,
    )


def _in_use(what, who, remedy):
  return f'{what}: in use by {who}; wait for its end, or {remedy}'


def _is_there(lock, descriptor):
  """Returns whether a path is still that of an opened file."""
  try:
    return os.path.samestat(os.stat(lock), os.fstat(descriptor))
  except FileNotFoundError:
    return False


def _me():
  """Returns what the file of a lock says."""
  command = pathlib.Path(sys.argv[0] if sys.argv else '').name
  return json.dumps(
    {
      'command': command or 'python',
      'process': os.getpid(),
      'host': socket.gethostname(),
      'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
  ).encode()


def _who(descriptor):
  """Returns the holder of a lock in words."""
  try:
    by = json.loads(os.pread(descriptor, 4096, 0))
    return (
      f'{by["command"]}, process {by["process"]} on {by["host"]} since '
      f'{by["since"]}'
    )
  except (ValueError, KeyError, TypeError):
    return 'another process'  # That has not yet said who it is.
