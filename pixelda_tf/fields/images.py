"""Stored uint8 images to the networks' float32 images, and back.

The training pipeline and the exported model both call `prepare_images`, so
that they cannot differ.
"""

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

Shape: TypeAlias = tuple[int | None, int | None, int]
# Of the images that are in memory, or go through a network, at once.
_PIXELS = 1 << 22


def at_once(image_shape: Sequence[int], most: int = 256) -> int:
  """Returns how many images of a shape are handled at once."""
  height, width, _ = image_shape
  return max(1, min(most, _PIXELS // (height * width)))


def in_memory(image_shape: Sequence[int], most: int) -> int:
  """Returns how many images of a shape are kept in memory together.

  Of RGB images these are 0.4 GB at most.
  """
  return min(most, 8 * at_once(image_shape, most))


def prepare(values: tf.Tensor, image_shape: Shape) -> tf.Tensor:
  """Returns `prepare_images` of stored images, others in the shape wanted."""
  if values.dtype == tf.uint8:
    return prepare_images(values, image_shape=image_shape)
  return match_shape(tf.cast(values, tf.float32), image_shape)


def prepare_images(images: tf.Tensor, *, image_shape: Shape) -> tf.Tensor:
  """Converts images to the shape and range that networks take.

  Grey becomes RGB by repetition, RGB becomes grey by luma. A fourth channel is
  depth (`depth.normalize`): it is left out where RGB or grey is wanted, and
  cannot be made up where it is missing. Another size is reached by bilinear
  interpolation.

  Args:
    images: uint8 [..., height, width, 1, 3 or 4]; sizes may be unknown when
      traced.
    image_shape: (height, width, channels) wanted, channels 1, 3 or 4; see
      `resize`.

  Returns:
    float32 [..., *image_shape] in [-1, 1].
  """
  images = match_shape(tf.cast(images, tf.float32), image_shape)
  return images / 127.5 - 1.0


def match_shape(images: tf.Tensor, image_shape: Shape) -> tf.Tensor:
  """Converts float images [..., height, width, channels] to another shape."""
  images = _match_channels(images, image_shape[-1])
  images = resize(images, image_shape[:2])
  return tf.ensure_shape(images, [*images.shape[:-3], *image_shape])


def resize(
  images: tf.Tensor,
  size: tuple[int | None, int | None],
  method: str = 'bilinear',
) -> tf.Tensor:
  """Resizes [..., height, width, channels] to `size`, (height, width).

  Where a side of the size is None, they keep theirs.
  """
  if None in size or images.shape[-3:-1] == tuple(size):
    return images
  return tf.image.resize(images, size, method=method, antialias=False)


def to_uint8(images: tf.Tensor) -> tf.Tensor:
  """Converts images in [-1, 1] to uint8: the inverse of `prepare_images`."""
  images = tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5)
  return tf.cast(tf.clip_by_value(images, 0.0, 255.0), tf.uint8)


def can_match_channels(stored: int, wanted: int) -> bool:
  """Whether images of `stored` channels can become images of `wanted`."""
  return stored == wanted or (stored in (1, 3, 4) and wanted in (1, 3))


def _match_channels(images, channels):
  """Converts float images between RGB-D, RGB and grey."""
  stored = images.shape[-1]
  if stored == channels:
    return images
  if stored is not None:
    if not can_match_channels(stored, channels):
      raise ValueError(f'images of {stored} channels cannot become {channels}')
    return _to_grey(images) if channels == 1 else _to_rgb(images)
  stored = tf.shape(images)[-1]
  if channels == 4:
    is_known, expected = stored == 4, '4 channels (RGB and depth)'
  else:
    is_known = (stored == 1) | (stored == 3) | (stored == 4)
    expected = '1, 3 or 4 channels'
  check = tf.debugging.assert_equal(
    is_known, True, message=f'images must have {expected}'
  )
  # Eagerly the assertion is made at once and there is nothing to wait for.
  with tf.control_dependencies([] if check is None else [check]):
    images = tf.identity(images)
  if channels == 4:
    return images
  if channels == 3:
    return tf.cond(
      stored == 1, lambda: tf.repeat(images, 3, -1), lambda: images[..., :3]
    )
  return tf.cond(stored == 1, lambda: images, lambda: _to_grey(images))


def _to_rgb(images):
  if images.shape[-1] == 1:
    return tf.repeat(images, 3, axis=-1)
  return images[..., :3]


def _to_grey(images):
  # The weights of tf.image.rgb_to_grayscale, which wants a known shape.
  weights = tf.constant([0.2989, 0.5870, 0.1140])
  return tf.reduce_sum(images[..., :3] * weights, axis=-1, keepdims=True)
