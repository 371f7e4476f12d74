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


def _classes(predicted):
  predicted = np.asarray(predicted)
  return predicted.argmax(axis=-1) if predicted.ndim > 1 else predicted
