"""How much memory this process has had."""

import resource
import sys


def peak() -> int:
  """Returns the most bytes that were resident at a time."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else 1024 * peak
