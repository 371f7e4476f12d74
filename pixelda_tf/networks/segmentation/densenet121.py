"""DenseNet121 with dilations in the place of strides."""

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

layers = tf.keras.layers

# Of the 3x3 convolutions behind a pooling that is left out.
_DILATIONS = {'conv4': 2, 'conv5': 4}


@gin.register
def densenet121_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  weights: str | None = None,
) -> tf.keras.Model:
  """A dilated DenseNet121 (Huang et al., 2017), I2I Adapt's second encoder.

  keras.applications' network to its last activation, without the poolings of
  its last two transitions, behind which kernels are spread by 2 and 4. A 1x1
  convolution to scores at 1/8 of the size, bilinear to the image's. The paper
  does not say how deep its DenseNet is.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    weights: path of keras.applications' DenseNet121, an h5 file with or without
      its top. None for random weights.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, height / 8, width / 8, 1024]`, the input of the last layer}.

  Raises:
    UserError: `weights` is not such a file.
  """
  undilated = tf.keras.applications.DenseNet121(
    include_top=False, weights=None, input_shape=(None, None, 3)
  )
  backbone = tf.keras.models.clone_model(undilated, clone_function=_dilated)
  images = layers.Input(image_shape, name='images')
  tensor = backbone(standardized(images))
  pretrained.load('densenet121_segmenter', backbone, weights)
  logits = upsampled(scores(n_classes)(tensor), images, 8)
  return segmenter(images, logits, tensor)


def _dilated(layer):
  """Returns a layer of the network with another stride or dilation."""
  config = layer.get_config()
  if layer.name in ('pool3_pool', 'pool4_pool'):
    return layers.Activation('linear', name=layer.name)
  if layer.name == 'pool2_pool':
    config['padding'] = 'same'  # Odd sizes are rounded up.
  stage, _, part = layer.name.partition('_')
  if part.endswith('_2_conv'):
    config['dilation_rate'] = _DILATIONS.get(stage, 1)
  return layer.from_config(config)
