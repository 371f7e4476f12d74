"""What the info of a stored data set tells of its examples."""

from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf import datasets
from pixelda_tf.datasets import names
from pixelda_tf.errors import UserError

# What TFDS raises on names and slices that it does not understand.
_SPLIT_ERRORS = (
  AssertionError,
  KeyError,
  NotImplementedError,
  TypeError,
  ValueError,
)


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


def split(info: tfds.core.DatasetInfo, name: str, split: str) -> Any:
  """Returns the TFDS `SplitInfo` of a split.

  Args:
    info: of the data set.
    name: of the data set.
    split: a TFDS split string, or a name that its builder gives to one.

  Raises:
    UserError: it has no such split.
  """
  builder = datasets.BUILDERS.get(name.partition('/')[0])
  named = builder.NAMED_SPLITS if builder else {}
  try:
    return info.splits[named.get(split, split)]
  except _SPLIT_ERRORS as error:
    stored = [
      f'{name} ({part.num_examples})' for name, part in info.splits.items()
    ]
    stored += [f'{name} ({part})' for name, part in named.items()]
    raise UserError(
      f'{name} has no split {split!r}; it has {", ".join(stored)}, and parts '
      'such as train[:80%]'
    ) from error
