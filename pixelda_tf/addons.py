"""The only module that imports tensorflow-addons, where there is one.

Its last release is for TensorFlow 2.15. Elsewhere TensorFlow's operation that
is behind its function gives the same bits.
"""

import sys
import warnings

import tensorflow as tf


def transform_by_operation(
  images: tf.Tensor,
  transforms: tf.Tensor,
  interpolation: str = 'nearest',
  fill_value: float = 0.0,
) -> tf.Tensor:
  """Applies a projective transform to each image.

  Args:
    images: `[n, height, width, channels]`.
    transforms: float32 `[n, 8]`, a0, a1, a2, b0, b1, b2, c0, c1: the output
      pixel (x, y) is the input's ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) /
      k) with k = c0 x + c1 y + 1.
    interpolation: 'nearest' or 'bilinear'.
    fill_value: of pixels that come in from outside.

  Returns:
    Images as `images`.
  """
  return tf.raw_ops.ImageProjectiveTransformV3(
    images=images,
    transforms=transforms,
    output_shape=tf.shape(images)[1:3],
    fill_value=fill_value,
    interpolation=interpolation.upper(),
    fill_mode='CONSTANT',
  )


if sys.version_info < (3, 12):
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import tensorflow_addons as tfa

  transform_images = tfa.image.transform
else:
  transform_images = transform_by_operation
