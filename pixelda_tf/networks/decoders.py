"""I2I Adapt's pair of decoders: one latent code, an image of either domain."""

import functools
from collections.abc import Callable, Sequence

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  ImageShape,
  Normalization,
  batch_normalization,
  convolution,
  sides,
  transposed_convolution,
)

layers = tf.keras.layers

Decoders = tuple[tf.keras.Model, tf.keras.Model]
# Of the shape of a latent code, `[d]` or `[rows, columns, d]`, and of an image.
DecodersBuilder = Callable[[Sequence[int | None], ImageShape], Decoders]


@gin.register
def vector_decoders(
  code_shape: Sequence[int | None],
  image_shape: ImageShape,
  *,
  filters: Sequence[int] = (128, 64),
  kernel_size: int = 4,
  private_layers: int = 1,
  normalization: Normalization = batch_normalization,
) -> Decoders:
  """The decoders g_x and g_y of I2I Adapt's digits (Sect. 4.1).

  Transposed convolutions: one from a vector to all of the smallest map, then
  those of stride 2, of which the last makes the image; three with two
  `filters`, as in the paper, which tells neither sizes nor normalisation. All
  but the last have normalisation and ReLU. The first ones are the same layers
  in both decoders ("the weights of the first few layers").

  Args:
    code_shape: (d,), the length of a latent code.
    image_shape: (height, width, channels), sides divisible by
      2**len(filters).
    filters: of all transposed convolutions but the last.
    kernel_size: of those of stride 2.
    private_layers: how many of the last ones each decoder has for itself.
    normalization: function that returns a normalisation layer.

  Returns:
    g_x and g_y, models of float32 `[batch, d]` to images float32 `[batch,
    height, width, channels]` in [-1, 1].

  Raises:
    ValueError: the code is no vector, the sides cannot be halved so often, or
      there are not so many layers.
  """
  if len(code_shape) != 1:
    raise ValueError(
      "vector_decoders: the task network's features are maps "
      f'{tuple(code_shape)}, and vectors are needed: name a task network that '
      'has them, or other decoders'
    )
  height, width = sides('vector_decoders', image_shape)
  grow = 2 ** len(filters)
  if height % grow or width % grow:
    raise ValueError(
      f'vector_decoders: {len(filters)} filters need sides divisible by {grow}'
      f', images are {height}x{width}: change filters or Pair.image_size'
    )

  def first():
    return layers.Conv2DTranspose(
      filters[0],
      (height // grow, width // grow),
      use_bias=False,
      kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.02),
    )

  def next_one(width):
    return transposed_convolution(width, kernel_size, 2, use_bias=False)

  def last():
    return transposed_convolution(image_shape[-1], kernel_size, 2)

  hidden = [first, *(functools.partial(next_one, w) for w in filters[1:])]
  stages = [functools.partial(_hidden, each, normalization) for each in hidden]
  return _pair(
    'vector_decoders',
    code_shape,
    [*stages, functools.partial(_images, last)],
    private_layers,
  )


@gin.register
def map_decoders(
  code_shape: Sequence[int | None],
  image_shape: ImageShape,
  *,
  filters: Sequence[int] = (256, 128, 64, 32),
  kernel_sizes: Sequence[int] = (4, 4, 4, 4, 4),
  strides: Sequence[int] = (2, 2, 2, 2, 2),
  private_layers: int = 1,
  normalization: Normalization = batch_normalization,
) -> Decoders:
  """The decoders g_x and g_y of I2I Adapt's photographs and label maps.

  Transposed convolutions, of stride 1 plain ones: five of stride 2 for
  ResNet34's maps (Sect. 4.2), one of stride 1 and three of stride 2 for those
  of dilated networks (Sect. 4.3). The paper tells no more of them; the rest is
  as in `vector_decoders`.

  Args:
    code_shape: (rows, columns, d) of a latent code; sides may be None.
    image_shape: (height, width, channels) of the images.
    filters: of all layers but the last.
    kernel_sizes: of all layers.
    strides: of all layers; images are as many times as high and wide as codes
      as their product.
    private_layers: how many of the last ones each decoder has for itself.
    normalization: function that returns a normalisation layer.

  Returns:
    g_x and g_y, models of float32 `[batch, rows, columns, d]` to images float32
    `[batch, height, width, channels]` in [-1, 1].

  Raises:
    ValueError: the code is no map, or numbers of layers differ.
  """
  if len(code_shape) != 3:
    raise ValueError(
      "map_decoders: the task network's features are vectors "
      f'{tuple(code_shape)}, and maps are needed: name a task network that has '
      'them, or other decoders'
    )
  if not len(filters) + 1 == len(kernel_sizes) == len(strides):
    raise ValueError(
      f'map_decoders: {len(strides)} strides, {len(kernel_sizes)} kernel_sizes '
      f'and {len(filters)} filters: as many of each are needed, but one filter '
      'less'
    )

  def layer(number, width, **kwargs):
    make = transposed_convolution if strides[number] > 1 else convolution
    return make(width, kernel_sizes[number], strides[number], **kwargs)

  stages = [
    functools.partial(
      _hidden,
      functools.partial(layer, number, width, use_bias=False),
      normalization,
    )
    for number, width in enumerate(filters)
  ]
  last = functools.partial(layer, len(filters), image_shape[-1])
  return _pair(
    'map_decoders',
    code_shape,
    [*stages, functools.partial(_images, last)],
    private_layers,
  )


def check_size(
  task: tf.keras.Model, decoder: tf.keras.Model, image_shape: ImageShape
) -> None:
  """Checks that a decoder makes images as large as those that were encoded.

  The last row and column of a map may be of pixels that an image has not.

  Args:
    task: a network of images with 'features'.
    decoder: of these.
    image_shape: (height, width, channels); nothing is told of a side of None.

  Raises:
    ValueError: it does not.
  """
  size = image_shape[:2]
  if None in size or task.output['features'].shape.rank != 4:
    return
  codes = task(tf.keras.Input(image_shape))['features']
  places, made = codes.shape[1:3], decoder(codes).shape[1:3]
  for side, count, pixels in zip(size, places, made, strict=True):
    if not 0 <= pixels - side < pixels // count:
      raise ValueError(
        f'map_decoders.strides: images of {size[0]}x{size[1]} have codes of '
        f'{places[0]}x{places[1]}, which become {made[0]}x{made[1]}: strides '
        "are needed whose product is the encoder's"
      )


def _hidden(convolution, normalization):
  return [convolution(), normalization(), layers.ReLU()]


def _images(convolution):
  images = layers.Activation('tanh', dtype='float32', name='images')
  return [convolution(), images]


def _pair(name, code_shape, stages, private_layers):
  """Returns two decoders whose first layers are the same.

  Args:
    name: of the builder, for messages.
    code_shape: of a code; a vector becomes a map of one place.
    stages: functions that each return the new layers of a stage.
    private_layers: how many of the last stages each one has for itself.
  """
  if not 0 <= private_layers <= len(stages):
    raise ValueError(
      f'{name}.private_layers is {private_layers}, of {len(stages)} layers'
    )
  own = len(stages) - private_layers
  shared = [stage() for stage in stages[:own]]

  def decoder(name):
    tensor = codes = layers.Input(code_shape, name='codes')
    if len(code_shape) == 1:
      tensor = layers.Reshape((1, 1, code_shape[0]))(codes)
    private = [stage() for stage in stages[own:]]
    for layer in (layer for part in shared + private for layer in part):
      tensor = layer(tensor)
    return tf.keras.Model(codes, tensor, name=name)

  return decoder('source_decoder'), decoder('target_decoder')
