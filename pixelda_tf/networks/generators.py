"""Generators: source image and noise in, image in the target's style out."""

import math

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  Corruption,
  batch_normalization,
  convolution,
  images_out,
  instance_normalization,
  leaky_relu,
  transposed_convolution,
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
  images, noise, tensor = _inputs(image_shape, noise_size, noise_stddev)
  tensor = convolution(filters, 3)(tensor)
  tensor = layers.ReLU()(tensor)
  tensor = _residual_blocks(tensor, filters, blocks, normalization)
  return tf.keras.Model(
    [images, noise], images_out(tensor, image_shape[-1]), name='generator'
  )


@gin.register
def unet_generator(
  image_shape,
  noise_size=0,
  *,
  filters=64,
  levels=2,
  extra_convolutions=2,
  slope=0.2,
  dropout_rate=0.0,
  noise_stddev=None,
  normalization=instance_normalization,
  seed=0,
):
  """CycleGAN-UDA's generator (Sect. 4.1.1): a U-Net.

  Each level down is a 3x3 convolution of stride 2, each level up a transposed
  one, both followed by normalisation, leaky ReLU and `extra_convolutions` of
  the same at stride 1. Each level up takes the map of its size from the way
  down beside it, the last the image itself. The paper's Figures 5 and 6, with
  the number of levels and filters, are not in its text: these are ours.

  Args:
    image_shape: (height, width, channels), sides divisible by 2**levels.
    noise_size: length of the noise vector, none in the paper.
    filters: filters of the first level, doubled at each one down.
    levels: number of levels.
    extra_convolutions: convolutions of stride 1 after each level's first, 2 in
      the paper.
    slope: of the leaky ReLU.
    dropout_rate: after each level up but the last, as in pix2pix, in training.
    noise_stddev: as `residual_generator`.
    normalization: function that returns a normalisation layer.
    seed: start of the dropout's random streams.

  Returns:
    As `residual_generator`.

  Raises:
    ValueError: the sides cannot be halved `levels` times.
  """
  if image_shape[0] % 2**levels or image_shape[1] % 2**levels:
    raise ValueError(
      f'unet_generator: {levels} levels need sides divisible by {2**levels}, '
      f'images are {image_shape[0]}x{image_shape[1]}: change levels or '
      'Pair.image_size'
    )

  def activation(tensor):
    return leaky_relu(slope)(normalization()(tensor))

  def extra(tensor, width):
    for _ in range(extra_convolutions):
      tensor = activation(convolution(width, 3, use_bias=False)(tensor))
    return tensor

  images, noise, tensor = _inputs(image_shape, noise_size, noise_stddev)
  skips = []
  for level in range(levels):
    skips.append(tensor)
    width = filters * 2**level
    tensor = activation(convolution(width, 3, 2, use_bias=False)(tensor))
    tensor = extra(tensor, width)
  for level in reversed(range(levels)):
    width = filters * 2 ** max(level - 1, 0)
    tensor = transposed_convolution(width, 3, 2, use_bias=False)(tensor)
    tensor = layers.Concatenate()([activation(tensor), skips[level]])
    tensor = extra(tensor, width)
    if dropout_rate and level:
      tensor = Corruption(dropout_rate, 0.0, seed + level)(tensor)
  return tf.keras.Model(
    [images, noise], images_out(tensor, image_shape[-1]), name='generator'
  )


@gin.register
def downsampling_residual_generator(
  image_shape,
  noise_size=0,
  *,
  filters=64,
  levels=2,
  blocks=2,
  noise_stddev=None,
  normalization=instance_normalization,
):
  """CycleGAN's and CyCADA's generator: residual blocks at low resolution.

  A 7x7 convolution, `levels` 3x3 convolutions of stride 2, residual blocks of
  two 3x3 convolutions, transposed convolutions back, a 7x7 convolution to an
  image. CyCADA's (Fig. 7) has two blocks; its filters are not in the text.

  Args:
    image_shape: (height, width, channels), sides divisible by 2**levels.
    noise_size: length of the noise vector, none in the papers.
    filters: filters of the first convolution, doubled at each level.
    levels: number of convolutions of stride 2.
    blocks: number of residual blocks, 2 in CyCADA's digits, 9 in its released
      code.
    noise_stddev: as `residual_generator`.
    normalization: function that returns a normalisation layer.

  Returns:
    As `residual_generator`.

  Raises:
    ValueError: the sides cannot be halved `levels` times.
  """
  if image_shape[0] % 2**levels or image_shape[1] % 2**levels:
    raise ValueError(
      f'downsampling_residual_generator: {levels} levels need sides divisible '
      f'by {2**levels}, images are {image_shape[0]}x{image_shape[1]}: change '
      'levels or Pair.image_size'
    )

  def activation(tensor):
    return layers.ReLU()(normalization()(tensor))

  images, noise, tensor = _inputs(image_shape, noise_size, noise_stddev)
  tensor = activation(convolution(filters, 7, use_bias=False)(tensor))
  for level in range(1, levels + 1):
    width = filters * 2**level
    tensor = activation(convolution(width, 3, 2, use_bias=False)(tensor))
  tensor = _residual_blocks(tensor, filters * 2**levels, blocks, normalization)
  for level in reversed(range(levels)):
    width = filters * 2**level
    tensor = transposed_convolution(width, 3, 2, use_bias=False)(tensor)
    tensor = activation(tensor)
  return tf.keras.Model(
    [images, noise], images_out(tensor, image_shape[-1], 7), name='generator'
  )


def _inputs(image_shape, noise_size, noise_stddev):
  """Returns the inputs, and the images with the noise as a channel beside."""
  height, width, _ = image_shape
  images = layers.Input(image_shape, name='source')
  noise = layers.Input((noise_size,), name='noise')
  if not noise_size:
    return images, noise, images
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
  return images, noise, layers.Concatenate()([images, plane])


def _residual_blocks(tensor, filters, blocks, normalization):
  for _ in range(blocks):
    residual = convolution(filters, 3, use_bias=False)(tensor)
    residual = layers.ReLU()(normalization()(residual))
    residual = convolution(filters, 3, use_bias=False)(residual)
    tensor = layers.Add()([tensor, normalization()(residual)])
  return tensor
