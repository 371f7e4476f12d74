"""A second view of target images, made of the first."""

import numpy as np
import pytest

from pixelda_tf.data import Pair, augmentation, movement
from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose, Segmentation

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


@pytest.mark.parametrize(
  'problem, options',
  [
    (Segmentation(), {'has_segmentation': True}),
    (ClassAndPose(pose_weight=1.0), {'has_pose': True}),
  ],
  ids=['label maps', 'poses'],
)
def test_what_is_learnt_of_the_first_view_is_not_moved_in_the_second(
  problem, options, store
):
  """Labels of images may: their class is that of all views."""
  domain = store(train=20, **options)

  def opened(strong):
    both = {'source': domain, 'target': domain}
    pair = Pair(**both, batch_size=4, target_strong_augmentation=strong)
    return pair.open(store.data_dir, problem=problem)

  colours = augmentation.ChangeColour(), augmentation.Cutout()
  opened(colours).train_batches(0, strong_view=True)
  nouns = 'label maps' if 'has_segmentation' in options else 'poses'
  with pytest.raises(UserError, match=f'strong_augmentation moves {nouns}'):
    opened(AUGMENTATION).train_batches(0, strong_view=True)
