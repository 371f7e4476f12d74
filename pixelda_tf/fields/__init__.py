"""What an example is made of: each field is declared once, here.

Whoever reads, prepares, moves, stores or checks examples asks `FIELDS`; a new
field is one more entry.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf import addons
from pixelda_tf.fields import forms, images, label_maps, poses

Shape = images.Shape


class Field(NamedTuple):
  """What there is to know about a field of an example.

  Attributes:
    noun: what messages call it, plural.
    remedy: what to do where it is missing.
    feature: function of (height, width, channels) of the image and the names of
      the classes to how TFDS stores it.
    prepare: function of stored values, one or a batch of them, and the image's
      shape wanted, to what networks take. It takes what it returns, too.
    store: the way back, for a batch of numpy arrays.
    take: function of a user's values `[n, ...]`, the number of classes, None
      where it is not known, and what messages begin with, to values that
      `prepare` takes; it refuses others, see `forms`.
    relabel: function of prepared values and int `[n]`, the new label of each
      label, -1 for none, to values with the new labels; None where the field
      has no labels.
    interpolation: how a map of pixels is resized and moved, 'bilinear' or
      'nearest'; None where the field is no map.
    fill: value of what comes in from outside a map.
    turn: function of values `[n, ...]` and angles `[n]`, radians, to the values
      of images that were turned so, counterclockwise as seen; None where a turn
      changes nothing.
    prepared_by: what `prepare_data` makes a user's own data with it by.
  """

  noun: str
  remedy: str
  feature: Callable[[Shape, Sequence[str]], tfds.features.FeatureConnector]
  prepare: Callable[[tf.Tensor, Shape], tf.Tensor]
  store: Callable[[np.ndarray], np.ndarray]
  take: Callable[[tf.Tensor, int | None, str], tf.Tensor]
  relabel: Callable[[tf.Tensor, Sequence[int]], tf.Tensor] | None = None
  interpolation: str | None = None
  fill: float | None = None
  turn: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None
  prepared_by: str = 'images'


FIELDS: dict[str, Field] = {
  # float32 [h, w, c] in [-1, 1]: 1 grey, 3 RGB, 4 RGB and depth.
  'image': Field(
    noun='images',
    remedy='give an array or a dict with image',
    feature=lambda shape, _: tfds.features.Image(
      shape=shape, encoding_format='png'
    ),
    prepare=images.prepare,
    store=lambda values: images.to_uint8(values).numpy(),
    take=forms.images,
    interpolation='bilinear',
    fill=-1.0,
  ),
  # int32 [] in [0, n_classes).
  'label': Field(
    noun='labels',
    remedy='prepare it from one folder a class, or from a CSV with a column '
    'label; of label maps learn Experiment.problem = @Segmentation()',
    feature=lambda _, class_names: tfds.features.ClassLabel(
      names=list(class_names)
    ),
    prepare=lambda values, _: tf.cast(values, tf.int32),
    store=lambda values: values,
    take=forms.labels,
    relabel=lambda values, new: tf.gather(tf.constant(new), values),
  ),
  # float32 [h, w, 1] of 0 and 1, which is the object; stored as 0 and 255.
  'mask': Field(
    noun='masks',
    remedy='prepare the data with masks',
    feature=lambda shape, _: tfds.features.Image(
      shape=(*shape[:2], 1), encoding_format='png'
    ),
    prepare=lambda values, shape: images.resize(
      tf.cast(tf.cast(values, tf.float32) > 0, tf.float32),
      shape[:2],
      'nearest',
    ),
    store=lambda values: (255 * values).astype(np.uint8),
    take=forms.masks,
    interpolation='nearest',
    fill=0.0,
  ),
  # float32 [4], a unit quaternion (w, x, y, z), w >= 0: model to camera, OpenCV
  # axes.
  'pose': Field(
    noun='poses',
    remedy='prepare the data with poses, or learn the class alone: '
    'Experiment.problem = @Classification()',
    feature=lambda *_: tfds.features.Tensor(shape=(4,), dtype=np.float32),
    prepare=lambda values, _: tf.cast(values, tf.float32),
    store=lambda values: values,
    take=forms.poses,
    turn=poses.turn,
    prepared_by='bop',
  ),
  # int32 [h, w, 1], the class of each pixel, or `label_maps.IGNORE`.
  'segmentation': Field(
    noun='label maps',
    remedy='prepare the data with a label map for each image',
    feature=lambda shape, class_names: tfds.features.LabeledImage(
      labels=list(class_names),
      shape=(*shape[:2], 1),
      encoding_format='png',
    ),
    prepare=lambda values, shape: images.resize(
      tf.cast(values, tf.int32), shape[:2], 'nearest'
    ),
    store=lambda values: values.astype(np.uint8),
    take=forms.label_maps,
    relabel=label_maps.relabel,
    interpolation='nearest',
    fill=label_maps.IGNORE,
    prepared_by='segmentation',
  ),
}

# What comes in from outside in an image's fourth channel: depth 1 is far.
_FAR = 1.0


@tf.autograph.experimental.do_not_convert
def labels(names: Iterable[str]) -> list[str]:
  """Returns those fields that are a label of a whole example, not of pixels."""
  return [
    name
    for name in names
    if FIELDS[name].relabel is not None and FIELDS[name].fill is None
  ]


def prepare(
  example: Mapping[str, tf.Tensor], image_shape: Shape
) -> dict[str, tf.Tensor]:
  """Converts a stored example, or a batch of them, to what networks take.

  Args:
    example: dict of fields.
    image_shape: (height, width, channels) wanted.
  """
  return {
    name: FIELDS[name].prepare(values, image_shape)
    for name, values in example.items()
  }


def map_size(batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
  """Returns int32 (height, width) of a batch's maps beside its images.

  That of the images where there are none.
  """
  maps = [
    name
    for name in sorted(batch, key='image'.__eq__)
    if FIELDS[name].interpolation is not None
  ]
  return tf.shape(batch[maps[0]])[1:3]


def pad(example: Mapping[str, tf.Tensor], margin: int) -> dict[str, tf.Tensor]:
  """Adds what comes in from outside around each map of a stored example.

  Args:
    example: dict of fields, one example.
    margin: pixels on each side.
  """
  padded = dict(example)
  paddings = [[margin, margin], [margin, margin], [0, 0]]
  for name, values in example.items():
    field = FIELDS[name]
    if field.fill is None:
      continue
    parts = [(values[..., :3], field.fill)]
    if values.shape[-1] == 4:
      parts.append((values[..., 3:], _FAR))
    padded[name] = tf.concat(
      [
        tf.pad(part, paddings, constant_values=_stored(field, fill))
        for part, fill in parts
      ],
      axis=-1,
    )
  return padded


def _stored(field, fill):
  with tf.init_scope():  # Eagerly, also where a pipeline is traced.
    return field.store(np.array([fill], np.float32))[0]


@tf.autograph.experimental.do_not_convert
def warp(
  batch: Mapping[str, tf.Tensor],
  transforms: tf.Tensor,
  angles: tf.Tensor,
  image_fill: float,
) -> dict[str, tf.Tensor]:
  """Moves all maps of a prepared batch alike, and turns what turns with them.

  Args:
    batch: dict of fields.
    transforms: float32 `[n, 8]`, see `addons.transform_images`.
    angles: float32 `[n]`, radians, by which the images are turned in them,
      counterclockwise as seen.
    image_fill: value of what comes in, in place of the image's `fill`.
  """
  warped = dict(batch)
  for name, values in batch.items():
    field = FIELDS[name]
    if field.interpolation is not None:
      fill = image_fill if name == 'image' else field.fill
      warped[name] = _warp_map(values, transforms, field.interpolation, fill)
    elif field.turn is not None:
      warped[name] = field.turn(values, angles)
  return warped


def _warp_map(values, transforms, interpolation, fill):
  has_channels = values.shape.rank == 4
  values = values if has_channels else values[..., tf.newaxis]
  parts = [(values[..., :3], fill)]
  if values.shape[-1] == 4:
    parts.append((values[..., 3:], _FAR))
  values = tf.concat(
    [
      addons.transform_images(
        part, transforms, interpolation=interpolation, fill_value=fill
      )
      for part, fill in parts
    ],
    axis=-1,
  )
  return values if has_channels else values[..., 0]


def mirror(
  batch: Mapping[str, tf.Tensor], flipped: tf.Tensor
) -> dict[str, tf.Tensor]:
  """Mirrors all maps of some examples of a prepared batch, left to right.

  Args:
    batch: dict of fields.
    flipped: bool `[n]`, of which examples.
  """
  mirrored = dict(batch)
  for name, values in batch.items():
    if FIELDS[name].interpolation is not None:
      which = tf.reshape(flipped, [-1] + [1] * (values.shape.rank - 1))
      mirrored[name] = tf.where(which, tf.reverse(values, [2]), values)
  return mirrored


@tf.autograph.experimental.do_not_convert
def crop(
  batch: Mapping[str, tf.Tensor], size: tuple[int, int], seed: tf.Tensor
) -> dict[str, tf.Tensor]:
  """Cuts a random part out of each image of a batch, alike for all maps.

  Args:
    batch: dict of prepared fields.
    size: (height, width) of the parts, at most that of the images.
    seed: int `[2]`.
  """
  height, width = size
  n, full_height, full_width = tf.unstack(tf.shape(batch['image'])[:3])
  draws = tf.random.stateless_uniform([2, n], seed)
  space = tf.stack([full_height - height + 1, full_width - width + 1])
  corners = tf.cast(draws * tf.cast(space, tf.float32)[:, None], tf.int32)

  rows = corners[0][:, None] + tf.range(height)
  columns = corners[1][:, None] + tf.range(width)
  cropped = dict(batch)
  for name, values in batch.items():
    if FIELDS[name].interpolation is not None:
      values = tf.gather(values, rows, axis=1, batch_dims=1)
      cropped[name] = tf.gather(values, columns, axis=2, batch_dims=1)
  return cropped
