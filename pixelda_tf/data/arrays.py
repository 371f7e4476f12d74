"""Training batches from a user's arrays and data sets, without a builder."""

from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS


def pair(
  source: Any,
  target: Any,
  *,
  batch_size: int = 32,
  seed: int = 0,
  n_classes: int | None = None,
) -> tf.data.Dataset:
  """Pairs labelled source images with unlabelled target images.

  Images are [height, width] or [height, width, 1, 3 or 4]: uint8, or float in
  [-1, 1]. A fourth channel is depth, which both domains have or neither. Where
  they differ else, both get the larger size and number of channels. Arrays are
  shuffled anew every epoch; a `tf.data.Dataset` keeps its own order and is
  repeated.

  Args:
    source: arrays (images, labels), a dict of arrays with `image`, `label` and
      maybe `mask` and `pose` (unit quaternions [n, 4]), or an unbatched
      `tf.data.Dataset` of such tuples or dicts.
    target: array of images, or any form that `source` may have; labels are
      dropped.
    batch_size: examples of each domain in a batch.
    seed: decides the order of arrays.
    n_classes: checks that labels are below it, where labels are an array.

  Returns:
    Endless `tf.data.Dataset` of {'source': {'image', 'label'[, 'mask',
    'pose']}, 'target': {'image'}}, images float32 [batch_size, h, w, c] in
    [-1, 1], labels int32 [batch_size], mask float32 [batch_size, h, w, 1],
    pose float32 [batch_size, 4].

  Raises:
    UserError: for arrays that do not fit this description.
  """
  source = _examples('source', source, batch_size, (seed, 0), n_classes)
  if not any(FIELDS[name].relabel for name in source.element_spec):
    raise UserError('source has images only: give (images, labels)')
  target = _examples('target', target, batch_size, (seed, 1), None)
  shapes = [
    _image_shape(name, d)
    for name, d in (('source', source), ('target', target))
  ]
  image_shape = tuple(max(sides) for sides in zip(*shapes, strict=True))
  channels = [shape[-1] for shape in shapes]
  if 4 in channels and channels != [4, 4]:
    raise UserError(
      f'source has {channels[0]} channels, target {channels[1]}: give depth, '
      'the fourth channel, for both or for neither'
    )
  batches = tf.data.Dataset.zip(
    {
      'source': source,
      'target': target.map(lambda example: {'image': example['image']}),
    }
  ).batch(batch_size, drop_remainder=True)
  batches = batches.map(
    lambda batch: {
      name: _prepare(examples, image_shape) for name, examples in batch.items()
    },
    num_parallel_calls=2,
    deterministic=True,
  )
  options = tf.data.Options()
  options.deterministic = True
  return batches.with_options(options).prefetch(2)


def _examples(name, data, batch_size, seed, n_classes):
  """Returns an endless data set of dicts, their values as given."""
  if isinstance(data, tf.data.Dataset):
    return data.map(_as_dict).repeat()
  arrays = {key: np.asarray(array) for key, array in _as_dict(data).items()}
  _check_arrays(name, arrays, batch_size, n_classes)
  return _shuffled(arrays, seed)


def _as_dict(*data):
  """Returns a dict of what a user gave as a dict, a tuple or images alone."""
  data = data[0] if len(data) == 1 else data
  if isinstance(data, dict):
    return {key: data[key] for key in FIELDS if key in data}
  if isinstance(data, (tuple, list)):
    return dict(zip(('image', 'label'), data, strict=False))
  return {'image': data}


def _shuffled(arrays, seed):
  count = len(arrays['image'])
  tensors = {key: tf.constant(array) for key, array in arrays.items()}

  def example_at(position):
    epoch_seed = tf.random.experimental.stateless_fold_in(
      tf.constant(seed, tf.int64), position // count
    )
    index = tf.random.experimental.index_shuffle(
      position % count, epoch_seed, count - 1
    )
    return {key: tf.gather(tensor, index) for key, tensor in tensors.items()}

  return tf.data.Dataset.counter().map(
    example_at, num_parallel_calls=2, deterministic=True
  )


def _check_arrays(name, arrays, batch_size, n_classes):
  counts = {key: len(array) for key, array in arrays.items()}
  if 'image' not in counts:
    raise UserError(f'{name}: no images: give an array or a dict with image')
  if len(set(counts.values())) != 1:
    raise UserError(f'{name}: arrays of different lengths: {counts}')
  if counts['image'] < batch_size:
    raise UserError(
      f'{name}: {counts["image"]} examples, fewer than a batch; lower '
      f'batch_size ({batch_size})'
    )
  for key, array in arrays.items():
    fault = FIELDS[key].fault(array, n_classes)
    if fault:
      raise UserError(f'{name}: {fault}')


def _image_shape(name, examples):
  """Returns (height, width, channels) of a data set's images."""
  shape = examples.element_spec['image'].shape
  if shape.rank not in (2, 3) or None in shape:
    raise UserError(
      f'{name}: images must be [height, width] or [height, width, channels] of '
      f'one known size, these are {shape}; a data set must not be batched'
    )
  shape = tuple(shape) if shape.rank == 3 else (*shape, 1)
  if shape[-1] not in (1, 3, 4):
    raise UserError(
      f'{name}: images of {shape[-1]} channels, must be 1, 3 or 4'
    )
  return shape


def _prepare(batch, image_shape):
  """Converts a batch of examples to what networks take."""
  if batch['image'].shape.rank == 3:
    batch = batch | {'image': batch['image'][..., tf.newaxis]}
  return fields.prepare(batch, image_shape)
