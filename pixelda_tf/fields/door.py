"""The one way in for what users have: arrays and batches of data sets.

What is in memory is checked at once, whole; what comes batch by batch is
checked as it comes, see `graph_errors`.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS
from pixelda_tf.graph_errors import require

_TO_SIGNED = 'write 2 * images - 1, or give uint8 in [0, 255]'


def named(data: Any, where: str = '') -> dict[str, Any]:
  """Returns a dict of fields of what a user gave as a dict, a tuple or images.

  Args:
    data: images, (images, labels), or a dict of fields and what else there is.
    where: what messages begin with.

  Raises:
    UserError: it has no images, or what looks like a field and is none.
  """
  if isinstance(data, (tuple, list)):
    if len(data) not in (1, 2):
      raise UserError(
        f'{where}an array of images, (images, labels) or a dict with '
        f'{", ".join(FIELDS)} are expected, these are {len(data)} parts'
      )
    return dict(zip(('image', 'label'), data, strict=False))
  if not isinstance(data, Mapping):
    return {'image': data}
  for key in data:
    name = str(key).lower().removesuffix('s')
    if key not in FIELDS and name in FIELDS and name not in data:
      raise UserError(f'{where}the key {key!r} is unknown: name it {name!r}')
  if 'image' not in data:
    raise UserError(
      f'{where}no images: give an array or a dict with image; the keys here '
      f'are {", ".join(map(str, data))}'
    )
  return {key: data[key] for key in FIELDS if key in data}


def take(
  data: Mapping[str, Any], n_classes: int | None = None, where: str = ''
) -> dict[str, tf.Tensor]:
  """Returns a batch, or arrays, in the form that `fields.prepare` takes.

  Args:
    data: `[n, ...]` by field, as of `named`: arrays, what can be made arrays
      of, or a graph's tensors.
    n_classes: None where it is not known.
    where: what messages begin with.

  Raises:
    UserError: they are of different lengths, or cannot be brought to the form.
  """
  with tf.device('CPU:0'):  # Where arrays are.
    tensors = {
      name: _tensor(values, FIELDS[name].noun, where)
      for name, values in data.items()
    }
    taken = {
      name: FIELDS[name].take(values, n_classes, where)
      for name, values in tensors.items()
    }
  counts = {name: values.shape[0] for name, values in taken.items()}
  if len(set(counts.values()) - {None}) > 1:
    raise UserError(f'{where}arrays of different lengths: {counts}')
  return taken


def is_unsigned(images: tf.Tensor) -> bool | tf.Tensor:
  """Returns whether images that `take` took look like float in [0, 1].

  A bool, but for float images in a graph.
  """
  if images.dtype == tf.uint8:
    return False
  unsigned = tf.reduce_all(images >= 0)
  return unsigned if tf.is_symbolic_tensor(unsigned) else bool(unsigned)


def require_one_range(
  source: bool | tf.Tensor, target: bool | tf.Tensor
) -> None:
  """Refuses [0, 1] beside another range, and warns where both are so.

  Args:
    source: `is_unsigned` of the source's images.
    target: that of the target's.
  """
  for one, is_one, other, is_other in (
    ('source', source, 'target', target),
    ('target', target, 'source', source),
  ):
    if is_one is not False and is_other is not True:
      require(
        tf.logical_or(tf.logical_not(is_one), is_other),
        f'{one}: images are float in [0, 1], those of the {other} in [-1, 1] '
        f'or uint8: {_TO_SIGNED}',
      )
  if source is not False and target is not False:
    _warn_if(tf.logical_and(source, target))


def warn_of_unsigned(
  images: tf.Tensor, is_first: bool | tf.Tensor = True
) -> None:
  """Warns of the first batch's images where they look like float in [0, 1].

  Args:
    images: that `take` took.
    is_first: whether this is the first batch.
  """
  if images.dtype == tf.uint8:
    return
  if tf.is_symbolic_tensor(images):
    tf.cond(is_first, lambda: _warn_if(is_unsigned(images)), lambda: None)
  elif is_first:
    _warn_if(is_unsigned(images))


def _warn_if(unsigned):
  def warn():
    warnings.warn(
      f'images are float in [0, 1], networks take [-1, 1]: {_TO_SIGNED}',
      stacklevel=2,
    )
    return np.bool_(True)

  if tf.is_tensor(unsigned) and tf.is_symbolic_tensor(unsigned):
    tf.cond(
      unsigned,
      lambda: tf.numpy_function(warn, [], tf.bool),
      lambda: tf.constant(True),
    )
  elif unsigned:
    warn()


def _tensor(array, noun, where):
  """Returns an array as a tensor."""
  try:
    tensor = tf.convert_to_tensor(array)
  except (TypeError, ValueError) as error:
    raise UserError(
      f'{where}{noun} must be numbers, in an array of one shape, these are '
      f'{type(array).__name__} of {getattr(array, "dtype", "no such")}'
    ) from error
  if tensor.shape.rank == 0:
    raise UserError(
      f'{where}{noun} must be [n, ...], this is one value: a data set must be '
      'batched'
    )
  if tensor.shape[0] == 0:
    raise UserError(f'{where}there are no {noun}: give some')
  return tensor
