"""Task networks for classification, the topologies of DANN and DSN.

The layers of a network's first stage have names that start with `private_`:
they are what the released PixelDA keeps apart for source and for translated
images (`private_copy`).
"""

import gin
import tensorflow as tf

layers = tf.keras.layers


def _chain(image_shape, n_classes, stages, name):
  tensor = images = layers.Input(image_shape, name='images')
  for layer in stages:
    tensor = layer(tensor)
  logits = layers.Dense(n_classes, name='classes')(tensor)
  logits = layers.Activation('linear', dtype='float32', name='logits')(logits)
  return tf.keras.Model(images, {'logits': logits}, name=name)


def _convolution(filters, kernel_size, **kwargs):
  return layers.Conv2D(
    filters, kernel_size, padding='same', activation='relu', **kwargs
  )


@gin.register
def mnist_classifier(image_shape, n_classes):
  """The network of PixelDA's MNIST, MNIST-M and USPS experiments.

  conv 5x5 32, pool 2 | conv 5x5 48, pool 2, dense 100, dense 100, classes.

  Args:
    image_shape: (height, width, channels).
    n_classes: number of classes.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, n_classes]`}.
  """
  stages = [
    _convolution(32, 5, name='private_convolution'),
    layers.MaxPool2D(2),
    _convolution(48, 5),
    layers.MaxPool2D(2),
    layers.Flatten(),
    layers.Dense(100, activation='relu'),
    layers.Dense(100, activation='relu'),
  ]
  return _chain(image_shape, n_classes, stages, 'task')


@gin.register
def svhn_classifier(image_shape, n_classes):
  """The network of DANN's and DSN's SVHN experiments.

  conv 5x5 64, pool 3/2 | conv 5x5 64, pool 3/2, conv 5x5 128, dense 3072,
  dense 2048, classes. Arguments and outputs as `mnist_classifier`.
  """
  stages = [
    _convolution(64, 5, name='private_convolution'),
    layers.MaxPool2D(3, 2, padding='same'),
    _convolution(64, 5),
    layers.MaxPool2D(3, 2, padding='same'),
    _convolution(128, 5),
    layers.Flatten(),
    layers.Dense(3072, activation='relu'),
    layers.Dense(2048, activation='relu'),
  ]
  return _chain(image_shape, n_classes, stages, 'task')


def private_copy(task):
  """A task network with a first stage of its own and all else shared.

  Args:
    task: a model whose first stage's layers are named `private_...`.

  Returns:
    A model of the same inputs and outputs. Its private layers have new
    weights; the others are `task`'s.
  """

  def copy(layer):
    if not layer.name.startswith('private_'):
      return layer
    return layer.__class__.from_config(layer.get_config())

  return tf.keras.models.clone_model(task, clone_function=copy)
