"""Task networks for class and 3D pose (PixelDA, LineMod)."""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import Corruption, ImageShape, sides

layers = tf.keras.layers


@gin.register
def pose_estimator(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 32,
  dense: int = 100,
  dropout_rate: float = 0.5,
  private_levels: int = 2,
  seed: int = 0,
) -> tf.keras.Model:
  """The task network of PixelDA's LineMod experiments.

  A 3x3 convolution and a pooling by 2, with twice the filters each time, until
  height and width are at most 5; dense, dropout; class, and a quaternion, made
  a unit. The released code has a tanh before that: it saturates under the log
  loss, and every pose is then the same; it is left out.

  Args:
    image_shape: (height, width, channels).
    n_classes: number of classes.
    filters: filters of the first convolution, 32 in the released code.
    dense: units of the dense layer, 100 in the released code.
    dropout_rate: behind it, 0.5 in the released code.
    private_levels: convolutions that belong to the first stage, which
      `private_copy` keeps apart; 2 in the released code.
    seed: start of the dropout's random stream.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, n_classes]`, 'pose': float32 `[batch, 4]`, unit
    quaternions of either sign, 'features': float32 `[batch, dense]`, the input
    of the last layers}.
  """
  sides('pose_estimator', image_shape)
  tensor = images = layers.Input(image_shape, name='images')
  level = 0
  while max(tensor.shape[1:3]) > 5:
    stage = 'private' if level < private_levels else 'shared'
    tensor = layers.Conv2D(
      filters * 2**level,
      3,
      padding='same',
      activation='relu',
      name=f'{stage}_convolution_{level}',
    )(tensor)
    tensor = layers.MaxPool2D(2)(tensor)
    level += 1
  tensor = layers.Flatten()(tensor)
  tensor = layers.Dense(dense, activation='relu')(tensor)
  if dropout_rate:
    tensor = Corruption(dropout_rate, 0.0, seed)(tensor)
  features = layers.Activation('linear', dtype='float32', name='features')(
    tensor
  )
  logits = layers.Dense(n_classes, name='classes', dtype='float32')(tensor)
  pose = layers.Dense(4, name='quaternion', dtype='float32')(tensor)
  pose = layers.UnitNormalization(name='pose', dtype='float32')(pose)
  outputs = {'logits': logits, 'pose': pose, 'features': features}
  return tf.keras.Model(images, outputs, name='task')
