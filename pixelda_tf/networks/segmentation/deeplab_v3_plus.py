"""DeepLabV3+ by keras-cv."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import ImageShape
from pixelda_tf.networks.segmentation import pretrained
from pixelda_tf.networks.segmentation.maps import scores, segmenter, upsampled

layers = tf.keras.layers

# Of its deepest maps.
_STRIDE = 32


@gin.register
def deeplab_v3_plus_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: Sequence[int] = (64, 128, 256, 512),
  blocks: Sequence[int] = (3, 4, 6, 3),
  basic_blocks: bool = False,
  dilation_rates: Sequence[int] = (6, 12, 18),
  pyramid_filters: int = 256,
  weights: str | None = None,
) -> tf.keras.Model:
  """DeepLabV3+ (Chen et al., 2018) on a ResNetV2, both keras-cv's.

  Its own differ from the paper's: the deepest maps have 1/32 of the size, and
  no 3x3 convolutions refine the two levels. Images are padded, below and at the
  right, to sides that 32 divides.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    filters: of the backbone's four stages.
    blocks: of each stage, ResNet50V2's; ResNet18V2 has (2, 2, 2, 2).
    basic_blocks: whether blocks have two convolutions, as in ResNet18V2, and
      not three.
    dilation_rates: of the spatial pyramid's 3x3 convolutions.
    pyramid_filters: of each of its parts, and of the layer before the last.
    weights: path of keras-cv's weights of that backbone, h5 or `.weights.h5`;
      for ResNet50V2 it publishes ImageNet's. None for random weights.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, height / 4, width / 4, pyramid_filters]`, the input of the last
    layer}.

  Raises:
    UserError: `weights` is not such a file.
  """
  import keras_cv  # It takes seconds.

  backbone = keras_cv.models.ResNetV2Backbone(
    stackwise_filters=list(filters),
    stackwise_blocks=list(blocks),
    stackwise_strides=[1, 2, 2, 2],
    include_rescaling=False,
    block_type='basic_block' if basic_blocks else 'block',
  )
  pretrained.load('deeplab_v3_plus_segmenter', backbone, weights)
  pyramid = keras_cv.layers.SpatialPyramidPooling(
    list(dilation_rates), num_channels=pyramid_filters
  )
  # Its own head upsamples maps before it makes scores of them, and ends in a
  # softmax.
  deeplab = keras_cv.models.DeepLabV3Plus(
    backbone,
    n_classes,
    spatial_pyramid_pooling=pyramid,
    segmentation_head=layers.Activation('linear', name='both_levels'),
  )
  images = layers.Input(image_shape, name='images')
  # keras-cv's networks see images in [0, 1].
  tensor = layers.Rescaling([0.5] * 3, [0.5] * 3)(images)
  tensor = deeplab(PadTo(_STRIDE)(tensor))
  tensor = layers.Conv2D(pyramid_filters, 1, use_bias=False, name='head_conv')(
    tensor
  )
  tensor = layers.BatchNormalization(name='head_bn')(tensor)
  tensor = layers.ReLU()(tensor)
  logits = upsampled(scores(n_classes)(tensor), images, 4)
  return segmenter(images, logits, tensor)


class PadTo(tf.keras.layers.Layer):
  """Zeros below and at the right, to sides that a number divides.

  Args:
    multiple: the number.
  """

  def __init__(self, multiple: int, **kwargs: Any):
    """See the class."""
    super().__init__(**kwargs)
    self.multiple = multiple

  def call(self, maps: tf.Tensor) -> tf.Tensor:
    """Pads `[batch, height, width, channels]`."""
    height, width = (
      -side % self.multiple for side in tf.unstack(tf.shape(maps)[1:3])
    )
    return tf.pad(maps, [[0, 0], [0, height], [0, width], [0, 0]])

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'multiple': self.multiple}
