"""ResNet34 with dilations in the place of strides."""

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

_BLOCKS = (3, 4, 6, 3)


@gin.register
def resnet34_segmenter(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 64,
  output_stride: int = 8,
  weights: str | None = None,
) -> tf.keras.Model:
  """A dilated ResNet34 (He et al., 2016; Yu et al., 2017), I2I Adapt's encoder.

  Where a stage would halve its maps below 1/`output_stride` of the size, it
  spreads its kernels instead: the maps of the undilated network are among its
  own. A 1x1 convolution to scores, bilinear to the image's size.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    filters: of the first stage, 64 in the papers; doubled at each stage.
    output_stride: 8 in I2I Adapt; 16 and 32 are faster, 32 has no dilations.
    weights: path of an h5 file, see `load`. None for random weights.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, height, width, n_classes]`, 'features': float32
    `[batch, height / output_stride, width / output_stride, 8 * filters]`, the
    input of the last layer}.

  Raises:
    ValueError: `output_stride` is another number.
    UserError: `weights` is not such a file.
  """
  images = layers.Input(image_shape, name='images')
  tensor = maps(images, filters, output_stride)
  logits = upsampled(scores(n_classes)(tensor), images, output_stride)
  model = segmenter(images, logits, tensor)
  load('resnet34_segmenter', model, weights)
  return model


def maps(
  images: tf.Tensor, filters: int = 64, output_stride: int = 32
) -> tf.Tensor:
  """Returns ResNet34's last maps of images.

  Args:
    images: symbolic `[batch, height, width, 3 or 1]` in [-1, 1].
    filters: see `resnet34_segmenter`.
    output_stride: likewise.

  Returns:
    `[batch, height / output_stride, width / output_stride, 8 * filters]`.

  Raises:
    ValueError: `output_stride` is another number.
  """
  if output_stride not in (8, 16, 32):
    raise ValueError(
      f'resnet34_segmenter: output_stride is {output_stride}: 8, 16 or 32'
    )
  tensor = convolution(standardized(images), filters, 7, 'conv1', strides=2)
  # ReLU leaves nothing below 0, so zeros around it are no maxima.
  tensor = layers.ZeroPadding2D(1)(layers.ReLU()(tensor))
  tensor = layers.MaxPool2D(3, 2)(tensor)
  stride, dilation = 4, 1
  for stage, blocks in enumerate(_BLOCKS):
    strides, first = 1, dilation
    if stage and stride < output_stride:
      strides, stride = 2, 2 * stride
    elif stage:
      dilation *= 2
    for block in range(1, blocks + 1):
      tensor = basic_block(
        tensor,
        filters * 2**stage,
        f'conv{stage + 2}_block{block}',
        strides=strides if block == 1 else 1,
        # What had the stride sees its input as it saw it then.
        dilations=(first if block == 1 else dilation, dilation),
      )
  return tensor


def load(network: str, model: tf.keras.Model, path: str | None) -> None:
  """Gives a network of these `maps` the weights of a file, see `pretrained`.

  Args:
    network: its name, for messages.
    model: it.
    path: an h5 file of all layers but that of scores, named as here or as in
      keras-cv's `ResNetBackbone`, or a `.weights.h5` of either. Neither
      publishes ImageNet's weights of ResNet34; PyTorch has them, whose padding
      is as here, and Keras's is not.

  Raises:
    UserError: it is no such file.
  """
  pretrained.load(network, model, path, also=_KERAS_CV)


def _keras_cv_names():
  """Returns keras-cv's names of the layers by those that they have here."""
  names = {}
  for stage, blocks in enumerate(_BLOCKS):
    for block in range(1, blocks + 1):
      for part in ('0_conv', '0_bn', '1_conv', '1_bn', '2_conv', '2_bn'):
        ours = f'conv{stage + 2}_block{block}_{part}'
        names[ours] = f'v2_stack_{stage}_block{block}_{part}'
  return names


_KERAS_CV = _keras_cv_names()
