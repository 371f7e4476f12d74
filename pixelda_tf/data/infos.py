"""What the info of a stored data set tells of its examples."""

from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets import names
from pixelda_tf.errors import UserError


def image_shape(
  info: tfds.core.DatasetInfo, padding: int
) -> tuple[int, int, int]:
  """Returns (height, width, channels) of all images, padded.

  Args:
    info: of the data set.
    padding: pixels added to each side.

  Raises:
    UserError: it has no images of one size.
  """
  features = info.features
  if 'image' not in features or None in features['image'].shape:
    raise UserError(
      f'{info.full_name}: its features are no images of one size: {features!r}'
    )
  height, width, channels = features['image'].shape
  return height + 2 * padding, width + 2 * padding, channels


def class_names(info: tfds.core.DatasetInfo) -> Any:
  """Returns the names that the labels have, whichever field holds them.

  That is a tuple, in NFC, or None without labels.
  """
  for feature in info.features.values():
    if getattr(feature, 'names', None):
      return tuple(names.nfc(feature.names))
  return None
