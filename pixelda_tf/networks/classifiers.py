"""Task networks for classification, the topologies of DANN and DSN.

The layers of a network's first stage have names that start with `private_`:
they are what the released PixelDA keeps apart for source and for translated
images (`private_copy`).
"""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import (
  Corruption,
  ImageShape,
  batch_normalization,
  sides,
)

layers = tf.keras.layers


def _chain(name, image_shape, n_classes, stages):
  sides(name, image_shape)
  tensor = images = layers.Input(image_shape, name='images')
  for layer in stages:
    tensor = layer(tensor)
  logits = layers.Dense(n_classes, name='classes')(tensor)
  outputs = {'logits': logits, 'features': tensor}
  return tf.keras.Model(
    images,
    {
      key: layers.Activation('linear', dtype='float32', name=key)(output)
      for key, output in outputs.items()
    },
    name='task',
  )


def _convolution(filters, kernel_size, **kwargs):
  return layers.Conv2D(
    filters, kernel_size, padding='same', activation='relu', **kwargs
  )


@gin.register
def mnist_classifier(image_shape: ImageShape, n_classes: int) -> tf.keras.Model:
  """The network of PixelDA's MNIST, MNIST-M and USPS experiments.

  conv 5x5 32, pool 2 | conv 5x5 48, pool 2, dense 100, dense 100, classes.

  Args:
    image_shape: (height, width, channels).
    n_classes: number of classes.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, n_classes]`, 'features': float32
    `[batch, d]`, the input of the last layer}.
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
  return _chain('mnist_classifier', image_shape, n_classes, stages)


@gin.register
def svhn_classifier(image_shape: ImageShape, n_classes: int) -> tf.keras.Model:
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
  return _chain('svhn_classifier', image_shape, n_classes, stages)


@gin.register
def lenet_classifier(
  image_shape: ImageShape,
  n_classes: int,
  *,
  dropout_rate: float = 0.5,
  seed: int = 0,
) -> tf.keras.Model:
  """CyCADA's variant of LeNet for MNIST and USPS (Fig. 7, released code).

  conv 5x5 20, pool 2, conv 5x5 50, dropout of whole channels, pool 2, dense
  500, dropout, classes; convolutions are not padded. Outputs and the other
  arguments as `mnist_classifier`.

  Args:
    image_shape: (height, width, channels), 28x28 in the paper.
    n_classes: number of classes.
    dropout_rate: of both dropouts, 0.5 in the released code.
    seed: start of the dropouts' random streams.

  Raises:
    ValueError: a side is shorter than 16.
  """
  height, width = sides('lenet_classifier', image_shape)
  if min(height, width) < 16:
    raise ValueError(
      'lenet_classifier: sides of at least 16 are needed, images are '
      f'{height}x{width}: change Pair.image_size or name '
      'another task'
    )
  stages = [
    layers.Conv2D(20, 5, name='private_convolution'),
    layers.MaxPool2D(2),
    layers.ReLU(),
    layers.Conv2D(50, 5),
    Corruption(dropout_rate, 0.0, seed, whole_channels=True),
    layers.MaxPool2D(2),
    layers.ReLU(),
    layers.Flatten(),
    layers.Dense(500, activation='relu'),
    Corruption(dropout_rate, 0.0, seed + 1),
  ]
  return _chain('lenet_classifier', image_shape, n_classes, stages)


@gin.register
def dtn_classifier(
  image_shape: ImageShape, n_classes: int, *, seed: int = 0
) -> tf.keras.Model:
  """CyCADA's network for SVHN, after DTN (Fig. 7, released code).

  Three 5x5 convolutions of stride 2 (64, 128, 256) with batch normalisation,
  dropout (0.1, 0.3, 0.5) and ReLU, dense 512 with batch normalisation, ReLU,
  dropout 0.5, classes. Arguments and outputs as `mnist_classifier`.
  """
  stages = []
  for level, dropout_rate in enumerate((0.1, 0.3, 0.5)):
    stages += [
      layers.Conv2D(
        64 * 2**level,
        5,
        2,
        padding='same',
        name=f'{"shared" if level else "private"}_convolution_{level}',
      ),
      batch_normalization(),
      Corruption(dropout_rate, 0.0, seed + level),
      layers.ReLU(),
    ]
  stages += [
    layers.Flatten(),
    layers.Dense(512),
    batch_normalization(),
    layers.ReLU(),
    Corruption(0.5, 0.0, seed + 3),
  ]
  return _chain('dtn_classifier', image_shape, n_classes, stages)


def private_copy(task: tf.keras.Model) -> tf.keras.Model:
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
