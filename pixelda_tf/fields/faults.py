"""What is wrong with a user's arrays, field by field."""

import numpy as np

from pixelda_tf.fields import label_maps as maps


def images(values: np.ndarray, n_classes: int | None) -> str | None:
  """Images have to be uint8, or float in [-1, 1]."""
  del n_classes
  if values.dtype == np.uint8:
    return None
  low, high = values.min(), values.max()
  if np.issubdtype(values.dtype, np.floating) and -1 <= low <= high <= 1:
    return None
  return (
    f'images must be uint8, or float in [-1, 1]; these are {values.dtype} in '
    f'[{low}, {high}]'
  )


def labels(values: np.ndarray, n_classes: int | None) -> str | None:
  """Labels have to be integers of the classes."""
  if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
    return (
      f'labels must be integers [n], these are {values.dtype} '
      f'{list(values.shape)}'
    )
  limit = np.inf if n_classes is None else n_classes
  outside = (values < 0) | (values >= limit)
  if not outside.any():
    return None
  expected = '0 or more' if n_classes is None else f'in 0..{n_classes - 1}'
  return (
    f'label {values[outside][0]} of example {np.argmax(outside)} must be '
    f'{expected}'
  )


def poses(values: np.ndarray, n_classes: int | None) -> str | None:
  """Poses have to be unit quaternions."""
  del n_classes
  if values.ndim != 2 or values.shape[1] != 4 or values.dtype.kind != 'f':
    return (
      f'poses must be float [n, 4], these are {values.dtype} '
      f'{list(values.shape)}'
    )
  wrong = ~(np.abs(np.linalg.norm(values, axis=1) - 1) < 0.01)
  if not wrong.any():
    return None
  return (
    f'pose {values[wrong][0].tolist()} of example {np.argmax(wrong)} must be a '
    'unit quaternion'
  )


def label_maps(values: np.ndarray, n_classes: int | None) -> str | None:
  """Label maps have to be integers of the classes, or ignored."""
  if values.ndim != 4 or values.shape[3] != 1 or values.dtype.kind not in 'iu':
    return (
      'label maps must be integers [n, height, width, 1], these are '
      f'{values.dtype} {list(values.shape)}'
    )
  limit = maps.IGNORE if n_classes is None else n_classes
  outside = ((values < 0) | (values >= limit)) & (values != maps.IGNORE)
  if not outside.any():
    return None
  example = np.argmax(outside.any(axis=(1, 2, 3)))
  return (
    f'label {values[outside][0]} in the label map of example {example} must be '
    f'in 0..{limit - 1}, or {maps.IGNORE}'
  )
