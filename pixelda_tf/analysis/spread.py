"""How much images differ from each other: what needs no labels."""

import numpy as np


def of_colours(images: np.ndarray) -> float:
  """Returns the standard deviation of images' mean colours.

  A translator that gives every image the same background has a spread far below
  the target's.

  Args:
    images: float `[n, height, width, channels]` in [-1, 1].

  Returns:
    Root of the variance over the images, averaged over the channels.
  """
  colours = np.mean(images, axis=(1, 2), dtype=np.float64)
  return float(np.sqrt(colours.var(axis=0).mean()))
