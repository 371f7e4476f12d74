"""What is wrong in a BOP set: raised, or counted and left out."""

import collections
import contextlib
import pathlib
from collections.abc import Iterator

from pixelda_tf.errors import UserError


class Fault(UserError):
  """A scene, frame or object is not as the format says.

  Attributes:
    reason: what the fault is counted as.
  """

  def __init__(self, reason: str, where: str | pathlib.Path, problem: str):
    """Says what is wrong, and what to do.

    Args:
      reason: as the attribute.
      where: file, frame and key.
      problem: what is there, and what was expected.
    """
    super().__init__(
      f'{where}: {problem}; correct it, or pass --skip_bad to leave it out'
    )
    self.reason = reason


class Faults:
  """Raises faults, or counts them.

  Attributes:
    counts: `Counter` of what was left out, by reason.
  """

  def __init__(self, skip: bool):
    """Starts at zero; `skip` is whether faults are counted, not raised."""
    self.counts: collections.Counter[str] = collections.Counter()
    self._skip = skip

  @contextlib.contextmanager
  def tolerated(self) -> Iterator[None]:
    """Leaves the block at a fault, which is counted where faults are."""
    try:
      yield
    except Fault as fault:
      if not self._skip:
        raise
      self.counts[fault.reason] += 1

  def __str__(self) -> str:
    """Returns the counts as text."""
    counted = [f'{n} {reason}' for reason, n in sorted(self.counts.items())]
    return ', '.join(counted) or 'nothing'
