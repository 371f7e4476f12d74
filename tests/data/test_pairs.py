import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

from pixelda_tf.data import augmentation, movement
from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose

AUGMENTATION = (
  movement.Move(shift=0.2, rotation=20.0),
  augmentation.ChangeColour(),
)


POSES = ClassAndPose(pose_weight=1.0)


def test_batches_have_the_form_methods_take(pair, first):
  opened = pair(source={'has_mask': True}, target={'has_mask': True})
  spec = opened.train_batches(0).element_spec
  assert {name: set(examples) for name, examples in spec.items()} == {
    'source': {'image', 'label', 'mask'},
    'target': {'image'},
  }
  shapes = tf.nest.map_structure(lambda s: (s.dtype.name, *s.shape), spec)
  assert shapes == {
    'source': {
      'image': ('float32', 4, 6, 5, 3),
      'label': ('int32', 4),
      'mask': ('float32', 4, 6, 5, 1),
    },
    'target': {'image': ('float32', 4, 6, 5, 3)},
  }
  for batch in first(opened.train_batches(0), 3):
    for examples in batch.values():
      assert abs(examples['image']).max() <= 1
    assert set(np.unique(batch['source']['mask'])) <= {0.0, 1.0}


def test_labels_belong_to_images_and_all_examples_come(pair, first):
  """23 source examples in batches of 4: 23 batches are 4 epochs."""
  opened = pair(image_size=(4, 4), channels=1)
  seen = []
  for batch in first(opened.train_batches(3), 23):
    numbers = np.round((batch['source']['image'][:, 0, 0, 0] + 1) * 127.5)
    np.testing.assert_array_equal(batch['source']['label'], numbers % 3)
    seen += numbers.tolist()
  assert sorted(seen) == sorted([*range(23)] * 4)


@pytest.mark.parametrize('role', ['unsupervised', 'supervised_target'])
@pytest.mark.parametrize('start_step', [1, 2, 7, 30])
def test_resumes_with_identical_batches(
  pair, role, start_step, first, assert_equal
):
  """7 batches of 4 go past the end of both data sets (11 and 23 examples)."""
  opened = pair(
    source_augmentation=AUGMENTATION, target_augmentation=AUGMENTATION[0]
  )
  tf.random.set_seed(1)
  whole = first(opened.train_batches(5, role=role), start_step + 4)
  tf.random.set_seed(2)
  resumed = opened.train_batches(5, start_step=start_step, role=role)
  assert_equal(first(resumed, 4), whole[start_step:])


def test_seed_decides_order_and_augmentation(pair, first, assert_equal):
  opened = pair(source_augmentation=AUGMENTATION)
  one, again, other = (
    first(opened.train_batches(seed), 2) for seed in (5, 5, 6)
  )
  assert_equal(one, again)
  assert (one[0]['source']['image'] != other[0]['source']['image']).any()
  assert (one[0]['target']['image'] != other[0]['target']['image']).any()


def test_domains_of_the_same_data_are_in_different_orders(pair, first):
  same = {'train': 23, 'shape': (4, 4, 1)}
  (batch,) = first(pair(source=same, target=same).train_batches(0), 1)
  assert (batch['source']['image'] != batch['target']['image']).any()


def test_augmentation_reaches_training_only(pair, first, assert_equal):
  plain = pair()
  opened = pair(
    source_augmentation=lambda batch, seed: {**batch, 'image': -batch['image']}
  )
  (before,) = first(plain.train_batches(0), 1)
  (after,) = first(opened.train_batches(0), 1)
  np.testing.assert_array_equal(
    after['source']['image'], -before['source']['image']
  )
  np.testing.assert_array_equal(
    after['target']['image'], before['target']['image']
  )
  assert_equal(
    first(opened.test_batches('source'), 1),
    first(plain.test_batches('source'), 1),
  )


def test_crops_are_parts_of_what_training_sees_else(pair, first, assert_equal):
  """Alike for images and masks, each its own; tests see whole images."""
  options = {
    'source': {'shape': (6, 5, 3), 'has_mask': True},
    'source_augmentation': AUGMENTATION,
  }
  whole, cropped = pair(**options), pair(crop=(3, 2), **options)
  assert whole.train_shape == cropped.image_shape == (6, 5, 3)
  assert cropped.train_shape == (3, 2, 3)
  corners = set()
  for role in ('unsupervised', 'supervised_target'):
    wholes, crops = (
      first(opened.train_batches(5, role=role), 5)
      for opened in (whole, cropped)
    )
    for batch, parts in zip(wholes, crops, strict=True):
      tf.nest.assert_same_structure(batch, parts)
      for domain, examples in parts.items():
        for number, image in enumerate(examples['image']):
          found = [
            (top, left)
            for top, left in np.ndindex(4, 4)
            if all(
              np.array_equal(
                batch[domain][key][number, top : top + 3, left : left + 2],
                examples[key][number],
              )
              for key in {'image', 'mask'} & set(examples)
            )
          ]
          assert len(found) == 1, image
          corners.update(found)
      for key in {'label'} & set(parts['source']):
        np.testing.assert_array_equal(
          batch['source'][key], parts['source'][key]
        )
  assert len(corners) > 8
  assert_equal(
    first(cropped.test_batches(), None), first(whole.test_batches(), None)
  )
  assert cropped.images('source', 2).shape == (2, 6, 5, 3)


def test_validation_batches_are_of_the_validation_split(
  pair, first, assert_equal
):
  assert pair().validation_batches() is None
  opened = pair(target={'test': 7, 'validation': 'train[:3]'})
  (batch,) = first(opened.validation_batches(), None)
  (expected,) = first(opened.test_batches(split='train[:3]'), None)
  assert_equal([batch], [expected])
  assert len(batch['label']) == 3
  unlabelled = {'name': 'three', 'class_names': None, 'validation': 'train[:3]'}
  assert pair(target=unlabelled).validation_batches() is None


def test_runs_with_deterministic_ops(pair, first, assert_equal):
  opened = pair(source_augmentation=AUGMENTATION)
  expected = first(opened.train_batches(5), 3)
  tf.config.experimental.enable_op_determinism()
  try:
    assert_equal(first(opened.train_batches(5), 3), expected)
  finally:
    config.disable_op_determinism()


@pytest.mark.parametrize('batch_size', [1, 3, 7, 100])
def test_evaluation_has_each_example_once(pair, batch_size, first):
  opened = pair(target={'test': 7})
  batches = first(opened.test_batches(batch_size=batch_size), None)
  labels = np.concatenate([batch['label'] for batch in batches])
  assert labels.tolist() == [n % 3 for n in range(7)]
  assert all(set(batch) == {'image', 'label'} for batch in batches)
  assert sum(len(batch['image']) for batch in batches) == 7


def test_evaluation_of_another_domain_and_split(pair, first):
  opened = pair(source={'test': 5})
  assert len(first(opened.test_batches('source'), None)[0]['label']) == 5
  (batch,) = first(opened.test_batches(split='train[:9]'), None)
  assert len(batch['label']) == 9


def test_unlabelled_target_trains_but_is_not_evaluated(pair, first):
  opened = pair(target={'class_names': None})
  assert opened.test_batches() is None
  assert len(first(opened.train_batches(0), 2)) == 2
  with pytest.raises(UserError, match='target two has no labels to train on'):
    opened.train_batches(0, role='supervised_target')


def test_supervised_target_is_the_only_way_to_its_labels(pair, first):
  opened = pair(image_size=(6, 5))
  (batch,) = first(opened.train_batches(0, role='supervised_target'), 1)
  numbers = np.round((batch['source']['image'][:, 0, 0, 0] + 1) * 127.5)
  np.testing.assert_array_equal(batch['source']['label'], numbers % 3)
  np.testing.assert_array_equal(
    batch['source']['image'], batch['target']['image']
  )


def test_images_are_the_first_in_stored_order(pair):
  images = pair(image_size=(6, 5)).images('target', 5)
  numbers = np.round((images[:, 0, 0, 0] + 1) * 127.5)
  assert numbers.tolist() == [0, 1, 2, 3, 4]
  assert len(pair().images('target')) == 11
  assert pair().gallery('source', 2).shape == (2, 6, 5, 3)


def numbers(images):
  return np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_poses_come_with_their_images(pair, store, first):
  opened = pair(
    source={'has_pose': True, 'has_mask': True, 'shape': (6, 5, 3)},
    target={'has_pose': True, 'has_mask': True},
    labelled_target={'has_pose': True},
    problem=POSES,
  )
  (batch,) = first(opened.train_batches(1, role='semi_supervised'), 1)
  assert set(batch['source']) == {'image', 'label', 'mask', 'pose'}
  assert set(batch['target']) == {'image'}
  assert set(batch['labelled_target']) == {'image', 'label', 'pose'}
  (test,) = first(opened.test_batches(), None)
  assert set(test) == {'image', 'label', 'pose'}
  for examples in (batch['source'], batch['labelled_target'], test):
    expected = [store.pose(number) for number in numbers(examples['image'])]
    np.testing.assert_array_equal(examples['pose'], expected)


def test_a_gallery_shows_images_as_training_sees_them(pair):
  """The same at every call; the target has no augmentation here."""
  opened = pair(source_augmentation=AUGMENTATION)
  source = opened.gallery('source', 5)
  assert (source != opened.images('source', 5)).any()
  np.testing.assert_array_equal(source, opened.gallery('source', 5))
  np.testing.assert_array_equal(
    opened.gallery('target', 5), opened.images('target', 5)
  )
