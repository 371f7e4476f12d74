"""Calls functions on the items of a data set, in this process."""

import contextlib

import tqdm


class Local:
  """Does what `beam.OnBeam` does, without Beam.

  Attributes:
    options: Beam's options: None, as there is no pipeline.
  """

  options = None

  def map(self, title, function, items):
    """Returns a list of what a function returns of each item."""
    return [function(item) for item in progress(title, items)]

  def examples(self, title, function, items):
    """Yields the (key, example) that a function returns of each item."""
    for item in progress(title, items):
      yield from function(item)

  def reporting_errors(self):
    """Returns a context that leaves errors as they are."""
    return contextlib.nullcontext()


LOCAL = Local()


def progress(title, items, total=None):
  """Returns the items behind a progress bar."""
  return tqdm.tqdm(
    items, desc=title, total=total, unit=' images', mininterval=0.5
  )
