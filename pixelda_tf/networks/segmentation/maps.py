"""What networks of maps share: sizes, and their last layers."""

from typing import Any

import numpy as np
import tensorflow as tf

layers = tf.keras.layers


def crop_to(maps: tf.Tensor, others: tf.Tensor, offset: int = 0) -> tf.Tensor:
  """Returns a part of maps that is as high and wide as others, see `CropTo`."""
  if None not in maps.shape[1:3] and maps.shape[1:3] == others.shape[1:3]:
    return maps  # A slice of all is copied, twice by its gradient.
  end = offset + tf.shape(others)
  cropped = maps[:, offset : end[1], offset : end[2]]
  return tf.ensure_shape(cropped, [*others.shape[:3], maps.shape[-1]])


class CropTo(tf.keras.layers.Layer):
  """A part of maps that is as high and wide as others.

  Args:
    offset: rows above it and columns before it.
  """

  def __init__(self, offset: int = 0, **kwargs: Any):
    """See the class."""
    super().__init__(**kwargs)
    self.offset = offset

  def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
    """Crops `[batch, height, width, channels]`.

    Args:
      inputs: the maps, and others that end where they do or before.
    """
    maps, others = inputs
    return crop_to(maps, others, self.offset)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return super().get_config() | {'offset': self.offset}


def standardized(images: tf.Tensor) -> tf.Tensor:
  """Returns images as PyTorch's ImageNet networks see them.

  Args:
    images: symbolic `[batch, height, width, channels]` in [-1, 1], 3 channels,
      or 1 for grey, of which 3 are made.

  Returns:
    `[batch, height, width, 3]`; over ImageNet each channel has mean 0 and
    standard deviation 1.
  """
  mean, deviation = np.array(
    [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]
  )  # Of channels in [0, 1].
  rescaling = layers.Rescaling(
    (0.5 / deviation).tolist(), ((0.5 - mean) / deviation).tolist()
  )
  return rescaling(images)


def upsampled(logits: tf.Tensor, images: tf.Tensor, factor: int) -> tf.Tensor:
  """Returns scores at the size of the images.

  Bilinear by pixels' centres, as released segmentation networks do by
  transposed convolutions with fixed weights; theirs fade to 0 at the border.

  Args:
    logits: symbolic `[batch, rows, columns, n_classes]`.
    images: symbolic images, at most `factor` times as high and wide.
    factor: how many times as high and wide scores become, before they are
      cropped below and at the right.
  """
  up = layers.UpSampling2D(factor, interpolation='bilinear', dtype='float32')
  return CropTo()([up(logits), images])


def scores(
  n_classes: int, name: str = 'scores', zero: bool = False
) -> tf.keras.layers.Layer:
  """A 1x1 convolution to class scores, in float32 whatever the precision.

  In bfloat16 TensorFlow 2.15's kernel of such a convolution with a bias, of
  4,096 maps to 11, writes where it must not.

  Args:
    n_classes: number of classes.
    name: of the layer, starts with 'scores'.
    zero: whether its weights start at 0.
  """
  return layers.Conv2D(
    n_classes,
    1,
    kernel_initializer='zeros' if zero else 'glorot_uniform',
    dtype='float32',
    name=name,
  )


def segmenter(
  images: tf.Tensor, logits: tf.Tensor, features: tf.Tensor
) -> tf.keras.Model:
  """Returns a task network of what its last layers hold.

  Args:
    images: symbolic input `[batch, height, width, channels]`.
    logits: `[batch, height, width, n_classes]`.
    features: `[batch, rows, columns, d]`.
  """
  outputs = {'logits': logits, 'features': features}
  return tf.keras.Model(
    images,
    {
      name: layers.Activation('linear', dtype='float32', name=name)(output)
      for name, output in outputs.items()
    },
    name='task',
  )
