"""Metrics as pure functions of numpy arrays."""

import numpy as np
from numpy.typing import ArrayLike


def rotation_error_degrees(true: ArrayLike, predicted: ArrayLike) -> np.ndarray:
  """Returns the angle between poses (PixelDA, Table 2): 2 acos(|<q, q^>|).

  It is computed as 4 asin(|q - q^| / 2), with the nearer of q^ and -q^: the
  same, but small angles are not lost to rounding, and equal poses give exactly
  0. (The released code's metric reads 1.62 degrees for equal poses.)

  Args:
    true: float `[..., 4]`, quaternions of length 1 but for rounding.
    predicted: the same; q and -q are the same pose.

  Returns:
    float64 `[...]`, degrees in [0, 180].

  Raises:
    ValueError: a quaternion is not of length 1 (1 % off), or not finite.
  """
  true, predicted = _unit(true), _unit(predicted)
  chord = np.minimum(
    np.linalg.norm(true - predicted, axis=-1),
    np.linalg.norm(true + predicted, axis=-1),
  )
  # NumPy's rounding of half a turn differs between releases.
  return np.minimum(np.degrees(4 * np.arcsin(chord / 2)), 180.0)


def confusion(true: np.ndarray, predicted: np.ndarray, n: int) -> np.ndarray:
  """Counts pairs of labels.

  Args:
    true: int `[...]` in [0, n).
    predicted: the same.
    n: number of classes.

  Returns:
    int64 `[n, n]`: row true, column predicted.
  """
  # scikit-learn's takes ten times as long, which counts for maps of pixels.
  pairs = n * true.astype(np.int64) + predicted
  return np.bincount(pairs.ravel(), minlength=n * n).reshape(n, n)


def _unit(quaternions):
  quaternions = np.asarray(quaternions, np.float64)
  norms = np.linalg.norm(quaternions, axis=-1, keepdims=True)
  if not np.all(np.abs(norms - 1) < 0.01):
    raise ValueError('quaternions must have length 1')
  return quaternions / norms
