import itertools
import re
import types

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

from pixelda_tf import methods
from pixelda_tf.data import augmentation, movement, pairs
from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose, Classification
from pixelda_tf.runs import translated_source

AUGMENTATION = (
  movement.Move(shift=0.2, rotation=20.0),
  augmentation.ChangeColour(),
)


POSES = ClassAndPose(pose_weight=1.0)


@pytest.fixture
def pair(store):
  """Function that opens a pair of a small and a large tiny data set."""

  def open_pair(
    source=None,
    target=None,
    labelled_target=None,
    problem=None,
    **options,
  ):
    source = {'name': 'one', 'train': 23, 'shape': (4, 4, 1), **(source or {})}
    target = {'name': 'two', 'train': 11, 'shape': (6, 5, 3), **(target or {})}
    options = {'batch_size': 4, **options}
    if labelled_target is not None:
      labelled_target = {'train': 9, 'shape': (6, 5, 3), **labelled_target}
      options['labelled_target'] = store(name='three', **labelled_target)
    return pairs.Pair(
      source=store(num_shards=2, **source),
      target=store(num_shards=2, **target),
      **options,
    ).open(store.data_dir, problem=problem or Classification())

  return open_pair


def first(dataset, n):
  return list(itertools.islice(dataset.as_numpy_iterator(), n))


def assert_equal(batches, others):
  assert len(batches) == len(others)
  tf.nest.map_structure(np.testing.assert_array_equal, batches, others)


def test_batches_have_the_form_methods_take(pair):
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


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({}, (6, 5, 3)),
    ({'image_size': (8, 9)}, (8, 9, 3)),
    ({'channels': 1}, (6, 5, 1)),
  ],
)
def test_image_shape(pair, options, expected):
  opened = pair(**options)
  assert opened.image_shape == expected
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['image'].shape[1:] == expected
  assert batch['target']['image'].shape[1:] == expected
  assert opened.images('source', 3).shape == (3, *expected)


def test_grey_source_becomes_rgb_of_the_targets_size(pair):
  (batch,) = first(pair().train_batches(0), 1)
  image = batch['source']['image']
  np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_labels_belong_to_images_and_all_examples_come(pair):
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
def test_resumes_with_identical_batches(pair, role, start_step):
  """7 batches of 4 go past the end of both data sets (11 and 23 examples)."""
  opened = pair(
    source_augmentation=AUGMENTATION, target_augmentation=AUGMENTATION[0]
  )
  tf.random.set_seed(1)
  whole = first(opened.train_batches(5, role=role), start_step + 4)
  tf.random.set_seed(2)
  resumed = opened.train_batches(5, start_step=start_step, role=role)
  assert_equal(first(resumed, 4), whole[start_step:])


def test_seed_decides_order_and_augmentation(pair):
  opened = pair(source_augmentation=AUGMENTATION)
  one, again, other = (
    first(opened.train_batches(seed), 2) for seed in (5, 5, 6)
  )
  assert_equal(one, again)
  assert (one[0]['source']['image'] != other[0]['source']['image']).any()
  assert (one[0]['target']['image'] != other[0]['target']['image']).any()


def test_domains_of_the_same_data_are_in_different_orders(pair):
  same = {'train': 23, 'shape': (4, 4, 1)}
  (batch,) = first(pair(source=same, target=same).train_batches(0), 1)
  assert (batch['source']['image'] != batch['target']['image']).any()


def test_augmentation_reaches_training_only(pair):
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


def test_crops_are_parts_of_what_training_sees_else(pair):
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


def brighter(batch, seed):
  del seed
  return {**batch, 'image': batch['image'] * 0.5 + 0.5}


def test_a_strong_view_is_made_of_the_first(pair):
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


def test_a_strong_view_has_random_numbers_of_its_own(pair):
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


def test_validation_batches_are_of_the_validation_split(pair):
  assert pair().validation_batches() is None
  opened = pair(target={'test': 7, 'validation': 'train[:3]'})
  (batch,) = first(opened.validation_batches(), None)
  (expected,) = first(opened.test_batches(split='train[:3]'), None)
  assert_equal([batch], [expected])
  assert len(batch['label']) == 3
  unlabelled = {'name': 'three', 'class_names': None, 'validation': 'train[:3]'}
  assert pair(target=unlabelled).validation_batches() is None


def test_runs_with_deterministic_ops(pair):
  opened = pair(source_augmentation=AUGMENTATION)
  expected = first(opened.train_batches(5), 3)
  tf.config.experimental.enable_op_determinism()
  try:
    assert_equal(first(opened.train_batches(5), 3), expected)
  finally:
    config.disable_op_determinism()


@pytest.mark.parametrize('batch_size', [1, 3, 7, 100])
def test_evaluation_has_each_example_once(pair, batch_size):
  opened = pair(target={'test': 7})
  batches = first(opened.test_batches(batch_size=batch_size), None)
  labels = np.concatenate([batch['label'] for batch in batches])
  assert labels.tolist() == [n % 3 for n in range(7)]
  assert all(set(batch) == {'image', 'label'} for batch in batches)
  assert sum(len(batch['image']) for batch in batches) == 7


def test_evaluation_of_another_domain_and_split(pair):
  opened = pair(source={'test': 5})
  assert len(first(opened.test_batches('source'), None)[0]['label']) == 5
  (batch,) = first(opened.test_batches(split='train[:9]'), None)
  assert len(batch['label']) == 9


def test_unlabelled_target_trains_but_is_not_evaluated(pair):
  opened = pair(target={'class_names': None})
  assert opened.test_batches() is None
  assert len(first(opened.train_batches(0), 2)) == 2
  with pytest.raises(UserError, match='target two has no labels to train on'):
    opened.train_batches(0, role='supervised_target')


def test_supervised_target_is_the_only_way_to_its_labels(pair):
  opened = pair(image_size=(6, 5))
  (batch,) = first(opened.train_batches(0, role='supervised_target'), 1)
  numbers = np.round((batch['source']['image'][:, 0, 0, 0] + 1) * 127.5)
  np.testing.assert_array_equal(batch['source']['label'], numbers % 3)
  np.testing.assert_array_equal(
    batch['source']['image'], batch['target']['image']
  )


def test_target_labels_are_the_sources_by_name(pair):
  """Stored target labels 0, 1, 2 are c, a, b: the source's 2, 0, 1."""
  opened = pair(target={'class_names': ('c', 'a', 'b'), 'test': 6})
  (batch,) = first(opened.test_batches(), None)
  assert batch['label'].tolist() == [2, 0, 1, 2, 0, 1]
  (batch,) = first(opened.train_batches(0, role='supervised_target'), 1)
  numbers = np.round((batch['source']['image'][:, 0, 0, 0] + 1) * 127.5)
  np.testing.assert_array_equal(batch['source']['label'], (numbers - 1) % 3)


def test_different_classes_go_on_only_when_asked(pair):
  """Of the target's x, a, b only a and b are tested: 0 and 1."""
  different = {'class_names': ('x', 'a', 'b'), 'test': 6}
  with pytest.raises(UserError, match='classes of one and two differ'):
    pair(target=different)
  opened = pair(target=different, allow_class_mismatch=True)
  (batch,) = first(opened.test_batches(), None)
  assert batch['label'].tolist() == [0, 1, 0, 1]
  assert opened.class_names == ('a', 'b', 'c')
  with pytest.raises(UserError, match='classes that source one has not'):
    opened.train_batches(0, role='supervised_target')


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({'source': {'class_names': None}}, 'source one has no labels'),
    ({'batch_size': 0}, 'Pair.batch_size is 0'),
    (
      {'crop': (6, 6)},
      r'Pair.crop is \(6, 6\): a height and a width .* \(6, 5\)',
    ),
    ({'crop': (0, 2)}, r'Pair.crop is \(0, 2\): a height and a width'),
    ({'crop': (2,)}, r'Pair.crop is \(2,\): a height and a width'),
    ({'crop': 2}, r'Pair.crop is 2: a height and a width'),
    ({'crop': (2.0, 2)}, r'Pair.crop is \(2.0, 2\): a height and a width'),
    ({'image_size': 5}, r'Pair.image_size is 5: a height and a width'),
    ({'image_size': (0, 5)}, r'Pair.image_size is \(0, 5\): a height'),
    (
      {'source': {'shape': (4, 4, 3)}, 'target': {'shape': (4, 4, 4)}},
      '^one: images of 3 channels cannot become 4; set Pair.channels to 1 or 3',
    ),
    ({'channels': 4}, '^one: images of 1 channels cannot become 4; set Pair'),
    (
      {
        'labelled_target': {'shape': (4, 4, 4)},
        'source': {'shape': (4, 4, 4)},
      },
      '^two: images of 3 channels cannot become 4; set Pair.channels',
    ),
  ],
)
def test_what_does_not_fit_is_told_when_opened(pair, options, expected):
  with pytest.raises(UserError, match=expected) as error:
    pair(**options)
  assert '\n' not in error.value.message


def test_fewer_examples_than_a_batch_are_told(pair):
  opened = pair(batch_size=12)
  with pytest.raises(
    UserError, match=r"two: split 'train' has 11 .*Pair.batch_size \(12\)"
  ):
    opened.train_batches(0)


def test_images_are_the_first_in_stored_order(pair):
  images = pair(image_size=(6, 5)).images('target', 5)
  numbers = np.round((images[:, 0, 0, 0] + 1) * 127.5)
  assert numbers.tolist() == [0, 1, 2, 3, 4]
  assert len(pair().images('target')) == 11
  assert pair().gallery('source', 2).shape == (2, 6, 5, 3)


def test_shards_are_spread_over_replicas(pair):
  options = pair().train_batches(0).options()
  assert options.deterministic
  assert (
    options.experimental_distribute.auto_shard_policy
    == tf.data.experimental.AutoShardPolicy.DATA
  )


def numbers(images):
  return np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


LABELLED = {'class_names': ('c', 'a', 'b')}


def test_semi_supervised_batches_add_labelled_target_images(pair):
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


def test_labelled_target_role_has_its_images_alone(pair):
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
def test_labelled_target_batches_resume(pair, role):
  """Nine labelled images in batches of four: the third step is past them."""
  opened = pair(labelled_target=LABELLED, target_augmentation=AUGMENTATION[0])
  whole = first(opened.train_batches(5, role=role), 6)
  resumed = opened.train_batches(5, start_step=4, role=role)
  assert_equal(first(resumed, 2), whole[4:])
  (other,) = first(opened.train_batches(6, role=role), 1)
  key = 'labelled_target' if role == 'semi_supervised' else 'source'
  assert (other[key]['image'] != whole[0][key]['image']).any()


@pytest.mark.usefixtures('memory')
def test_chosen_classes_resume_too(pair):
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


def test_poses_come_with_their_images(pair, store):
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


def test_depth_is_a_fourth_channel_where_all_have_it(pair):
  rgbd = {'shape': (4, 4, 4)}
  opened = pair(source=rgbd, target=rgbd)
  assert opened.image_shape == (4, 4, 4)
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['image'].shape == (4, 4, 4, 4)
  colours = pair(source=rgbd, target=rgbd, channels=3)
  (without,) = first(colours.train_batches(0), 1)
  np.testing.assert_array_equal(
    without['source']['image'], batch['source']['image'][..., :3]
  )


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


def offline(opened, store, **options):
  """The pair of a row whose source another one translated, to what is told."""
  store(name='translated', **{'train': 9, 'shape': (6, 5, 3), **options})
  directory = types.SimpleNamespace(path=store.data_dir)
  translator = types.SimpleNamespace(directory=directory, original=opened)
  return translated_source.pair(opened, translator)


def test_a_translated_source_takes_the_sources_place(pair, store):
  """Its nine images, with their labels, not augmented again."""
  opened = pair(source_augmentation=AUGMENTATION)
  found = offline(opened, store)
  assert found.source.name == 'translated' and opened.source.name == 'one'
  assert found.target is opened.target
  assert found.image_shape == opened.image_shape
  plain = offline(pair(), store)
  seen = []
  for batch in first(plain.train_batches(5), 9):
    seen += numbers(batch['source']['image']).tolist()
    np.testing.assert_array_equal(
      batch['source']['label'], numbers(batch['source']['image']) % 3
    )
  assert sorted(seen) == sorted([*range(9)] * 4)
  for ours, theirs in zip(
    first(found.train_batches(5), 2),
    first(opened.train_batches(5), 2),
    strict=True,
  ):
    np.testing.assert_array_equal(
      ours['target']['image'], theirs['target']['image']
    )
  (batch,) = first(found.train_batches(5), 1)
  (unmoved,) = first(plain.train_batches(5), 1)
  np.testing.assert_array_equal(
    batch['source']['image'], unmoved['source']['image']
  )


def test_a_gallery_shows_images_as_training_sees_them(pair):
  """The same at every call; the target has no augmentation here."""
  opened = pair(source_augmentation=AUGMENTATION)
  source = opened.gallery('source', 5)
  assert (source != opened.images('source', 5)).any()
  np.testing.assert_array_equal(source, opened.gallery('source', 5))
  np.testing.assert_array_equal(
    opened.gallery('target', 5), opened.images('target', 5)
  )


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    (
      {'shape': (6, 5, 1)},
      'has images (6, 5, 1), expected (6, 5, 3)',
    ),
    (
      {'shape': (8, 5, 3)},
      'has images (8, 5, 3), expected (6, 5, 3)',
    ),
    (
      {'class_names': ('a', 'c', 'b')},
      "has classes ('a', 'c', 'b'), expected ('a', 'b', 'c')",
    ),
    (
      {'class_names': None},
      "has classes (), expected ('a', 'b', 'c')",
    ),
  ],
  ids=['channels', 'size', 'order of classes', 'no labels'],
)
def test_a_translated_source_of_another_form_is_told(
  pair, store, options, expected
):
  with pytest.raises(UserError, match=re.escape(expected) + ': delete'):
    offline(pair(), store, **options)


@pytest.mark.slow
@pytest.mark.usefixtures('memory')
@pytest.mark.parametrize('role', ['unsupervised', 'semi_supervised'])
def test_one_host_gets_what_hosts_get_together(pair, role):
  """Four parts on one, two and four hosts; augmentation and all."""
  options = {
    'parts': 4,
    'batch_size': 8,
    'labelled_target': {},
    'source_augmentation': AUGMENTATION[0],
  }
  (together, *others) = (
    [
      first(
        pair(**options).train_batches(3, 5, role, host=host, hosts=hosts), 4
      )
      for host in range(hosts)
    ]
    for hosts in (1, 2, 4)
  )
  for of_hosts in others:
    joined = [
      tf.nest.map_structure(lambda *parts: np.concatenate(parts), *batches)
      for batches in zip(*of_hosts, strict=True)
    ]
    assert_equal(joined, together[0])


def test_each_part_has_its_own_order_and_examples(pair):
  """A pass over each half of 20 examples: its own ones, once."""
  source = {'train': 20}
  opened = pair(source=source, batch_size=4)
  stored = [image.tobytes() for image in opened.images('source')]
  assert len(set(stored)) == 20
  orders = []
  for host in range(2):
    batches = first(opened.train_batches(0, host=host, hosts=2), 5)
    found = [
      image.tobytes() for batch in batches for image in batch['source']['image']
    ]
    half = stored[10 * host : 10 * host + 10]
    assert sorted(found) == sorted(half) and found != half
    orders.append([half.index(image) for image in found])
  assert orders[0] != orders[1]


def test_augmentations_do_not_draw_from_the_orders_streams(pair):
  """A step's seed is none of those of an epoch's order, whatever the role."""
  fold_in = tf.random.experimental.stateless_fold_in
  opened = pair(source_augmentation=lambda batch, seed: {**batch, 'seed': seed})
  for step, batch in enumerate(first(opened.train_batches(5), 3)):
    for order in range(3):
      taken = fold_in(fold_in((5, order), tf.constant(step, tf.int64)), 0)
      assert (batch['source']['seed'] != taken.numpy()).any()


def test_one_part_is_what_it_was_without_parts(pair):
  assert_equal(
    first(pair(parts=1).train_batches(0), 3), first(pair().train_batches(0), 3)
  )


@pytest.mark.parametrize(
  ('options', 'hosts', 'expected'),
  [
    ({'parts': 3}, 2, r'Pair.parts is 3: a multiple of the .* hosts \(2\)'),
    ({'parts': 0}, 1, 'Pair.parts is 0'),
    ({'parts': 3}, 1, r'Pair.batch_size is 4: a multiple of .* parts \(3\)'),
    (
      {'batch_size': 12, 'parts': 12},
      1,
      "two: part 1 of 12 of split 'train' holds no examples",
    ),
    (
      {'batch_size': 12},
      2,
      "two: part 1 of 2 of split 'train' has 5 examples, fewer than the 6",
    ),
  ],
)
def test_parts_that_cannot_be_are_told(pair, options, hosts, expected):
  with pytest.raises(UserError, match=expected):
    pair(**options).train_batches(0, hosts=hosts)
