"""LSD-seg's pair of networks: an image out of an embedding, and its judge."""

from collections.abc import Sequence

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  Corruption,
  ImageShape,
  Normalization,
  convolution,
  instance_normalization,
  leaky_relu,
  transposed_convolution,
)
from pixelda_tf.networks.segmentation.maps import CropTo

layers = tf.keras.layers


@gin.register
def embedding_generator(
  map_shapes: Sequence[ImageShape],
  channels: int = 3,
  *,
  filters: Sequence[int] = (256, 512, 256, 128, 64),
  kernel_sizes: Sequence[int] = (7, 3, 3, 5, 5),
  image_kernel_size: int = 8,
  blocks: int = 2,
  dropout_rate: float = 0.5,
  margin: int = 0,
  normalization: Normalization = instance_normalization,
  seed: int = 0,
) -> tf.keras.Model:
  """LSD-seg's G as its released code has it: an embedding becomes an image.

  A convolution, then transposed convolutions of stride 2, each with
  normalisation, ReLU and residual blocks; the last one makes the image. Dropout
  in the blocks takes the place of noise (Sect. 3.2). Its first map is the
  embedding. Each further one, of twice the size of the one before, is put
  beside what has grown to its size: the paper's G has none, the released code's
  has FCN8s's pool4 and pool3. (There fc6's lack of padding is undone by a
  transposed convolution of 7x7; here maps keep to their places.)

  Args:
    map_shapes: (rows, columns, channels) of each map, the smallest first; sides
      may be None.
    channels: of the images.
    filters: of the first convolution, and of each transposed one but the last;
      the embedding grows 2**len(filters) times.
    kernel_sizes: of the same.
    image_kernel_size: of the last one.
    blocks: residual blocks after each, 2 in the released code.
    dropout_rate: within them, in training only.
    margin: pixels around images within which the maps were made, which the
      embedding has lost again and the others have not: 99 of FCN8s with its
      margin. 0 for none.
    normalization: function that returns a normalisation layer.
    seed: start of the dropouts' random streams.

  Returns:
    Model of a list of float32 maps `[batch, rows, columns, channels]` to images
    float32 in [-1, 1], which end where the image ends or up to
    2**len(filters) - 1 pixels below and at the right of it.

  Raises:
    ValueError: numbers of filters, kernels and maps do not fit.
  """
  if len(kernel_sizes) != len(filters) or len(map_shapes) > len(filters):
    raise ValueError(
      f'embedding_generator: {len(filters)} filters, {len(kernel_sizes)} '
      f'kernel_sizes, {len(map_shapes)} maps: as many kernels as filters, and '
      'no more maps, are needed'
    )
  count = 0

  def activation(tensor):
    return layers.ReLU()(normalization()(tensor))

  def residual(tensor):
    nonlocal count
    for _ in range(blocks):
      tensor = _residual_block(tensor, activation, dropout_rate, seed + count)
      count += 1
    return tensor

  maps = [
    layers.Input(shape, name=f'map_{i}') for i, shape in enumerate(map_shapes)
  ]
  tensor = convolution(filters[0], kernel_sizes[0], use_bias=False)(maps[0])
  tensor = residual(activation(tensor))
  stride = 2 ** len(filters)
  for level in range(1, len(filters)):
    width, kernel_size = filters[level], kernel_sizes[level]
    tensor = transposed_convolution(width, kernel_size, 2, use_bias=False)(
      tensor
    )
    tensor = residual(activation(tensor))
    stride //= 2
    if level < len(maps):
      beside = maps[level]
      if margin:
        beside = CropTo(margin // stride)([beside, tensor])
      else:  # Poolings round up: there may be a row and column too many.
        tensor = CropTo()([tensor, beside])
      tensor = layers.Concatenate()([tensor, beside])
  tensor = transposed_convolution(channels, image_kernel_size, 2)(tensor)
  if margin:
    lead = margin % 2 ** len(filters)
    tensor = layers.Cropping2D(((lead, 0), (lead, 0)))(tensor)
  images = layers.Activation('tanh', dtype='float32', name='images')(tensor)
  return tf.keras.Model(maps, images, name='generator')


@gin.register
def residual_discriminator(
  image_shape: ImageShape,
  n_classes: int = 0,
  *,
  filters: int = 128,
  blocks: int = 3,
  poolings: int = 2,
  slope: float = 0.2,
  dropout_rate: float = 0.5,
  patches: bool = True,
  n_domains: int = 4,
  normalization: Normalization = instance_normalization,
  seed: int = 0,
) -> tf.keras.Model:
  """LSD-seg's D as its released code has it: two heads on one grid.

  A 4x4 convolution of stride 2, then residual blocks before, between and after
  poolings by 2; with two of them a decision is of 8x8 pixels.

  Args:
    image_shape: (height, width, channels); sides may be None.
    n_classes: width of the head that names each patch's class; 0 for none.
    filters: of every convolution, 128 in the released code.
    blocks: residual blocks at each size, 3 in the released code.
    poolings: how many, 2 in the released code.
    slope: of the leaky ReLUs.
    dropout_rate: within the blocks, in training only.
    patches: whether each patch has a decision about its domain, as in the
      paper; else its logits are means over the grid, one decision an image
      ("w/o Patch Discriminator", Table 4). The other head keeps its grid.
    n_domains: logits of a decision, see `losses.four_way`.
    normalization: function that returns a normalisation layer.
    seed: start of the dropouts' random streams.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'domain': float32 `[batch, rows, columns, n_domains]`, or `[batch, 1, 1,
    n_domains]`} and, with a class head, {'class': float32 `[batch, rows,
    columns, n_classes]`}: logits.
  """

  def activation(tensor):
    return leaky_relu(slope)(normalization()(tensor))

  images = layers.Input(image_shape, name='images')
  tensor = activation(convolution(filters, 4, 2, use_bias=False)(images))
  for level in range(poolings + 1):
    if level:
      tensor = layers.MaxPool2D(2, padding='same')(tensor)
    for block in range(blocks):
      number = seed + level * blocks + block
      tensor = _residual_block(tensor, activation, dropout_rate, number)

  domain = convolution(n_domains, 3)(tensor)
  if not patches:
    domain = layers.GlobalAveragePooling2D(keepdims=True, dtype='float32')(
      domain
    )
  heads = {'domain': domain}
  if n_classes:
    heads['class'] = convolution(n_classes, 3)(tensor)
  return tf.keras.Model(
    images,
    {
      name: layers.Activation('linear', dtype='float32', name=name)(logits)
      for name, logits in heads.items()
    },
    name='discriminator',
  )


def _residual_block(tensor, activation, dropout_rate, seed):
  """Adds a convolution of itself, normalised, activated and dropped out."""
  residual = convolution(tensor.shape[-1], 3, use_bias=False)(tensor)
  residual = activation(residual)
  if dropout_rate:
    residual = Corruption(dropout_rate, 0.0, seed)(residual)
  return layers.Add()([tensor, residual])
