"""DRN-26, a dilated residual network."""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import ImageShape
from pixelda_tf.networks.segmentation import pretrained
from pixelda_tf.networks.segmentation.maps import (
  scores,
  segmenter,
  standardized,
  upsampled,
)
from pixelda_tf.networks.segmentation.residual import basic_block, convolution

layers = tf.keras.layers

# Of each level: filters as a multiple of the first one's, blocks, stride,
# dilation, whether blocks have shortcuts.
_LEVELS = (
  (1, 1, 1, 1, True),
  (2, 1, 2, 1, True),
  (4, 2, 2, 1, True),
  (8, 2, 2, 1, True),
  (16, 2, 1, 2, True),
  (32, 2, 1, 4, True),
  # Without shortcuts, they take out the grid that dilations leave.
  (32, 1, 1, 2, False),
  (32, 1, 1, 1, False),
)


@gin.register
def drn26_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 16,
  weights: str | None = None,
) -> tf.keras.Model:
  """DRN-C-26 (Yu et al., 2017), CyCADA's second network for label maps.

  A 7x7 convolution, eight levels of basic blocks, a 1x1 convolution to scores
  at 1/8 of the size, bilinear to the image's.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    filters: of the first convolution, 16 in the paper.
    weights: path of an h5 file with all layers but the last, named as here.
      None is published: the authors' are PyTorch's. None for random ones.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, height / 8, width / 8, 32 * filters]`, the input of the last
    layer}.

  Raises:
    UserError: `weights` is not such a file.
  """
  images = layers.Input(image_shape, name='images')
  tensor = convolution(standardized(images), filters, 7, 'conv0')
  tensor = layers.ReLU()(tensor)
  for level, settings in enumerate(_LEVELS, 1):
    multiple, blocks, strides, dilation, residual = settings
    for block in range(1, blocks + 1):
      tensor = basic_block(
        tensor,
        multiple * filters,
        f'conv{level}_block{block}',
        strides=strides if block == 1 else 1,
        dilations=(dilation, dilation),
        residual=residual,
      )
  logits = upsampled(scores(n_classes)(tensor), images, 8)
  model = segmenter(images, logits, tensor)
  pretrained.load('drn26_segmenter', model, weights)
  return model
