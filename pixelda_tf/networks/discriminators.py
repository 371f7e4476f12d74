"""Discriminators: does an image come from the target domain?"""

from collections.abc import Sequence

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  Corruption,
  ImageShape,
  Normalization,
  batch_normalization,
  convolution,
  leaky_relu,
  sides,
)

layers = tf.keras.layers

# Tells the stream of the input's noise from those of the levels.
_INPUT = 1000


@gin.register
def pyramid_discriminator(
  image_shape: ImageShape,
  n_classes: int = 0,
  *,
  filters: int = 64,
  slope: float = 0.2,
  dropout_rate: float = 0.1,
  noise_stddev: float = 0.2,
  input_noise_stddev: float = 0.0,
  normalization: Normalization = batch_normalization,
  seed: int = 0,
) -> tf.keras.Model:
  """PixelDA's discriminator (Sect. 4.1): one decision an image.

  A 3x3 convolution of stride 1, then 3x3 convolutions of stride 2 with twice
  the filters each, until height and width are at most 4, then one dense unit.
  Every activation is a leaky ReLU followed by dropout and Gaussian noise, in
  training only. On a CPU the two take a quarter of a PixelDA step: set them to
  0 where the discriminator does not win without them, or put noise on its input
  alone, which costs little.

  Args:
    image_shape: (height, width, channels).
    n_classes: 0; this discriminator has no class head.
    filters: filters of the first convolution, 64 in the paper.
    slope: of the leaky ReLU, 0.2 in the released code.
    dropout_rate: 0.1 in the released code.
    noise_stddev: 0.2 in the released code.
    input_noise_stddev: noise on the images, none in the released code.
    normalization: function that returns a normalisation layer.
    seed: start of the dropout's and noise's random streams.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'domain': float32 `[batch, 1]` logits, above 0 is real}.

  Raises:
    ValueError: n_classes is not 0, or a side is None.
  """
  if n_classes:
    raise ValueError('pyramid_discriminator has no class head')
  sides('pyramid_discriminator', image_shape)

  def activation(tensor, level):
    tensor = leaky_relu(slope)(tensor)
    if dropout_rate or noise_stddev:
      tensor = Corruption(dropout_rate, noise_stddev, seed + level)(tensor)
    return tensor

  tensor = images = layers.Input(image_shape, name='images')
  if input_noise_stddev:
    tensor = Corruption(0.0, input_noise_stddev, seed + _INPUT)(tensor)
  tensor = activation(convolution(filters, 3)(tensor), 0)
  level = 0
  while max(tensor.shape[1:3]) > 4:
    level += 1
    tensor = convolution(filters * 2**level, 3, 2, use_bias=False)(tensor)
    tensor = activation(normalization()(tensor), level)
  logits = layers.Dense(1, dtype='float32')(layers.Flatten()(tensor))
  return tf.keras.Model(images, {'domain': logits}, name='discriminator')


@gin.register
def patch_discriminator(
  image_shape: ImageShape,
  n_classes: int = 0,
  *,
  filters: int = 64,
  kernel_size: int = 4,
  strides: Sequence[int] = (2, 2),
  head_kernel_size: int = 3,
  max_multiple: int = 8,
  slope: float = 0.2,
  n_domains: int = 1,
  dropout_rate: float = 0.0,
  noise_stddev: float = 0.0,
  normalization: Normalization = batch_normalization,
  seed: int = 0,
) -> tf.keras.Model:
  """A grid of decisions, with ACGAN's auxiliary class head where asked.

  Convolutions with leaky ReLUs (the first without normalisation), then a
  convolution to the logits of every patch. The class head (Odena et al., 2016)
  names each patch's class. What a decision sees, in pixels: 23x23 with kernels
  of 3 and strides (2, 2, 1), CycleGAN-UDA's; 70x70 with kernels of 4 and
  strides (2, 2, 2, 1), CycleGAN's.

  Args:
    image_shape: (height, width, channels); sides may be None.
    n_classes: width of the class head; 0 for none.
    filters: filters of the first convolution, doubled at each level.
    kernel_size: of the convolutions.
    strides: of the convolutions, one each; the grid has height divided by their
      product rows.
    head_kernel_size: of the convolution to the logits.
    max_multiple: filters grow to this many times `filters` and no more.
    slope: of the leaky ReLU.
    n_domains: logits of a domain decision: 1 for real against fake, 4 for
      `losses.four_way`.
    dropout_rate: after every activation, in training only.
    noise_stddev: likewise.
    normalization: function that returns a normalisation layer.
    seed: start of the dropout's and noise's random streams.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'domain': float32 `[batch, rows, columns, n_domains]`} and, with a class
    head, {'class': float32 `[batch, rows, columns, n_classes]`}: logits.
  """
  images = layers.Input(image_shape, name='images')
  tensor = images
  for level, stride in enumerate(strides):
    multiple = min(2**level, max_multiple)
    tensor = convolution(filters * multiple, kernel_size, stride)(tensor)
    if level:
      tensor = normalization()(tensor)
    tensor = leaky_relu(slope)(tensor)
    if dropout_rate or noise_stddev:
      tensor = Corruption(dropout_rate, noise_stddev, seed + level)(tensor)

  def head(width, name):
    logits = convolution(width, head_kernel_size)(tensor)
    return layers.Activation('linear', dtype='float32', name=name)(logits)

  outputs = {'domain': head(n_domains, 'domain')}
  if n_classes:
    outputs['class'] = head(n_classes, 'class')
  return tf.keras.Model(images, outputs, name='discriminator')


@gin.register
def feature_discriminator(
  size: int, *, units: int = 500, slope: float = 0.0
) -> tf.keras.Model:
  """CyCADA's discriminator of features (Fig. 7): three dense layers.

  Args:
    size: length of a feature vector.
    units: of the two hidden layers, 500 in the released code, whose last layer
      has two outputs: the same decision as one logit.
    slope: of leaky ReLUs; 0 for ReLUs, as CyCADA's.

  Returns:
    Model of float32 `[batch, size]` to {'domain': float32 `[batch, 1]` logits,
    above 0 is source}.
  """
  tensor = features = layers.Input((size,), name='features')
  for _ in range(2):
    if slope:
      tensor = leaky_relu(slope)(layers.Dense(units)(tensor))
    else:
      tensor = layers.Dense(units, activation='relu')(tensor)
  logits = layers.Dense(1, dtype='float32')(tensor)
  return tf.keras.Model(
    features, {'domain': logits}, name='feature_discriminator'
  )


@gin.register
def feature_map_discriminator(
  size: int,
  *,
  filters: int = 512,
  slope: float = 0.0,
  dropout_rate: float = 0.5,
  seed: int = 0,
) -> tf.keras.Model:
  """CyCADA's discriminator of maps of features: a decision at each place.

  Three 1x1 convolutions, the first two with dropout of whole maps and ReLU, as
  in the released code, whose last one has two outputs: the same decision as one
  logit.

  Args:
    size: number of maps.
    filters: of the first convolution; the second has half. In the released code
      1,024 on FCN8s's fc7 and 512 on class scores.
    slope: of leaky ReLUs; 0 for ReLUs, as CyCADA's.
    dropout_rate: fraction of maps that are dropped, 0.5 in the released code.
    seed: start of the dropouts' random streams.

  Returns:
    Model of float32 `[batch, rows, columns, size]` to {'domain': float32
    `[batch, rows, columns, 1]` logits, above 0 is source}.
  """
  tensor = features = layers.Input((None, None, size), name='features')
  for part, width in enumerate((filters, filters // 2)):
    tensor = layers.Conv2D(width, 1, kernel_initializer='he_normal')(tensor)
    if dropout_rate:
      dropout = Corruption(dropout_rate, 0.0, seed + part, whole_channels=True)
      tensor = dropout(tensor)
    tensor = (leaky_relu(slope) if slope else layers.ReLU())(tensor)
  logits = layers.Conv2D(1, 1, dtype='float32')(tensor)
  return tf.keras.Model(
    features, {'domain': logits}, name='feature_discriminator'
  )
