"""Stored uint8 images to the networks' float32 images, and back.

The training pipeline and the exported model both call `prepare_images`, so
that they cannot differ.
"""

import tensorflow as tf


def prepare_images(images, *, image_shape):
  """Converts images to the shape and range that networks take.

  Grey becomes RGB by repetition, RGB becomes grey by luma, an alpha channel is
  not accepted. Another size is reached by bilinear interpolation.

  Args:
    images: uint8 [..., height, width, 1 or 3]; sizes may be unknown when
      traced.
    image_shape: (height, width, channels) wanted, channels 1 or 3.

  Returns:
    float32 [..., *image_shape] in [-1, 1].
  """
  images = match_shape(tf.cast(images, tf.float32), image_shape)
  return images / 127.5 - 1.0


def match_shape(images, image_shape):
  """Converts float images [..., height, width, channels] to another shape."""
  images = _match_channels(images, image_shape[-1])
  images = resize(images, image_shape[:2])
  return tf.ensure_shape(images, [*images.shape[:-3], *image_shape])


def resize(images, size, method='bilinear'):
  """Resizes [..., height, width, channels] to `size`, (height, width)."""
  if images.shape[-3:-1] == tuple(size):
    return images
  return tf.image.resize(images, size, method=method, antialias=False)


def to_uint8(images):
  """Converts images in [-1, 1] to uint8: the inverse of `prepare_images`."""
  images = tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5)
  return tf.cast(tf.clip_by_value(images, 0.0, 255.0), tf.uint8)


def _match_channels(images, channels):
  """Converts float images between grey and RGB; exact where they agree."""
  if images.shape[-1] == channels:
    return images
  if images.shape[-1] is not None:
    return _grey_to_rgb(images) if channels == 3 else _rgb_to_grey(images)
  found = tf.shape(images)[-1]
  is_known = tf.debugging.assert_equal(
    (found == 1) | (found == 3),
    True,
    message='images must have 1 or 3 channels',
  )
  # Eagerly the assertion is made at once and there is nothing to wait for.
  with tf.control_dependencies([] if is_known is None else [is_known]):
    images = tf.identity(images)
  if channels == 3:
    return tf.cond(
      found == 1, lambda: _grey_to_rgb(images[..., :1]), lambda: images
    )
  return tf.cond(
    found == 3, lambda: _rgb_to_grey(images), lambda: images[..., :1]
  )


def _grey_to_rgb(images):
  return tf.repeat(images, 3, axis=-1)


def _rgb_to_grey(images):
  # The weights of tf.image.rgb_to_grayscale, which wants a known shape.
  weights = tf.constant([0.2989, 0.5870, 0.1140])
  return tf.reduce_sum(images[..., :3] * weights, axis=-1, keepdims=True)
