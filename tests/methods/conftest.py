"""Tiny batches and networks whose outputs are easy to recompute."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import PixelDA
from pixelda_tf.networks import pyramid_discriminator, residual_generator

IMAGE_SHAPE = (8, 8, 1)
N_CLASSES = 3
NOISE_SIZE = 2


def small_task(image_shape, n_classes):
  """One private convolution, one dense layer."""
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(
    2, 3, activation='tanh', name='private_convolution'
  )(images)
  logits = tf.keras.layers.Dense(n_classes, name='classes')(
    tf.keras.layers.Flatten()(tensor)
  )
  return tf.keras.Model(images, {'logits': logits}, name='task')


NETWORKS = {
  'generator': functools.partial(residual_generator, filters=3, blocks=1),
  'discriminator': functools.partial(pyramid_discriminator, filters=2),
  'task': small_task,
}


@pytest.fixture
def build_networks():
  """Function that builds (G, D, T), the same ones at every call."""

  def build():
    tf.keras.utils.set_random_seed(3)
    return (
      NETWORKS['generator'](IMAGE_SHAPE, NOISE_SIZE),
      NETWORKS['discriminator'](IMAGE_SHAPE, 0),
      NETWORKS['task'](IMAGE_SHAPE, N_CLASSES),
    )

  return build


@pytest.fixture
def build_pixelda():
  """Function of options to a PixelDA with the networks above."""

  def build(**kwargs):
    tf.keras.utils.set_random_seed(3)
    options = {'noise_size': NOISE_SIZE, 'seed': 5} | NETWORKS | kwargs
    return PixelDA(image_shape=IMAGE_SHAPE, n_classes=N_CLASSES, **options)

  return build


@pytest.fixture
def build_batch():
  """Function of (seed, mask) to a batch of four source and target images."""

  def build(seed=0, mask=False, count=4):
    random = np.random.default_rng(seed)
    source, target = random.uniform(-1, 1, (2, count, *IMAGE_SHAPE))
    batch = {
      'source': {
        'image': tf.constant(source, tf.float32),
        'label': tf.constant(random.integers(N_CLASSES, size=count), tf.int32),
      },
      'target': {'image': tf.constant(target, tf.float32)},
    }
    if mask:
      batch['source']['mask'] = tf.constant(
        random.uniform(size=(count, 8, 8, 1)) < 0.5, tf.float32
      )
    return batch

  return build


@pytest.fixture
def still():
  """An optimizer that moves nothing."""
  return tf.keras.optimizers.SGD(0.0)
