"""Noise that stands beside an image, for generators."""

import math
from typing import Any

import tensorflow as tf

from pixelda_tf.networks.layers import ImageShape

layers = tf.keras.layers


def inputs(
  image_shape: ImageShape, noise_size: int, noise_stddev: float | None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns a generator's inputs, and images with the noise as channels beside.

  Where images have one size, a dense layer makes one channel of the noise, as
  in PixelDA; else each of its values is a channel, the same at all pixels.

  Args:
    image_shape: (height, width, channels).
    noise_size: length of the noise vector, from U(-1, 1); 0 for none.
    noise_stddev: standard deviation that the channels start with; None for that
      of Keras's initial weights, or of the noise.

  Returns:
    Symbolic images, noise, and both as `[batch, height, width, n]`.
  """
  images = layers.Input(image_shape, name='source')
  noise = layers.Input((noise_size,), name='noise')
  if not noise_size:
    return images, noise, images
  if None in image_shape[:2]:
    planes = TiledNoise(noise_stddev, name='noise_planes')([noise, images])
  else:
    planes = _noise_plane(noise, image_shape, noise_stddev)
  return images, noise, layers.Concatenate()([images, planes])


def _noise_plane(noise, image_shape, noise_stddev):
  """Returns one channel that a dense layer makes of the noise."""
  height, width, _ = image_shape
  initializer = 'glorot_uniform'
  if noise_stddev is not None:
    # z is from U(-1, 1), of variance 1/3.
    initializer = tf.keras.initializers.RandomNormal(
      stddev=noise_stddev * math.sqrt(3 / noise.shape[-1])
    )
  plane = layers.Dense(
    height * width, kernel_initializer=initializer, name='noise_plane'
  )(noise)
  return layers.Reshape((height, width, 1))(plane)


class TiledNoise(tf.keras.layers.Layer):
  """Each value of a noise vector from U(-1, 1) as a channel of its own.

  Args:
    stddev: the channels' standard deviation; None leaves them as they are.
  """

  def __init__(self, stddev: float | None = None, **kwargs: Any):
    """See the class."""
    super().__init__(**kwargs)
    self.stddev = stddev

  def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
    """Of noise `[batch, n]` and images makes `[batch, height, width, n]`."""
    noise, images = inputs
    if self.stddev is not None:
      noise *= self.stddev * math.sqrt(3)
    shape = tf.concat([tf.shape(images)[:3], noise.shape[-1:]], axis=0)
    return tf.broadcast_to(noise[:, tf.newaxis, tf.newaxis], shape)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'stddev': self.stddev}
