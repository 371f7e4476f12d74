"""Generators: source image and noise in, image in the target's style out."""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  Corruption,
  ImageShape,
  NetworkBuilder,
  Normalization,
  batch_normalization,
  convolution,
  images_out,
  instance_normalization,
  leaky_relu,
  transposed_convolution,
)
from pixelda_tf.networks.noise import inputs

layers = tf.keras.layers


@gin.register
def residual_generator(
  image_shape: ImageShape,
  noise_size: int,
  *,
  filters: int = 64,
  blocks: int = 6,
  noise_stddev: float | None = None,
  normalization: Normalization = batch_normalization,
) -> tf.keras.Model:
  """PixelDA's generator (Sect. 4.1, Fig. 2): residual, resolution kept.

  The noise goes through a dense layer to one more channel of the image (where
  sides are None, each of its values is a channel). Then a 3x3 convolution,
  `blocks` residual blocks of two 3x3 convolutions each, and a 1x1 convolution
  back to an image. The released code follows the noise's dense layer by batch
  norm and ReLU; the paper has a plain dense layer, as here.

  Args:
    image_shape: (height, width, channels) of the images, in and out; sides are
      None for images of any size.
    noise_size: length of the noise vector, 10 in the paper; 0 for none.
    filters: filters of every convolution, 64 in the paper.
    blocks: number of residual blocks, 6 in the released code.
    noise_stddev: standard deviation that the noise's channels start with; None
      for what Keras's initial weights give, about 0.04 at 64x64, beside an
      image in [-1, 1], or for the noise as it is. The released code's batch
      norm makes it 1 at every size.
    normalization: function that returns a normalisation layer.

  Returns:
    Model of [images float32 `[batch, height, width, channels]` in [-1, 1],
    noise float32 `[batch, noise_size]` in [-1, 1]] to images.
  """
  images, noise, tensor = inputs(image_shape, noise_size, noise_stddev)
  tensor = convolution(filters, 3)(tensor)
  tensor = layers.ReLU()(tensor)
  tensor = _residual_blocks(tensor, filters, blocks, normalization)
  return tf.keras.Model(
    [images, noise], images_out(tensor, image_shape[-1]), name='generator'
  )


@gin.register
def unet_generator(
  image_shape: ImageShape,
  noise_size: int = 0,
  *,
  filters: int = 64,
  levels: int = 2,
  extra_convolutions: int = 2,
  slope: float = 0.2,
  dropout_rate: float = 0.0,
  noise_stddev: float | None = None,
  normalization: Normalization = instance_normalization,
  seed: int = 0,
) -> tf.keras.Model:
  """CycleGAN-UDA's generator (Sect. 4.1.1): a U-Net.

  Each level down is a 3x3 convolution of stride 2, each level up a transposed
  one, both followed by normalisation, leaky ReLU and `extra_convolutions` of
  the same at stride 1. Each level up takes the map of its size from the way
  down beside it, the last the image itself. The paper's Figures 5 and 6, with
  the number of levels and filters, are not in its text: these are ours.

  Args:
    image_shape: (height, width, channels), sides divisible by 2**levels or
      None, for images of any such size.
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
  _check_sides('unet_generator', image_shape, levels)

  def activation(tensor):
    return leaky_relu(slope)(normalization()(tensor))

  def extra(tensor, width):
    for _ in range(extra_convolutions):
      tensor = activation(convolution(width, 3, use_bias=False)(tensor))
    return tensor

  images, noise, tensor = inputs(image_shape, noise_size, noise_stddev)
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
  image_shape: ImageShape,
  noise_size: int = 0,
  *,
  filters: int = 64,
  levels: int = 2,
  blocks: int = 2,
  noise_stddev: float | None = None,
  normalization: Normalization = instance_normalization,
) -> tf.keras.Model:
  """CycleGAN's and CyCADA's generator: residual blocks at low resolution.

  A 7x7 convolution, `levels` 3x3 convolutions of stride 2, residual blocks of
  two 3x3 convolutions, transposed convolutions back, a 7x7 convolution to an
  image. CyCADA's (Fig. 7) has two blocks; its filters are not in the text.

  Args:
    image_shape: (height, width, channels), sides divisible by 2**levels or
      None, for images of any such size.
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
  _check_sides('downsampling_residual_generator', image_shape, levels)

  def activation(tensor):
    return layers.ReLU()(normalization()(tensor))

  images, noise, tensor = inputs(image_shape, noise_size, noise_stddev)
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


def noise_vectors(
  random: tf.random.Generator,
  count: int | tf.Tensor,
  size: int,
  seed: int | None = None,
) -> tf.Tensor:
  """Returns z of a generator, each element from U(-1, 1): `[count, size]`.

  Args:
    random: stream that it is the next of.
    count: of images.
    size: of a vector.
    seed: draws the same for the same seed, and leaves the stream alone.
  """
  shape = count, size
  if seed is None:
    return random.uniform(shape, -1.0, 1.0)
  return tf.random.stateless_uniform(shape, (seed, 0), -1.0, 1.0)


def build_generator(
  builder: NetworkBuilder,
  image_shape: ImageShape,
  noise_size: int,
  whole_shape: ImageShape,
) -> tf.keras.Model:
  """Returns a generator that gives whole images, too, in their own size.

  Args:
    builder: function of the next two to the generator.
    image_shape: see `residual_generator`.
    noise_size: likewise.
    whole_shape: that of images of which it was not built, where it is trained
      on parts of them; sides may be None.

  Raises:
    ValueError: it gives them in another size.
  """
  generator = builder(image_shape, noise_size)
  size = whole_shape[:2]
  if None in size or image_shape == whole_shape:
    return generator
  try:
    shapes = [(1, *whole_shape), (1, noise_size)]
    made = tuple(generator.compute_output_shape(shapes))[1:3]
  except ValueError:  # What it puts side by side is not equally large.
    made = None
  if made != size:
    raise ValueError(
      f'its generator cannot give images of {size[0]}x{size[1]}, whole, in '
      'their size: set Pair.image_size, or Row.image_size of a row that only '
      'translates, to sides which it can halve as often as it does'
    )
  return generator


def _check_sides(name, image_shape, levels):
  """Raises ValueError where a known side cannot be halved `levels` times."""
  height, width, _ = image_shape
  if (height or 0) % 2**levels or (width or 0) % 2**levels:
    raise ValueError(
      f'{name}: {levels} levels need sides divisible by {2**levels}, images '
      f'are {height}x{width}: change levels or Pair.image_size'
    )


def _residual_blocks(tensor, filters, blocks, normalization):
  for _ in range(blocks):
    residual = convolution(filters, 3, use_bias=False)(tensor)
    residual = layers.ReLU()(normalization()(residual))
    residual = convolution(filters, 3, use_bias=False)(residual)
    tensor = layers.Add()([tensor, normalization()(residual)])
  return tensor
