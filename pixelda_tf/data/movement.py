"""Random moves of training batches: an image and its maps alike.

Each is a function of (batch, seed), see `augmentation`. What comes in from
outside is black, unless told otherwise, and of no class: 255 in label maps.
"""

import math

import gin
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS

Batch = dict[str, tf.Tensor]


@gin.register
class Move:
  """Shifts, rotates and zooms each image, and its maps and pose with it.

  A rotation of the image is one of the object about the optical axis; the
  others leave the pose as it is.

  Attributes:
    shift: greatest one along each axis, as a fraction of its length.
    rotation: greatest angle to either side, in degrees.
    zoom: least and greatest factor by which the image's content grows.
    fill: image value of what comes in from outside, in [-1, 1]; depth is 1
      there, which is far.
  """

  def __init__(
    self,
    *,
    shift: float = 0.1,
    rotation: float = 10.0,
    zoom: tuple[float, float] = (1.0, 1.0),
    fill: float = -1.0,
  ):
    """See the attributes.

    Raises:
      UserError: the factors are not positive and in order.
    """
    self.shift = shift
    self.rotation = rotation
    self.zoom = _in_order('Move.zoom', zoom)
    self.fill = fill

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with all maps moved alike, and the pose turned."""
    images = batch['image']
    n, height, width = tf.unstack(tf.shape(images)[:3])
    draws = tf.random.stateless_uniform([4, n], seed, minval=-1.0, maxval=1.0)
    angles = draws[0] * math.radians(self.rotation)
    shift_y = draws[1] * self.shift * tf.cast(height, tf.float32)
    shift_x = draws[2] * self.shift * tf.cast(width, tf.float32)
    least, greatest = self.zoom
    zoom = least + (greatest - least) * (draws[3] + 1.0) / 2.0
    transforms = move_transforms(angles, shift_y, shift_x, zoom, height, width)
    return fields.warp(batch, transforms, angles, image_fill=self.fill)


@gin.register
class Scale:
  """Makes each image larger or smaller by a factor, its maps with it.

  The size stays: of a larger image a part is seen, drawn at random; a smaller
  one stands somewhere, drawn at random, on the fill. A crop comes after it.

  Attributes:
    factors: least and greatest; drawn uniformly between them.
    fill: image value of what comes in from outside, in [-1, 1].
  """

  def __init__(
    self, *, factors: tuple[float, float] = (0.5, 2.0), fill: float = -1.0
  ):
    """See the attributes.

    Raises:
      UserError: the factors are not positive and in order.
    """
    self.factors = _in_order('Scale.factors', factors)
    self.fill = fill

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with all maps scaled alike."""
    n, height, width = tf.unstack(tf.shape(batch['image'])[:3])
    draws = tf.random.stateless_uniform([3, n], seed)
    least, greatest = self.factors
    factors = least + (greatest - least) * draws[0]
    # So far from the middle that a larger image covers all, or all of a smaller
    # one is seen.
    room = tf.abs(factors - 1.0)
    shift_y = (draws[1] - 0.5) * room * tf.cast(height - 1, tf.float32)
    shift_x = (draws[2] - 0.5) * room * tf.cast(width - 1, tf.float32)
    angles = tf.zeros([n])
    transforms = move_transforms(
      angles, shift_y, shift_x, factors, height, width
    )
    return fields.warp(batch, transforms, angles, image_fill=self.fill)


@gin.register
class Proportions:
  """Gives images that were brought to another shape their proportions back.

  They and their maps are stretched along one side; the size stays, so that a
  part is seen, drawn at random. With images of 1280x760 and `Pair.image_size`
  (512, 1024) that is a resize to a width of 1024, and a crop of 1024x512.

  Attributes:
    height, width: of the images as they were, in pixels or any other unit.
  """

  def __init__(self, *, height: int, width: int):
    """See the attributes.

    Raises:
      UserError: they are not positive.
    """
    if not (height > 0 and width > 0):
      raise UserError(
        f'Proportions.height, Proportions.width are {height!r}, {width!r}: '
        'those of the images as they were are needed'
      )
    self.height = height
    self.width = width

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with all maps stretched alike."""
    n, rows, columns = tf.unstack(tf.shape(batch['image'])[:3])
    draws = tf.random.stateless_uniform([2, n], seed, minval=-0.5, maxval=0.5)
    rows, columns = tf.cast(rows, tf.float32), tf.cast(columns, tf.float32)
    factor = self.height / self.width * columns / rows
    factors = tf.maximum(factor, 1.0), tf.maximum(1.0 / factor, 1.0)
    zeros, ones = tf.zeros([n]), tf.ones([n])
    scales, offsets = [], []
    for side, factor, draw in zip(
      (rows, columns), factors, tf.unstack(draws), strict=True
    ):
      centre = (side - 1.0) / 2.0
      shift = draw * (factor - 1.0) * (side - 1.0)
      scales.append(ones / factor)
      offsets.append(centre - (centre + shift) / factor)
    transforms = tf.stack(
      [
        *(scales[1], zeros, offsets[1]),
        *(zeros, scales[0], offsets[0]),
        *(zeros, zeros),
      ],
      axis=1,
    )
    return fields.warp(batch, transforms, zeros, image_fill=-1.0)


@gin.register
class Flip:
  """Mirrors half of the images, left to right, and their maps with them."""

  def __call__(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns the batch with some images and maps mirrored.

    Raises:
      UserError: the batch has a pose, which has no mirror image.
    """
    turning = [name for name in batch if FIELDS[name].turn is not None]
    if turning:
      raise UserError(
        f'Flip: {FIELDS[turning[0]].noun} have no mirror image; leave Flip out '
        'of the augmentation'
      )
    n = tf.shape(batch['image'])[0]
    flipped = tf.random.stateless_uniform([n], seed) < 0.5
    return fields.mirror(batch, flipped)


def move_transforms(
  angles: tf.Tensor,
  shift_y: tf.Tensor,
  shift_x: tf.Tensor,
  zoom: tf.Tensor,
  height: tf.Tensor | int,
  width: tf.Tensor | int,
) -> tf.Tensor:
  """Returns projective transforms: turn and zoom about the centre, then shift.

  Args:
    angles: float32 [n], radians, counterclockwise as seen.
    shift_y: float32 [n], pixels, downwards.
    shift_x: float32 [n], pixels, to the right.
    zoom: float32 [n], above 1 enlarges.
    height: of the images.
    width: of the images.

  Returns:
    float32 [n, 8] that map an output pixel (x, y) to the input's, as
    `addons.transform_images` takes them.
  """
  cos, sin = tf.cos(angles) / zoom, tf.sin(angles) / zoom
  centre_x = (tf.cast(width, tf.float32) - 1.0) / 2.0
  centre_y = (tf.cast(height, tf.float32) - 1.0) / 2.0
  from_x, from_y = centre_x + shift_x, centre_y + shift_y
  zeros = tf.zeros_like(angles)
  return tf.stack(
    [
      cos,
      -sin,
      centre_x - cos * from_x + sin * from_y,
      sin,
      cos,
      centre_y - sin * from_x - cos * from_y,
      zeros,
      zeros,
    ],
    axis=1,
  )


def _in_order(parameter, factors):
  """Returns (least, greatest), or raises a `UserError`."""
  if not 0 < factors[0] <= factors[1]:
    raise UserError(
      f'{parameter} is {factors}: the least and the greatest factor are needed'
    )
  return factors
