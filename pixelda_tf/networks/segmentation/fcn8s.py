"""FCN8s on VGG16."""

from typing import Any

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.networks.layers import Corruption, ImageShape
from pixelda_tf.networks.segmentation import pretrained
from pixelda_tf.networks.segmentation.maps import (
  CropTo,
  scores,
  segmenter,
  upsampled,
)

layers = tf.keras.layers

# Convolutions of each stage, with filters as a multiple of the first one's.
_STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))
# Added to images in [-1, 1]: then ImageNet's mean is 0 in each channel.
_OFFSETS = (1 - np.array([123.68, 116.779, 103.939]) / 127.5).tolist()
_MARGIN = 99


@gin.register
def fcn8s_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 64,
  fc_filters: int = 4096,
  fc_kernel_size: int = 7,
  margin: bool = True,
  dropout_rate: float = 0.5,
  weights: str | None = None,
  seed: int = 0,
) -> tf.keras.Model:
  """FCN8s on VGG16 (Long et al., 2015) as CyCADA's released code has it.

  Images within a margin of zeros, poolings that round up, fc6 as a convolution
  without padding, dropout of whole maps behind fc6 and fc7. Scores of fc7 are
  brought to the size of pool4 and added to its own, then to that of pool3 and
  added to its own, then to the image's: bilinear, with fixed weights. Layers of
  scores start at 0; pool4 and pool3 are scaled by 0.01 and 0.0001 before.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    filters: of the first stage, 64 in the paper.
    fc_filters: of fc6 and fc7, 4,096 in the paper; 1,024 serves CPUs.
    fc_kernel_size: of fc6, 7 in the paper. 3 is dilated so that it sees as far,
      and serves CPUs.
    margin: whether images lie within a margin of 99 zeros, and fc6 is not
      padded, as in the paper. Without it fc6 is, and scores do not fade at the
      border: for CPUs, as it makes maps of 240x180 pixels four times as large.
    dropout_rate: behind fc6 and fc7, 0.5 in the paper.
    weights: path of keras.applications' VGG16, an h5 file with or without its
      top, whose fc1 and fc2 are taken where they fit. None for random weights.
    seed: start of the dropouts' random streams.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, rows, columns, fc_filters]`, fc7 after dropout}; there are
    ceil((height + 198) / 32) - 6 rows, without a margin ceil(height / 32). Its
    layers 'pool1' to 'pool5' are the poolings, within the margin.

  Raises:
    ValueError: `fc_kernel_size` is another number.
    UserError: `weights` is not such a file.
  """
  if fc_kernel_size not in (3, 7):
    raise ValueError(
      f'fcn8s_segmenter: fc_kernel_size is {fc_kernel_size}: 3 or 7'
    )

  def convolution(width, kernel_size, name, **kwargs):
    return layers.Conv2D(
      width,
      kernel_size,
      activation='relu',
      kernel_initializer='he_normal',
      name=name,
      **kwargs,
    )

  images = layers.Input(image_shape, name='images')
  tensor = layers.Rescaling(1.0, _OFFSETS)(images)
  if margin:
    tensor = layers.ZeroPadding2D(_MARGIN)(tensor)
  names, pools = {}, []
  for stage, (count, multiple) in enumerate(_STAGES, 1):
    for part in range(1, count + 1):
      name = f'conv{stage}_{part}'
      names[name] = f'block{stage}_conv{part}'
      tensor = convolution(multiple * filters, 3, name, padding='same')(tensor)
    pool = layers.MaxPool2D(2, padding='same', name=f'pool{stage}')
    tensor = pool(tensor)
    pools.append(tensor)
  for part, kernel_size in enumerate((fc_kernel_size, 1)):
    name = f'fc{6 + part}'
    names[name] = f'fc{1 + part}'
    dilation = 6 // (kernel_size - 1) if kernel_size > 1 else 1
    fc = convolution(
      fc_filters,
      kernel_size,
      name,
      dilation_rate=dilation,
      padding='valid' if margin else 'same',
    )
    dropout = Corruption(dropout_rate, 0.0, seed + part, whole_channels=True)
    tensor = dropout(fc(tensor))

  logits = scores(n_classes, zero=True)(tensor)
  for pool, scale, offset in ((4, 0.01, 5), (3, 0.0001, 9)):
    beside = layers.Rescaling(scale, dtype='float32')(pools[pool - 1])
    beside = scores(n_classes, f'scores_pool{pool}', zero=True)(beside)
    if margin:
      logits = Bilinear(2)(logits)
      # What lies above the scores: of the margin, and 3 of fc6's 7 rows.
      beside = CropTo(offset)([beside, logits])
    else:
      logits = upsampled(logits, beside, 2)
    logits = layers.Add()([logits, beside])
  if margin:
    logits = CropTo(31)([Bilinear(8)(logits), images])
  else:
    logits = upsampled(logits, images, 8)
  model = segmenter(images, logits, tensor)
  pretrained.load(
    'fcn8s_segmenter',
    model,
    weights,
    names=names,
    optional=('fc6', 'fc7'),
    convert=_convert,
  )
  return model


def _convert(name, arrays):
  """Returns keras.applications' arrays as this network has them.

  Theirs see BGR from 0 to 255 less the mean, and have dense layers.
  """
  kernel, bias = arrays
  if name == 'block1_conv1':
    kernel = 127.5 * kernel[:, :, ::-1]
  elif name == 'fc1':
    kernel = kernel.reshape((7, 7, -1, kernel.shape[-1]))
  elif name == 'fc2':
    kernel = kernel[np.newaxis, np.newaxis]
  return [kernel, bias]


class Bilinear(tf.keras.layers.Layer):
  """A transposed convolution with the fixed weights of bilinear interpolation.

  Its kernel is twice as wide as its stride, and nothing is cropped: of n rows
  it makes (n + 1) * factor, which fade to 0 at both ends. It has no weights; a
  resize of the rows within a margin of zeros gives the same numbers.

  Args:
    factor: stride, an even number.
  """

  def __init__(self, factor: int, dtype: str = 'float32', **kwargs: Any):
    """See the class."""
    super().__init__(dtype=dtype, **kwargs)
    self.factor = factor

  def call(self, maps: tf.Tensor) -> tf.Tensor:
    """Of `[batch, n, m, c]` makes `[batch, (n + 1) f, (m + 1) f, c]`."""
    maps = tf.pad(maps, [[0, 0], [1, 1], [1, 1], [0, 0]])
    size = self.factor * tf.shape(maps)[1:3]
    margin = self.factor // 2
    return tf.image.resize(maps, size)[:, margin:-margin, margin:-margin]

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'factor': self.factor}
