"""What all augmentations have in common."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import augmentation, movement

SEED = tf.constant([3, 4], tf.int32)
AUGMENTATIONS = [
  augmentation.ChangeColour(),
  augmentation.AddNoise(grains=(1, 3, 100)),
  augmentation.Cutout(),
  movement.Move(),
  movement.Scale(),
  movement.Proportions(height=3, width=2),
  movement.Flip(),
]


def without_pose(batch, augment):
  """Leaves a pose to those that know what becomes of it."""
  if isinstance(augment, movement.Flip):
    batch.pop('pose')
  return batch


@pytest.mark.parametrize('augment', AUGMENTATIONS)
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_keeps_form_and_range(augment, channels, random_batch):
  batch = random_batch(channels=channels)
  batch = without_pose(batch, augment)
  augmented = augment(batch, SEED)
  assert set(augmented) == set(batch)
  for key, value in augmented.items():
    assert value.shape == batch[key].shape
    assert value.dtype == batch[key].dtype
  assert abs(augmented['image']).numpy().max() <= 1
  assert set(np.unique(augmented['mask'])) <= {0.0, 1.0}
  np.testing.assert_array_equal(augmented['label'], batch['label'])


@pytest.mark.parametrize('augment', AUGMENTATIONS)
def test_is_a_function_of_the_seed_and_differs_by_image(augment, random_batch):
  image = random_batch(n=1)['image']
  batch = {'image': tf.repeat(image, 3, axis=0)}
  tf.random.set_seed(1)
  first = augment(batch, SEED)['image'].numpy()
  tf.random.set_seed(2)
  np.testing.assert_array_equal(augment(batch, SEED)['image'], first)
  assert (augment(batch, SEED + 1)['image'] != first).numpy().any()
  assert (first[0] != first[1]).any()
  assert (first[1] != first[2]).any()


@pytest.mark.parametrize('augment', AUGMENTATIONS)
def test_does_not_change_what_it_is_given(augment, random_batch):
  batch = without_pose(random_batch(), augment)
  before = {key: value.numpy() for key, value in batch.items()}
  augment(batch, SEED)
  for key, value in before.items():
    np.testing.assert_array_equal(batch[key], value)
