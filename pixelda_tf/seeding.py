"""Random choices that depend on integers alone, the same on every platform."""

from collections.abc import Sequence

import numpy as np


def random_words(n: int, *key: int) -> np.ndarray:
  """Returns n random uint64 that depend on the integers of `key` alone.

  They come from numpy's `SeedSequence`, whose output is the same on every
  platform and in every version.
  """
  return np.random.SeedSequence(key).generate_state(n, np.uint64)


def random_crop(
  photos: Sequence[np.ndarray], size: int, *key: int
) -> np.ndarray:
  """Returns a random square of a random photo.

  Args:
    photos: sequence of uint8 [height, width, 3], each at least `size` a side.
    size: side of the square in pixels.
    *key: integers that decide the photo and the place.

  Returns:
    uint8 [size, size, 3].
  """
  which, top, left = (int(word) for word in random_words(3, *key))
  photo = photos[which % len(photos)]
  top %= photo.shape[0] - size + 1
  left %= photo.shape[1] - size + 1
  return photo[top : top + size, left : left + size]
