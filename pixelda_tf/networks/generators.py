"""Generators: source image and noise in, image in the target's style out."""

import math

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  batch_normalization,
  convolution,
  images_out,
)

layers = tf.keras.layers


@gin.register
def residual_generator(
  image_shape,
  noise_size,
  *,
  filters=64,
  blocks=6,
  noise_stddev=None,
  normalization=batch_normalization,
):
  """PixelDA's generator (Sect. 4.1, Fig. 2): residual, resolution kept.

  The noise goes through a dense layer to one more channel of the image. Then a
  3x3 convolution, `blocks` residual blocks of two 3x3 convolutions each, and a
  1x1 convolution back to an image. The released code follows the noise's dense
  layer by batch norm and ReLU; the paper has a plain dense layer, as here.

  Args:
    image_shape: (height, width, channels) of the images, in and out.
    noise_size: length of the noise vector, 10 in the paper; 0 for none.
    filters: filters of every convolution, 64 in the paper.
    blocks: number of residual blocks, 6 in the released code.
    noise_stddev: standard deviation that the noise's channel starts with; None
      for what Keras's initial weights give, about 0.04 at 64x64, beside an
      image in [-1, 1]. The released code's batch norm makes it 1 at every size.
    normalization: function that returns a normalisation layer.

  Returns:
    Model of [images float32 `[batch, height, width, channels]` in [-1, 1],
    noise float32 `[batch, noise_size]` in [-1, 1]] to images.
  """
  height, width, channels = image_shape
  images = layers.Input(image_shape, name='source')
  noise = layers.Input((noise_size,), name='noise')
  tensor = images
  if noise_size:
    initializer = 'glorot_uniform'
    if noise_stddev is not None:
      # z is from U(-1, 1), of variance 1/3.
      initializer = tf.keras.initializers.RandomNormal(
        stddev=noise_stddev * math.sqrt(3 / noise_size)
      )
    plane = layers.Dense(
      height * width, kernel_initializer=initializer, name='noise_plane'
    )(noise)
    plane = layers.Reshape((height, width, 1))(plane)
    tensor = layers.Concatenate()([images, plane])
  tensor = convolution(filters, 3)(tensor)
  tensor = layers.ReLU()(tensor)
  for _ in range(blocks):
    residual = convolution(filters, 3, use_bias=False)(tensor)
    residual = layers.ReLU()(normalization()(residual))
    residual = convolution(filters, 3, use_bias=False)(residual)
    tensor = layers.Add()([tensor, normalization()(residual)])
  return tf.keras.Model(
    [images, noise], images_out(tensor, channels), name='generator'
  )
