"""I2I Adapt's pair of decoders: one latent code, an image of either domain."""

from collections.abc import Callable, Sequence

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  ImageShape,
  Normalization,
  batch_normalization,
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
  if not 0 <= private_layers <= len(filters) + 1:
    raise ValueError(
      f'vector_decoders.private_layers is {private_layers}, of '
      f'{len(filters) + 1} layers'
    )

  def first():
    return layers.Conv2DTranspose(
      filters[0],
      (height // grow, width // grow),
      use_bias=False,
      kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.02),
    )

  def hidden(convolution):
    return [convolution, normalization(), layers.ReLU()]

  def stage(number):
    if number == len(filters):
      return [
        transposed_convolution(image_shape[-1], kernel_size, 2),
        layers.Activation('tanh', dtype='float32', name='images'),
      ]
    if not number:
      return hidden(first())
    return hidden(
      transposed_convolution(filters[number], kernel_size, 2, use_bias=False)
    )

  own = len(filters) + 1 - private_layers
  shared = [stage(number) for number in range(own)]

  def decoder(name):
    codes = layers.Input(code_shape, name='codes')
    tensor = layers.Reshape((1, 1, code_shape[0]))(codes)
    private = [stage(number) for number in range(own, len(filters) + 1)]
    for layer in (layer for part in shared + private for layer in part):
      tensor = layer(tensor)
    return tf.keras.Model(codes, tensor, name=name)

  return decoder('source_decoder'), decoder('target_decoder')
