"""Metrics as pure functions of numpy arrays."""

import numpy as np


def accuracy(labels, predicted):
  """Returns the share of right answers in [0, 1].

  Args:
    labels: int `[n]`.
    predicted: int `[n]` classes, or float `[n, n_classes]` scores of which the
      highest counts.
  """
  return float(np.mean(np.asarray(labels) == _classes(predicted)))


def confusion_matrix(labels, predicted, n_classes):
  """Returns int64 `[n_classes, n_classes]` counts: row true, column predicted.

  Args:
    labels: int `[n]` in [0, n_classes).
    predicted: as `accuracy`.
    n_classes: number of classes.
  """
  matrix = np.zeros((n_classes, n_classes), np.int64)
  np.add.at(matrix, (np.asarray(labels), _classes(predicted)), 1)
  return matrix


def per_class_accuracy(labels, predicted, n_classes):
  """Returns float `[n_classes]`; nan for a class without examples."""
  matrix = confusion_matrix(labels, predicted, n_classes)
  counts = matrix.sum(axis=1)
  with np.errstate(invalid='ignore'):
    return np.diagonal(matrix) / counts


def rotation_error_degrees(true, predicted):
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


def _unit(quaternions):
  quaternions = np.asarray(quaternions, np.float64)
  norms = np.linalg.norm(quaternions, axis=-1, keepdims=True)
  if not np.all(np.abs(norms - 1) < 0.01):
    raise ValueError('quaternions must have length 1')
  return quaternions / norms


def _classes(predicted):
  predicted = np.asarray(predicted)
  return predicted.argmax(axis=-1) if predicted.ndim > 1 else predicted
