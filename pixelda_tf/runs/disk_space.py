"""Whether a disk has room for the checkpoints that rows will leave."""

import math
import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

from pixelda_tf.errors import UserError

_UNITS = ('bytes', 'kB', 'MB', 'GB', 'TB')


class Need(NamedTuple):
  """Bytes that a row's checkpoints take beside those that are there.

  Attributes:
    most: while one is written.
    left: when the row is finished.
  """

  most: int
  left: int


def need(
  size: int, *, saved: Sequence[int], steps: int, every: int, keep: int | None
) -> Need:
  """Returns what a row's checkpoints need.

  Args:
    size: bytes of one.
    saved: steps of those that are there.
    steps: of the row.
    every: steps between checkpoints.
    keep: how many stay; None for all.
  """
  start = max(saved, default=0)
  coming = max(0, math.ceil((steps - start) / every))
  stay = len(saved) + coming
  if keep is None:
    return Need(size * coming, size * coming)
  # An older one goes when a newer one is whole.
  most, left = (max(0, min(stay, n) - len(saved)) for n in (keep + 1, keep))
  return Need(size * most, size * left)


def check(directory: str, needs: Sequence[Need]) -> None:
  """Checks that a disk has room for what rows need, one after the other.

  Args:
    directory: on the disk; it need not be there.
    needs: of the rows, in order.

  Raises:
    UserError: it has not.
  """
  left = [sum(need.left for need in needs[:n]) for n in range(len(needs))]
  most = max(
    (before + need.most for before, need in zip(left, needs, strict=True)),
    default=0,
  )
  free = shutil.disk_usage(_there(directory)).free
  if most > free:
    raise UserError(
      f'{directory}: checkpoints will take {_words(most)}, and {_words(free)} '
      'are free there: make room, or name another --run_dir'
    )


def _there(path):
  """Returns the innermost folder of a path that is there."""
  path = os.path.abspath(path)
  while not os.path.isdir(path):
    path = os.path.dirname(path)
  return path


def _words(count):
  """Returns bytes in words, of three digits."""
  power = min(int(math.log(max(count, 1), 1000)), len(_UNITS) - 1)
  return f'{count / 1000**power:.3g} {_UNITS[power]}'
