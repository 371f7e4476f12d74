"""One method for images of any size: crops in training, whole ones at test."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import CyCADA, CycleGAN, PixelDA, SourceOnly
from pixelda_tf.networks import (
  downsampling_residual_generator,
  patch_discriminator,
  residual_generator,
  unet_generator,
)


def any_task(image_shape, n_classes):
  """A convolution, the mean over the image, classes."""
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(2, 3, activation='tanh')(images)
  features = tf.keras.layers.GlobalAveragePooling2D()(tensor)
  logits = tf.keras.layers.Dense(n_classes)(features)
  return tf.keras.Model(images, {'logits': logits, 'features': features})


NETWORKS = {
  'generator': functools.partial(residual_generator, filters=3, blocks=1),
  'discriminator': functools.partial(
    patch_discriminator, filters=2, strides=(2,)
  ),
}
METHODS = {
  'source_only': (SourceOnly, {}),
  'pixelda': (PixelDA, {'noise_size': 2, 'class_head_weight': 0.5}),
  'cyclegan': (CycleGAN, {'pool_size': 4}),
  'cycada': (CyCADA, {'joint_classifier': True, 'align_features': True}),
}


@pytest.mark.slow
@pytest.mark.parametrize('name', METHODS)
def test_trained_on_crops_it_takes_whole_images(name):
  kind, options = METHODS[name]
  if kind is not SourceOnly:
    options = options | NETWORKS
  method = kind(
    image_shape=(24, 40, 3),
    train_shape=(16, 16, 3),
    n_classes=3,
    task=any_task,
    **options,
  )
  method.compile(tf.keras.optimizers.Adam(1e-3))
  step = tf.function(method.train_step, reduce_retracing=True)
  images = tf.random.uniform([4, 16, 16, 3], -1.0, 1.0)
  batch = {
    'source': {'image': images, 'label': tf.constant([0, 1, 2, 0])},
    'target': {'image': images[::-1]},
  }
  for _ in range(2):
    assert all(np.isfinite(value) for value in step(batch).values())
  whole = tf.random.uniform([2, 24, 40, 3], -1.0, 1.0)
  if method.predicts:
    assert method.predictions(whole)['probabilities'].shape == (2, 3)
  if method.translates:
    assert method.translate(whole).shape == whole.shape


@pytest.mark.parametrize('size', [(37, 51), (40, 50), (563, 1024)])
@pytest.mark.parametrize(
  'generator', [downsampling_residual_generator, unet_generator]
)
def test_a_generator_that_would_change_whole_images_sizes_is_told(
  generator, size
):
  """When it is built, not when all is translated after training on crops."""
  options = NETWORKS | {
    'generator': functools.partial(generator, filters=2),
    'train_shape': (32, 32, 3),
    'n_classes': 3,
  }
  message = f'generator cannot give images of {size[0]}x{size[1]}, whole,'
  with pytest.raises(ValueError, match=message):
    CycleGAN(image_shape=(*size, 3), **options)
  assert CycleGAN(image_shape=(40, 52, 3), **options).translates


def test_networks_are_of_any_size_where_crops_are_trained_on():
  """Else they are of the images' size, whatever that is."""
  whole, crop = (24, 40, 3), (16, 16, 3)
  for train_shape, expected in (
    (None, whole),
    (whole, whole),
    (crop, (None, None, 3)),
  ):
    method = SourceOnly(
      image_shape=whole, train_shape=train_shape, n_classes=3, task=any_task
    )
    assert method.image_shape == whole
    assert method.train_shape == (train_shape or whole)
    assert method.task.input_shape[1:] == expected
  assert method.train_shape == crop
  method = SourceOnly(image_shape=(None, None, 3), n_classes=3, task=any_task)
  assert method.task.input_shape == (None, None, None, 3)
