"""The layers that several networks share."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import gin
import numpy as np
import scipy.special
import tensorflow as tf

layers = tf.keras.layers

# (height, width, channels); a side that is None may be any.
ImageShape = tuple[int | None, int | None, int]
Normalization = Callable[[], tf.keras.layers.Layer]
# Of (image_shape, n_classes), and of generators and discriminators, whose
# second argument is the noise's length or the class head's width.
TaskBuilder = Callable[[ImageShape, int], tf.keras.Model]
NetworkBuilder = Callable[[ImageShape, int], tf.keras.Model]

# How many different random numbers a corruption draws.
_DRAWS = 1 << 14


@gin.register
def batch_normalization() -> tf.keras.layers.Layer:
  """Batch normalisation with the released PixelDA's decay and epsilon.

  The released code has an offset and no scale; the scale costs nothing in
  front of a convolution and is left out here as there. Statistics are those of
  the batch over all replicas.
  """
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  return layers.BatchNormalization(
    momentum=0.9,
    epsilon=1e-3,
    scale=False,
    # One replica keeps the faster kernel.
    synchronized=replicas > 1,
  )


@gin.register
def instance_normalization() -> tf.keras.layers.Layer:
  """Instance normalisation with learned scale and offset (CycleGAN, LSD)."""
  return InstanceNormalization()


@gin.register
def no_normalization() -> tf.keras.layers.Layer:
  """Leaves its input as it is."""
  return layers.Activation('linear')


def convolution(
  filters: int, kernel_size: int, strides: int = 1, use_bias: bool = True
) -> tf.keras.layers.Layer:
  """Same-padded convolution, weights from N(0, 0.02) as in DCGAN."""
  return layers.Conv2D(
    filters,
    kernel_size,
    strides,
    padding='same',
    use_bias=use_bias,
    kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.02),
  )


def transposed_convolution(
  filters: int, kernel_size: int, strides: int, use_bias: bool = True
) -> tf.keras.layers.Layer:
  """Transposed convolution, as `convolution`: `strides` times as wide."""
  return layers.Conv2DTranspose(
    filters,
    kernel_size,
    strides,
    padding='same',
    use_bias=use_bias,
    kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.02),
  )


def leaky_relu(slope: float) -> tf.keras.layers.Layer:
  """Leaky ReLU; TensorFlow's kernel of it is slower in bfloat16."""
  return layers.LeakyReLU(slope, dtype='float32')


class InstanceNormalization(tf.keras.layers.Layer):
  """Each channel of each image with mean 0 and variance 1 (Ulyanov et al.).

  Then a learned scale and offset a channel. Every channel of every image is a
  channel of one image to TensorFlow's fused batch normalisation: on a CPU that
  takes a third of the time that means and products of their own take.

  Args:
    epsilon: added to the variance.
  """

  def __init__(self, epsilon: float = 1.001e-5, **kwargs: Any):
    """See the class; cuDNN's least epsilon is the default."""
    super().__init__(**kwargs)
    self.epsilon = epsilon

  def build(self, input_shape: tf.TensorShape) -> None:
    """Makes scale and offset, `[channels]` each."""
    shape = (input_shape[-1],)
    self.gamma = self.add_weight('gamma', shape, initializer='ones')
    self.beta = self.add_weight('beta', shape, initializer='zeros')
    super().build(input_shape)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Normalises `[batch, height, width, channels]`."""
    batch, height, width, channels = tf.unstack(tf.shape(inputs))
    columns = tf.reshape(
      tf.transpose(inputs, [1, 2, 0, 3]), [1, height, width, batch * channels]
    )
    scale, offset = (
      tf.tile(tf.cast(weight, tf.float32), [batch])
      for weight in (self.gamma, self.beta)
    )
    columns, _, _ = tf.compat.v1.nn.fused_batch_norm(
      columns, scale, offset, epsilon=self.epsilon, is_training=True
    )
    outputs = tf.reshape(columns, [height, width, batch, channels])
    return tf.ensure_shape(tf.transpose(outputs, [2, 0, 1, 3]), inputs.shape)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'epsilon': self.epsilon}


class Corruption(tf.keras.layers.Layer):
  """Dropout, then Gaussian noise, in training only.

  Both come from a generator that belongs to the layer, so a checkpoint holds
  the stream's position and a resumed run draws what it would have drawn. (The
  released PixelDA adds its noise at evaluation too.)

  Random numbers cost more than anything else here, and normal ones thrice what
  uniform ones do. So 16 random bits serve an element: a fraction of 16,384 that
  is dropped, or one of as many quantiles of the normal distribution, which end
  at 4 standard deviations.

  Args:
    dropout_rate: fraction of activations set to 0, in [0, 1), to 1/16,384.
    noise_stddev: standard deviation of the noise, in units of the input.
    seed: start of the random stream.
    whole_channels: whether dropout takes whole channels of an image.
  """

  def __init__(
    self,
    dropout_rate: float,
    noise_stddev: float,
    seed: int,
    whole_channels: bool = False,
    **kwargs: Any,
  ):
    """See the class."""
    super().__init__(**kwargs)
    self.whole_channels = whole_channels
    self.dropout_rate = dropout_rate
    self.noise_stddev = noise_stddev
    self.seed = seed
    self.generator = tf.random.Generator.from_seed(seed)

  @tf.autograph.experimental.do_not_convert
  def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Returns the inputs, corrupted where `training` is true."""
    if not training:
      return inputs
    outputs = inputs
    if self.dropout_rate:
      kept = round((1.0 - self.dropout_rate) * _DRAWS)
      scale = tf.constant(_DRAWS / kept, outputs.dtype)
      shape = tf.shape(outputs)
      if self.whole_channels:
        shape = tf.concat([shape[:1], [1, 1], shape[-1:]], axis=0)
      mask = tf.cast(self._draw(shape) < kept, outputs.dtype)
      outputs = outputs * mask * scale
    if self.noise_stddev:
      quantiles = scipy.special.ndtri((np.arange(_DRAWS) + 0.5) / _DRAWS)
      noise = tf.constant(self.noise_stddev * quantiles, outputs.dtype)
      outputs = outputs + tf.gather(noise, self._draw(tf.shape(outputs)))
    return outputs

  def _draw(self, shape):
    """Returns integers from 0 to 16,383, int16 of a shape."""
    size = tf.reduce_prod(shape)
    pairs = self.generator.uniform_full_int([(size + 1) // 2], tf.int32)
    # To halves of two bits less: TensorFlow gathers by int16, not by uint16,
    # and not all that int16 can tell.
    pairs = tf.bitwise.bitwise_and(pairs, (_DRAWS - 1) * 0x10001)
    draws = tf.reshape(tf.bitcast(pairs, tf.int16), [-1])[:size]
    return tf.reshape(draws, shape)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {
      'dropout_rate': self.dropout_rate,
      'noise_stddev': self.noise_stddev,
      'seed': self.seed,
      'whole_channels': self.whole_channels,
    }


def sides(name: str, image_shape: ImageShape) -> tuple[int, int]:
  """Returns (height, width), or raises ValueError for a network that is named.

  Dense layers behind a flattened image have as many weights as it has pixels.
  """
  height, width, _ = image_shape
  if height is None or width is None:
    raise ValueError(
      f'{name}: images of one size are needed: set Pair.image_size and no '
      'Pair.crop, or name a network that takes any'
    )
  return height, width


@contextlib.contextmanager
def drawing_from(network: tf.keras.Model, seed: tf.Tensor) -> Iterator[None]:
  """Within it a network's corruptions draw from a seed; no stream moves.

  Args:
    network: a model.
    seed: int64 scalar tensor.
  """
  corruptions = [m for m in network.submodules if isinstance(m, Corruption)]
  states = [tf.identity(layer.generator.state) for layer in corruptions]
  for layer in corruptions:
    layer.generator.reset_from_key_counter(seed + layer.seed, [0, 0])
  try:
    yield
  finally:
    for layer, state in zip(corruptions, states, strict=True):
      layer.generator.reset(state)


def images_out(
  tensor: tf.Tensor, channels: int, kernel_size: int = 1
) -> tf.Tensor:
  """Last layers of a generator: float32 images in [-1, 1]."""
  tensor = convolution(channels, kernel_size)(tensor)
  return layers.Activation('tanh', dtype='float32', name='images')(tensor)
