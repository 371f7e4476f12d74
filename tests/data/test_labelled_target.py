"""Labelled target images in batches, and what methods learn of them."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import methods
from pixelda_tf.data import movement
from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose

MOVE = movement.Move(shift=0.2, rotation=20.0)


def numbers(images):
  return np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


LABELLED = {'class_names': ('c', 'a', 'b')}


def test_semi_supervised_batches_add_labelled_target_images(
  pair, first, assert_equal
):
  """Stored labels 0, 1, 2 of the third set are the source's 2, 0, 1.

  Source and target batches are as they are without.
  """
  opened = pair(labelled_target={**LABELLED, 'train': 8})
  batches = first(opened.train_batches(3, role='semi_supervised'), 4)
  seen = []
  for batch in batches:
    labelled = batch.pop('labelled_target')
    assert set(labelled) == {'image', 'label'}
    assert labelled['image'].shape == (4, 6, 5, 3)
    assert labelled['label'].dtype == np.int32
    found = numbers(labelled['image'])
    np.testing.assert_array_equal(labelled['label'], (found - 1) % 3)
    seen += found.tolist()
  assert sorted(seen) == sorted([*range(8)] * 2)
  assert_equal(batches, first(opened.train_batches(3), 4))


def test_labelled_target_role_has_its_images_alone(pair, first, assert_equal):
  opened = pair(labelled_target=LABELLED)
  (batch,) = first(opened.train_batches(0, role='labelled_target'), 1)
  assert set(batch) == {'source', 'target'} and set(batch['target']) == {
    'image'
  }
  found = numbers(batch['source']['image'])
  np.testing.assert_array_equal(batch['source']['label'], (found - 1) % 3)
  np.testing.assert_array_equal(
    batch['source']['image'], batch['target']['image']
  )
  (semi,) = first(opened.train_batches(0, role='semi_supervised'), 1)
  assert_equal([semi['labelled_target']], [batch['source']])


@pytest.mark.usefixtures('memory')
@pytest.mark.parametrize('role', ['semi_supervised', 'labelled_target'])
def test_labelled_target_batches_resume(pair, role, first, assert_equal):
  """Nine labelled images in batches of four: the third step is past them."""
  opened = pair(labelled_target=LABELLED, target_augmentation=MOVE)
  whole = first(opened.train_batches(5, role=role), 6)
  resumed = opened.train_batches(5, start_step=4, role=role)
  assert_equal(first(resumed, 2), whole[4:])
  (other,) = first(opened.train_batches(6, role=role), 1)
  key = 'labelled_target' if role == 'semi_supervised' else 'source'
  assert (other[key]['image'] != whole[0][key]['image']).any()


@pytest.mark.usefixtures('memory')
def test_chosen_classes_resume_too(pair, first, assert_equal):
  opened = pair(
    source={'classes': ['a', 'c']},
    labelled_target={'classes': ['b']},
    batch_size=2,
  )
  whole = first(opened.train_batches(5, role='semi_supervised'), 9)
  for batch in whole:
    assert set(batch['source']['label']) <= {0, 2}
    assert set(batch['labelled_target']['label']) == {1}
  resumed = opened.train_batches(5, start_step=7, role='semi_supervised')
  assert_equal(first(resumed, 2), whole[7:])


@pytest.mark.parametrize('role', ['semi_supervised', 'labelled_target'])
@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({}, 'learns from labelled target images, but Pair.labelled_target names'),
    (
      {'labelled_target': {'class_names': None}},
      'target three has no labels to train on',
    ),
    (
      {
        'labelled_target': {'class_names': ('a', 'b', 'c', 'd')},
        'allow_class_mismatch': True,
      },
      'target three has classes that source one has not',
    ),
    (
      {'labelled_target': {'train': 3}},
      r"three: split 'train' has 3 examples.*Pair.batch_size \(4\)",
    ),
  ],
)
def test_labelled_target_images_that_cannot_be_are_told(
  pair, options, expected, role
):
  opened = pair(**options)
  with pytest.raises(UserError, match=expected):
    opened.train_batches(0, role=role)


def small_task(image_shape, n_classes):
  images = tf.keras.Input(image_shape)
  flat = tf.keras.layers.Flatten()(images)
  pose = tf.keras.layers.UnitNormalization()(tf.keras.layers.Dense(4)(flat))
  logits = tf.keras.layers.Dense(n_classes)(flat)
  return tf.keras.Model(images, {'logits': logits, 'pose': pose})


# By method, the domains whose labelled images it learns from, and its terms.
ROLES = {
  'SourceOnly': ({'one'}, {'class', 'pose'}),
  'TargetOnly': ({'two'}, {'class', 'pose'}),
  'LabelledTargetOnly': ({'three'}, {'class', 'pose'}),
  'SourceAndLabelledTarget': (
    {'one', 'three'},
    {'class', 'pose', 'target_class', 'target_pose'},
  ),
}


@pytest.mark.parametrize('name', ROLES)
def test_methods_learn_from_the_images_of_their_role(name, pair):
  """The images of the three sets differ: a loss tells which it has seen."""
  domains, terms = ROLES[name]
  tiny = {'shape': (4, 4, 1), 'has_pose': True}
  opened = pair(source=tiny, target=tiny, labelled_target=tiny)
  stored = {
    domain.name: {
      image.tobytes() for image in opened.images(where).astype(np.float32)
    }
    for where, domain in (
      ('source', opened.source),
      ('target', opened.target),
      ('labelled_target', opened.labelled_target),
    )
  }
  seen = set()

  class Watched(ClassAndPose):
    def losses(self, examples, outputs):
      for image in examples['image'].numpy():
        seen.update(key for key in stored if image.tobytes() in stored[key])
      return super().losses(examples, outputs)

  method = getattr(methods, name)(
    image_shape=opened.image_shape,
    n_classes=opened.n_classes,
    task=small_task,
    problem=Watched(pose_weight=1.0),
  )
  method.compile(tf.keras.optimizers.Adam(1e-3))
  before = [value.numpy() for value in method.task.trainable_variables]
  for batch in opened.train_batches(0, role=method.role).take(2):
    logs = method.train_step(batch)
  assert set(logs) == {f'task/{term}' for term in {*terms, 'gradient_norm'}}
  assert seen == domains
  for old, new in zip(before, method.task.trainable_variables, strict=True):
    assert np.any(old != new)
