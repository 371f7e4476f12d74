"""What networks of maps share: sizes, and their last layers."""

import tensorflow as tf

layers = tf.keras.layers


class CropTo(tf.keras.layers.Layer):
  """The upper left part of maps, as high and wide as others."""

  def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
    """Crops `[batch, height, width, channels]`.

    Args:
      inputs: the maps, and others that are no larger.
    """
    maps, others = inputs
    shape = tf.shape(others)
    cropped = maps[:, : shape[1], : shape[2]]
    return tf.ensure_shape(cropped, [*others.shape[:3], maps.shape[-1]])


def scores(n_classes: int, zero: bool = False) -> tf.keras.layers.Layer:
  """A 1x1 convolution to class scores, in float32 whatever the precision.

  In bfloat16 TensorFlow 2.15's kernel of such a convolution with a bias, of
  4,096 maps to 11, writes where it must not.

  Args:
    n_classes: number of classes.
    zero: whether its weights start at 0.
  """
  return layers.Conv2D(
    n_classes,
    1,
    kernel_initializer='zeros' if zero else 'glorot_uniform',
    dtype='float32',
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
