import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import domains
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.translation import (
  preview,
  store,
  translated_examples,
)
from pixelda_tf.evaluation.translation import translate as translate_images


class Brighter:
  """Translates by adding a random number of its own stream to all pixels."""

  image_shape = (2, 2, 3)

  def __init__(self):
    self.random = tf.random.Generator.from_seed(99)
    self.step = tf.Variable(12, dtype=tf.int64)

  def translate(self, images):
    return images + self.random.uniform([len(images), 1, 1, 1], 0.0, 0.5)


POSES = np.random.default_rng(0).normal(size=(70, 4)).astype(np.float32)


class Domain:
  """Dark images [2, 2, 1] of labels 0, 1, 2, ...; a mask where wanted."""

  def __init__(self, count, mask, pose=False):
    self.size = count
    self.mask = mask
    self.pose = pose

  def stored(self, split):
    assert split == 'train'
    labels = np.arange(self.size)
    examples = {
      'image': np.zeros([self.size, 2, 2, 1], np.uint8),
      'label': labels.astype(np.int32),
    }
    if self.mask:
      mask = np.zeros([self.size, 2, 2, 1], np.uint8)
      mask[:, 0, 1] = 255
      examples['mask'] = mask
    if self.pose:
      examples['pose'] = POSES[: self.size]
    return tf.data.Dataset.from_tensor_slices(examples)


def translate(samples=1, count=70, seed=3, mask=False, pose=False):
  domain = Domain(count, mask, pose)
  return list(
    translated_examples(Brighter(), domain, 'train', samples=samples, seed=seed)
  )


def test_images_and_masks_are_augmented_before_they_are_translated():
  """By other numbers in each batch of 64, and by the seed's."""

  def augment(batch, seed):
    assert set(batch) == {'image', 'label', 'mask'}
    seeds.append(seed.numpy().tolist())
    return batch | {
      'image': batch['image'] + 0.5,
      'mask': 1.0 - batch['mask'],
    }

  seeds = []
  examples = list(
    translated_examples(
      Brighter(),
      Domain(70, mask=True),
      'train',
      samples=1,
      seed=3,
      augment=augment,
    )
  )
  for ours, plain in zip(examples, translate(mask=True), strict=True):
    brighter = ours['image'].astype(int) - plain['image']
    assert set(np.unique(brighter)) <= {63, 64, 65}
    np.testing.assert_array_equal(ours['mask'], 255 - plain['mask'])
  assert len(examples) == 70
  assert len(seeds) == 2 and seeds[0] != seeds[1]


@pytest.mark.parametrize('samples', [1, 3])
def test_each_example_gives_its_samples_and_keeps_its_label(samples):
  """70 examples: more than one batch."""
  examples = translate(samples)
  labels = [int(example['label']) for example in examples]
  assert labels == [label for label in range(70) for _ in range(samples)]
  for example in examples:
    assert set(example) == {'image', 'label'}
    assert example['image'].shape == (2, 2, 3)
    assert example['image'].dtype == np.uint8
  values = [int(example['image'][0, 0, 0]) for example in examples]
  assert min(values) >= 0 and max(values) <= 64
  assert len(set(values[:samples])) == samples


def test_the_seed_decides():
  def values(seed):
    return [int(e['image'][0, 0, 0]) for e in translate(seed=seed)]

  assert values(3) == values(3) != values(4)


def test_masks_are_kept():
  for example in translate(mask=True, count=3):
    assert example['mask'].dtype == np.uint8
    np.testing.assert_array_equal(example['mask'][..., 0], [[0, 255], [0, 0]])


def test_poses_are_kept_bit_for_bit_with_every_sample():
  examples = translate(samples=2, pose=True)
  found = np.stack([example['pose'] for example in examples])
  assert found.dtype == np.float32
  np.testing.assert_array_equal(found, POSES.repeat(2, axis=0))
  assert all('pose' not in example for example in translate(count=3))


def test_preview_shows_the_sources_above_their_translations():
  """Twelve columns of 2x2 images with gaps of 2; a row a sample below."""
  picture = preview(Brighter(), Domain(70, False), 'train', samples=2, seed=3)
  assert picture.shape == (3 * 2 + 2 * 2, 12 * 2 + 11 * 2, 3)
  assert (picture[:2, :2] == 0).all()
  first, second = (example['image'] for example in translate(2)[:2])
  np.testing.assert_array_equal(picture[4:6, :2], first)
  np.testing.assert_array_equal(picture[8:, :2], second)


class Named(Domain):
  """As an open data set, `count` being a function."""

  name = 'dark'
  class_names = tuple(f'class {number}' for number in range(70))
  colours = None

  def __init__(self, mask=False, pose=False):
    super().__init__(70, mask, pose)
    kept = {'mask': mask, 'pose': pose}
    self.fields = ('image', 'label', *(name for name in kept if kept[name]))

  def count(self, split):
    assert split == 'train'
    return self.size


def store_dark(data_dir, name='bright', **options):
  domain = options.pop('domain', None) or Named()
  method = options.pop('method', None) or Brighter()
  return store(
    method,
    domain,
    'train',
    name=name,
    data_dir=str(data_dir),
    target_name='light',
    **options,
  )


@pytest.mark.parametrize('samples', [1, 2])
def test_a_stored_data_set_holds_the_translated_examples_in_order(
  samples, tmp_path
):
  store_dark(
    tmp_path, domain=Named(mask=True, pose=True), samples=samples, seed=3
  )
  stored = domains.Domain(name='bright').open(str(tmp_path))
  assert stored.class_names == Named.class_names
  assert stored.count('train') == 70 * samples
  assert stored.description == (
    f'dark train, each image {samples} time(s) in the style of light: Brighter '
    'after 12 steps, seed 3.'
  )
  expected = translate(samples, mask=True, pose=True)
  found = list(stored.stored('train').as_numpy_iterator())
  for ours, theirs in zip(found, expected, strict=True):
    assert set(ours) == set(theirs) == {'image', 'label', 'mask', 'pose'}
    for key, value in theirs.items():
      np.testing.assert_array_equal(ours[key], value)


def test_images_stand_before_their_translations_where_asked(tmp_path):
  """Both are brought to the method's size and augmented."""

  def augment(batch, seed):
    return batch | {'image': batch['image'] + 0.25}

  store_dark(
    tmp_path, domain=Named(mask=True), augment=augment, with_source=True, seed=3
  )
  stored = domains.Domain(name='bright').open(str(tmp_path))
  assert stored.count('train') == 140
  assert stored.description.endswith(
    'seed 3, augmented before, beside the image itself.'
  )
  found = list(stored.stored('train').as_numpy_iterator())
  before, after = found[::2], found[1::2]
  # -1 + 0.25 of [-1, 1], as uint8.
  dark = np.full((2, 2, 3), round(0.125 * 255), np.uint8)
  for label, (one, other) in enumerate(zip(before, after, strict=True)):
    assert one['label'] == other['label'] == label
    np.testing.assert_array_equal(one['mask'], other['mask'])
    np.testing.assert_array_equal(one['image'], dark)
    assert np.all(other['image'] >= dark)
  assert np.any(after[0]['image'] > dark)


def test_a_data_set_made_otherwise_is_replaced_when_asked(tmp_path):
  store_dark(tmp_path, seed=3)
  store_dark(tmp_path, seed=3)
  with pytest.raises(UserError, match='holds bright made otherwise .*seed 3'):
    store_dark(tmp_path, seed=4)
  store_dark(tmp_path, seed=4, overwrite=True)
  stored = domains.Domain(name='bright').open(str(tmp_path))
  assert 'seed 4' in stored.description


def test_the_name_of_a_built_in_data_set_is_refused(tmp_path):
  with pytest.raises(UserError, match='mnist: is the name of a built-in'):
    store_dark(tmp_path, name='mnist')


def test_a_method_that_fails_leaves_no_data_set(tmp_path):
  class Failing(Brighter):
    def translate(self, images):
      if len(images) < 64:  # The second batch.
        raise UserError('no more')
      return super().translate(images)

  with pytest.raises(UserError, match='no more'):
    store_dark(tmp_path, method=Failing())
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('back', [False, True])
def test_images_are_translated_some_at_a_time_each_with_its_own_noise(back):
  """130 images in parts of 64, 64 and 2; the noise is drawn at once."""
  parts = []

  class Noisy:
    def noise(self, count, seed):
      return tf.range(count, dtype=tf.float32)[:, None, None, None] + seed

    def translate(self, images, noise):
      parts.append(len(images))
      return images + noise

    def translate_back(self, images, noise):
      return self.translate(-images, noise)

  images = np.ones((130, 2, 2, 1), np.float32)
  found = translate_images(Noisy(), images, seed=7, back=back)
  assert parts == [64, 64, 2]
  assert found.shape == images.shape and found.dtype == np.float32
  expected = np.arange(130) + 7 + (-1 if back else 1)
  np.testing.assert_array_equal(found[:, 1, 1, 0], expected)
