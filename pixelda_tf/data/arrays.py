"""Training batches from a user's arrays and data sets, without a builder."""

from typing import Any

import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS, door
from pixelda_tf.graph_errors import ToldDataset, require


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
  they differ else, both get the larger size and number of channels. Masks are
  bool, 0 and 1, or 0 and 255, with or without a channel. Arrays are shuffled
  anew every epoch; a `tf.data.Dataset` keeps its own order and is repeated.
  Arrays are checked here, the batches of a data set as they come: in a graph,
  as that of `fit`, by an assertion with the same line.

  Args:
    source: arrays (images, labels), a dict of arrays with `image`, `label` and
      maybe `mask` and `pose` (unit quaternions [n, 4]), or an unbatched
      `tf.data.Dataset` of such tuples or dicts.
    target: array of images, or any form that `source` may have; labels are
      dropped.
    batch_size: examples of each domain in a batch.
    seed: decides the order of arrays.
    n_classes: checks that labels are below it.

  Returns:
    Endless `tf.data.Dataset` of {'source': {'image', 'label'[, 'mask',
    'pose']}, 'target': {'image'}}, images float32 [batch_size, h, w, c] in
    [-1, 1], labels int32 [batch_size], mask float32 [batch_size, h, w, 1],
    pose float32 [batch_size, 4].

  Raises:
    UserError: for arrays, or a data set's elements, that do not fit this
      description; whoever iterates over what is returned gets one for a batch.
  """
  streams, unsigned = {}, {}
  for number, (role, data) in enumerate(
    {'source': source, 'target': target}.items()
  ):
    if isinstance(data, tf.data.Dataset):
      streams[role] = _repeated(role, data)
    else:
      arrays = _arrays(role, data, batch_size, n_classes)
      unsigned[role] = door.is_unsigned(arrays['image'])
      streams[role] = _shuffled(arrays, (seed, number))
  if len(unsigned) == 2:
    door.require_one_range(**unsigned)
  image_shape = _common_shape(streams)

  def prepare(step, batch):
    taken = {
      role: examples
      if role in unsigned
      else door.take(examples, n_classes, f'{role}: ')
      for role, examples in batch.items()
    }

    def require_one_range():
      found = {
        role: door.is_unsigned(examples['image'])
        for role, examples in taken.items()
      }
      door.require_one_range(**found | unsigned)

    if len(unsigned) < 2:
      # The first batch decides: later ones may be bright by chance.
      tf.cond(step == 0, require_one_range, lambda: None)
    return {
      role: fields.prepare(examples, image_shape)
      for role, examples in taken.items()
    }

  batches = tf.data.Dataset.zip(streams).batch(batch_size, drop_remainder=True)
  batches = batches.enumerate().map(
    tf.autograph.experimental.do_not_convert(prepare),
    num_parallel_calls=2,
    deterministic=True,
  )
  options = tf.data.Options()
  options.deterministic = True
  return ToldDataset(batches.with_options(options).prefetch(2))


def _named(role, data):
  """Returns those fields of a domain's data that methods learn from."""
  named = door.named(data, f'{role}: ')
  if role == 'target':
    return {'image': named['image']}
  if not any(FIELDS[name].relabel for name in named):
    raise UserError('source has images only: give (images, labels)')
  return named


def _repeated(role, data):
  """Returns an endless data set of dicts, their values as given."""
  named = data.map(
    tf.autograph.experimental.do_not_convert(
      lambda *parts: _named(role, parts[0] if len(parts) == 1 else parts)
    )
  )
  empty = f'{role}: the data set has no example: give one that has'
  if named.cardinality() == 0:
    raise UserError(empty)

  def fail(number):
    require(number < 0, empty)
    return tf.nest.map_structure(
      lambda spec: tf.zeros(
        [side or 0 for side in spec.shape] if spec.shape.rank else [],
        spec.dtype,
      ),
      named.element_spec,
    )

  # What comes after all repetitions is reached where there are none.
  return named.repeat().concatenate(tf.data.Dataset.range(1).map(fail))


def _arrays(role, data, batch_size, n_classes):
  """Returns tensors by field, in the form that `fields.prepare` takes."""
  arrays = door.take(_named(role, data), n_classes, f'{role}: ')
  count = len(arrays['image'])
  if count < batch_size:
    raise UserError(
      f'{role}: {count} examples, fewer than a batch; lower '
      f'batch_size ({batch_size})'
    )
  return arrays


def _shuffled(tensors, seed):
  """Returns an endless data set of examples, in another order each epoch."""
  count = len(tensors['image'])

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


def _common_shape(streams):
  """Returns the (height, width, channels) that both domains get."""
  shapes = {role: _image_shape(role, data) for role, data in streams.items()}
  channels = [shape[-1] for shape in shapes.values()]
  if 4 in channels and channels != [4, 4]:
    raise UserError(
      f'source has {channels[0]} channels, target {channels[1]}: give depth, '
      'the fourth channel, for both or for neither'
    )
  return tuple(max(sides) for sides in zip(*shapes.values(), strict=True))


def _image_shape(role, examples):
  """Returns (height, width, channels) of a data set's images."""
  shape = examples.element_spec['image'].shape
  if shape.rank not in (2, 3) or None in shape:
    raise UserError(
      f'{role}: images must be [height, width] or [height, width, channels] of '
      f'one known size, these are {shape}; a data set must not be batched'
    )
  shape = tuple(shape) if shape.rank == 3 else (*shape, 1)
  if shape[-1] not in (1, 3, 4):
    raise UserError(
      f'{role}: images of {shape[-1]} channels, must be 1, 3 or 4'
    )
  return shape
