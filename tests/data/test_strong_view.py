"""A second view of target images, made of the first."""

import numpy as np
import pytest

from pixelda_tf.data import augmentation, movement
from pixelda_tf.errors import UserError

AUGMENTATION = (
  movement.Move(shift=0.2, rotation=20.0),
  augmentation.ChangeColour(),
)


def brighter(batch, seed):
  del seed
  return {**batch, 'image': batch['image'] * 0.5 + 0.5}


def test_a_strong_view_is_made_of_the_first(pair, first, assert_equal):
  """And changes nothing else."""
  options = {'target_augmentation': AUGMENTATION, 'crop': (4, 3)}
  plain = pair(**options)
  opened = pair(target_strong_augmentation=[brighter], **options)
  assert_equal(
    first(opened.train_batches(5), 2), first(plain.train_batches(5), 2)
  )
  for role in ('unsupervised', 'supervised_target'):
    batches = first(opened.train_batches(5, role=role, strong_view=True), 2)
    for batch in batches:
      image, strong = (
        batch['target']['image'],
        batch['target'].pop('strong_image'),
      )
      np.testing.assert_array_equal(strong, image * 0.5 + 0.5)
      batch['source'].pop('strong_image', None)
    assert_equal(batches, first(plain.train_batches(5, role=role), 2))


def test_a_strong_view_has_random_numbers_of_its_own(pair, first, assert_equal):
  noise = augmentation.AddNoise(stddev=0.1)
  opened = pair(target_augmentation=noise, target_strong_augmentation=noise)
  plain = pair()
  (batch,) = first(opened.train_batches(5, strong_view=True), 1)
  (without,) = first(plain.train_batches(5), 1)
  target = batch['target']
  weak = target['image'] - without['target']['image']
  strong = target['strong_image'] - target['image']
  assert abs(np.corrcoef(weak.ravel(), strong.ravel())[0, 1]) < 0.3
  resumed = opened.train_batches(5, start_step=2, strong_view=True)
  whole = first(opened.train_batches(5, strong_view=True), 3)
  assert_equal(first(resumed, 1), whole[2:])


def test_a_strong_view_needs_something_that_makes_it(pair):
  with pytest.raises(UserError, match='Pair.target_strong_augmentation'):
    pair().train_batches(0, strong_view=True)
