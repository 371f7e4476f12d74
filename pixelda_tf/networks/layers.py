"""The layers that several networks share."""

import gin
import tensorflow as tf

from pixelda_tf import addons

layers = tf.keras.layers


@gin.register
def batch_normalization():
  """Batch normalisation with the released PixelDA's decay and epsilon.

  The released code has an offset and no scale; the scale costs nothing in
  front of a convolution and is left out here as there.
  """
  return layers.BatchNormalization(momentum=0.9, epsilon=1e-3, scale=False)


@gin.register
def instance_normalization():
  """Instance normalisation with learned scale and offset (CycleGAN, LSD)."""
  return addons.InstanceNormalization(epsilon=1e-5)


@gin.register
def no_normalization():
  """Leaves its input as it is."""
  return layers.Activation('linear')


def convolution(filters, kernel_size, strides=1, use_bias=True):
  """Same-padded convolution, weights from N(0, 0.02) as in DCGAN."""
  return layers.Conv2D(
    filters,
    kernel_size,
    strides,
    padding='same',
    use_bias=use_bias,
    kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.02),
  )


class Corruption(layers.Layer):
  """Dropout, then Gaussian noise, in training only.

  Both come from a generator that belongs to the layer, so a checkpoint holds
  the stream's position and a resumed run draws what it would have drawn. (The
  released PixelDA adds its noise at evaluation too.)

  Args:
    dropout_rate: share of activations set to 0, in [0, 1).
    noise_stddev: standard deviation of the noise, in units of the input.
    seed: start of the random stream.
  """

  def __init__(self, dropout_rate, noise_stddev, seed, **kwargs):
    """See the class."""
    super().__init__(**kwargs)
    self.dropout_rate = dropout_rate
    self.noise_stddev = noise_stddev
    self.seed = seed
    self.generator = tf.random.Generator.from_seed(seed)

  def call(self, inputs, training=False):
    """Returns the inputs, corrupted where `training` is true."""
    if not training:
      return inputs
    outputs = inputs
    if self.dropout_rate:
      keep = 1.0 - self.dropout_rate
      kept = self.generator.uniform(tf.shape(outputs)) < keep
      outputs = tf.where(kept, outputs / keep, tf.zeros_like(outputs))
    if self.noise_stddev:
      noise = self.generator.normal(tf.shape(outputs), stddev=self.noise_stddev)
      outputs += tf.cast(noise, outputs.dtype)
    return outputs

  def get_config(self):
    """Returns the constructor's arguments."""
    return super().get_config() | {
      'dropout_rate': self.dropout_rate,
      'noise_stddev': self.noise_stddev,
      'seed': self.seed,
    }


def images_out(tensor, channels, kernel_size=1):
  """Last layers of a generator: float32 images in [-1, 1]."""
  tensor = convolution(channels, kernel_size)(tensor)
  return layers.Activation('tanh', dtype='float32', name='images')(tensor)
