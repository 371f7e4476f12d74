"""U-Net, small enough for CPUs."""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  ImageShape,
  Normalization,
  batch_normalization,
)
from pixelda_tf.networks.segmentation.maps import CropTo, scores, segmenter

layers = tf.keras.layers


@gin.register
def unet_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 16,
  levels: int = 4,
  max_multiple: int = 7,
  normalization: Normalization = batch_normalization,
) -> tf.keras.Model:
  """A U-Net (Ronneberger et al., 2015) of 0.89 million weights.

  Two 3x3 convolutions and a pooling by 2 a level, two convolutions at the
  bottom, and up again by transposed 2x2 convolutions, the maps of each level
  beside what comes up before one more convolution. The paper's starts with 64
  filters, doubles them at every level, has two convolutions there, pads nothing
  and normalises nothing.

  Args:
    image_shape: (height, width, channels); sides may be None, and need not be
      divisible.
    n_classes: number of classes.
    filters: filters of the first level, doubled at each one down.
    levels: number of poolings.
    max_multiple: filters grow to this many times `filters` and no more.
    normalization: function that returns a normalisation layer.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, height, width, filters]`, the input of the last layer}. Its layers
    'down_0' to 'down_<levels>' are what each level has on the way down.
  """

  def twice(tensor, level):
    for part in range(2):
      # The first stage of a task network, see `private_copy`.
      stage = 'shared' if level or part else 'private'
      name = f'{stage}_down_{level}_{part}'
      tensor = convolution(tensor, widths[level], name)
    return layers.Activation('linear', name=f'down_{level}')(tensor)

  def convolution(tensor, width, name=None):
    tensor = layers.Conv2D(
      width,
      3,
      padding='same',
      use_bias=False,
      kernel_initializer='he_normal',
      name=name,
    )(tensor)
    return layers.ReLU()(normalization()(tensor))

  widths = [filters * min(2**n, max_multiple) for n in range(levels + 1)]
  tensor = images = layers.Input(image_shape, name='images')
  skips = []
  for level in range(levels):
    tensor = twice(tensor, level)
    skips.append(tensor)
    tensor = layers.MaxPool2D(2, padding='same')(tensor)
  tensor = twice(tensor, levels)
  for level in reversed(range(levels)):
    # Poolings round up: what comes back may have a row and column too many.
    tensor = layers.Conv2DTranspose(widths[level], 2, 2)(tensor)
    tensor = CropTo()([tensor, skips[level]])
    tensor = layers.Concatenate()([tensor, skips[level]])
    tensor = convolution(tensor, widths[level])
  return segmenter(images, scores(n_classes)(tensor), tensor)
