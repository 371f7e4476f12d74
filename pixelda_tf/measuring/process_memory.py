"""How much memory this process has had."""

import resource
import sys


def peak() -> int:
  """Returns the most bytes that were resident at a time."""
  found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return found if sys.platform == 'darwin' else 1024 * found
