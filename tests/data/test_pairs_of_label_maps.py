"""Label maps in a pair: moved, cropped and streamed with their images."""

import types

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import augmentation, corruption, movement, pairs
from pixelda_tf.errors import UserError
from pixelda_tf.fields import images as stored_images
from pixelda_tf.fields import label_maps
from pixelda_tf.runs import translated_source

MAPS = {'has_segmentation': True, 'shape': (8, 12, 3)}


class Maps:
  """What a pair asks of a problem that learns label maps."""

  targets = ('segmentation',)

  def check(self, domain, role):
    assert 'segmentation' in domain.fields

  def can_test(self, domain):
    return 'segmentation' in domain.fields


@pytest.fixture
def pair(store):
  """Function that opens a pair of two small sets with label maps."""

  def open_pair(source=None, target=None, **options):
    return pairs.Pair(
      source=store(name='one', **MAPS | {'train': 9} | (source or {})),
      target=store(name='two', **MAPS | {'train': 7} | (target or {})),
      **{'batch_size': 4} | options,
    ).open(store.data_dir, problem=Maps())

  return open_pair


def to_uint8(images):
  return np.round((images + 1) * 127.5).astype(np.uint8)


@pytest.mark.usefixtures('memory')
def test_a_class_belongs_to_its_pixel_wherever_it_moves(
  pair, store, first, assert_equal
):
  """Flipped and cropped; of a target, training sees the images alone."""
  opened = pair(augmentation=movement.Flip(), crop=(5, 7))
  for role in ('unsupervised', 'supervised_target'):
    batches = first(opened.train_batches(3, role=role), 5)
    for batch in batches:
      assert set(batch['target']) == {'image'}
      images = batch['source']['image']
      maps = batch['source']['segmentation']
      assert images.shape == (4, 5, 7, 3)
      assert maps.shape == (4, 5, 7, 1) and maps.dtype == np.int32
      np.testing.assert_array_equal(maps, store.classes(to_uint8(images), 3))
      assert label_maps.IGNORE in maps
    resumed = first(opened.train_batches(3, start_step=3, role=role), 2)
    assert_equal(resumed, batches[3:])


def test_what_comes_in_from_outside_is_black_and_ignored(pair, first):
  """Half the size: three quarters of each image are black and of no class."""
  opened = pair(augmentation=movement.Scale(factors=(0.5, 0.5)))
  for batch in first(opened.train_batches(0), 3):
    outside = (batch['source']['image'] == -1.0).all(axis=-1)
    assert 0.5 < outside.mean() < 0.8
    assert (batch['source']['segmentation'][outside] == label_maps.IGNORE).all()


def test_training_sees_maps_of_the_images_size_and_tests_their_own(pair, first):
  opened = pair(image_size=(4, 6))
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['segmentation'].shape == (4, 4, 6, 1)
  (test,) = first(opened.test_batches(), None)
  assert set(test) == {'image', 'segmentation'}
  assert test['image'].shape == (7, 4, 6, 3)
  assert test['segmentation'].shape == (7, 8, 12, 1)
  (whole,) = first(pair().test_batches(), None)
  np.testing.assert_array_equal(test['segmentation'], whole['segmentation'])


def test_a_test_has_as_many_at_once_as_its_largest_maps_allow(
  pair, monkeypatch, first
):
  """Small images, whose maps are large."""
  monkeypatch.setattr(stored_images, '_PIXELS', 3 * 8 * 12)
  batches = first(pair(image_size=(2, 3)).test_batches(), None)
  assert [len(batch['image']) for batch in batches] == [3, 3, 1]


def test_classes_in_another_order_are_those_of_the_source(pair, store, first):
  """Stored 0, 1, 2 of the target are the source's 1, 2, 0."""
  opened = pair(target={'class_names': ('b', 'c', 'a')})
  (test,) = first(opened.test_batches(), None)
  stored = store.classes(to_uint8(test['image']), 3)
  expected = np.where(stored == 255, 255, (stored + 1) % 3)
  np.testing.assert_array_equal(test['segmentation'], expected)


def test_a_class_that_the_source_has_not_is_ignored(pair, store, first):
  opened = pair(
    target={'class_names': ('a', 'b', 'd')}, allow_class_mismatch=True
  )
  (test,) = first(opened.test_batches(), None)
  stored = store.classes(to_uint8(test['image']), 3)
  expected = np.where(stored == 2, label_maps.IGNORE, stored)
  np.testing.assert_array_equal(test['segmentation'], expected)
  opened.check('supervised_target')
  (batch,) = first(opened.train_batches(0, role='supervised_target'), 1)
  stored = store.classes(to_uint8(batch['source']['image']), 3)
  expected = np.where(stored == 2, label_maps.IGNORE, stored)
  np.testing.assert_array_equal(batch['source']['segmentation'], expected)


def test_augmentation_of_both_domains_is_not_what_translators_see(pair, first):
  """It is on top of each domain's own, with random numbers of its own."""
  noise = augmentation.AddNoise(stddev=0.1)
  plain, own, both = (
    pair(**options)
    for options in (
      {},
      {'source_augmentation': noise},
      {'source_augmentation': noise, 'augmentation': noise},
    )
  )
  (without,), (once,), (twice,) = (
    first(opened.train_batches(1), 1) for opened in (plain, own, both)
  )
  np.testing.assert_array_equal(
    once['target']['image'], without['target']['image']
  )
  assert np.any(twice['target']['image'] != once['target']['image'])
  steps = (
    once['source']['image'] - without['source']['image'],
    twice['source']['image'] - once['source']['image'],
  )
  assert abs(np.corrcoef(*map(np.ravel, steps))[0, 1]) < 0.3
  np.testing.assert_array_equal(
    own.gallery('source', 3), both.gallery('source', 3)
  )


def offline(opened, translator, store, shape):
  """The pair that trains on what a row of another pair translated."""
  store(name='translated', **MAPS | {'train': 9, 'shape': shape})
  directory = types.SimpleNamespace(path=store.data_dir)
  row = types.SimpleNamespace(directory=directory, original=translator)
  return translated_source.pair(opened, row)


def test_a_translated_source_comes_to_the_pairs_size(pair, store, first):
  """Translated at half the size, maps with images."""
  opened = pair(source_augmentation=movement.Move())
  found = offline(opened, opened.changed(image_size=(4, 6)), store, (4, 6, 3))
  assert found.image_shape == (8, 12, 3)
  (batch,) = first(found.train_batches(0), 1)
  assert batch['source']['image'].shape == (4, 8, 12, 3)
  maps = batch['source']['segmentation']
  assert maps.shape == (4, 8, 12, 1)
  corners = batch['source']['image'][:, :1, :1], maps[:, :1, :1]
  np.testing.assert_array_equal(
    corners[1], store.classes(to_uint8(corners[0]), 3)
  )


def test_a_translated_source_is_augmented_in_training(pair, store, first):
  """By what both domains are, not by what it was before its translation."""
  opened = pair(source_augmentation=movement.Move())
  flipping = offline(
    opened.changed(augmentation=movement.Flip()), opened, store, (8, 12, 3)
  )
  stored = {to_uint8(image).tobytes() for image in flipping.images('source')}
  seen = np.concatenate(
    [batch['source']['image'] for batch in first(flipping.train_batches(0), 9)]
  )
  kept = [to_uint8(image).tobytes() in stored for image in seen]
  mirrored = [to_uint8(image[:, ::-1]).tobytes() in stored for image in seen]
  assert any(kept) and any(mirrored)
  assert all(a != b for a, b in zip(kept, mirrored, strict=True))


def test_a_source_translated_at_another_size_than_the_row_has_is_told(
  pair, store
):
  opened = pair()
  message = r'has images \(4, 6, 3\), expected \(8, 12, 3\): delete'
  with pytest.raises(UserError, match=message):
    offline(opened, opened, store, (4, 6, 3))


def test_settings_of_a_changed_pair_are_its_own(pair, first):
  opened = pair()
  changed = opened.changed(crop=(3, 4), batch_size=2)
  assert changed.train_shape == (3, 4, 3) and opened.train_shape == (8, 12, 3)
  (batch,) = first(changed.train_batches(0), 1)
  assert batch['source']['image'].shape == (2, 3, 4, 3)
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['image'].shape == (4, 8, 12, 3)
  assert changed.source is opened.source and changed.target is opened.target


@pytest.mark.parametrize('crop', [(9, 12), (8, 13), (0, 4), (4,)])
def test_a_crop_larger_than_the_image_is_told(pair, crop):
  with pytest.raises(
    UserError, match=r'Pair.crop is .* those of the images'
  ) as e:
    pair().changed(crop=crop)
  assert '(8, 12)' in e.value.message and '\n' not in e.value.message


def test_a_damaged_label_map_is_found(pair, store):
  """One that is smaller than the image."""
  features = pair().source._info.features
  (shard,) = (store.data_dir / 'one').glob('*/*train.tfrecord*')
  assert corruption.all_sound([shard], 9, features)
  payloads, _, _ = corruption.find_corrupt(shard, 9, features)
  example = tf.train.Example.FromString(payloads[0])
  small = tf.io.encode_png(np.zeros((2, 2, 1), np.uint8)).numpy()
  example.features.feature['segmentation'].bytes_list.value[0] = small
  with tf.io.TFRecordWriter(str(shard)) as writer:
    for payload in (example.SerializeToString(), *payloads[1:]):
      writer.write(payload)
  assert not corruption.all_sound([shard], 9, features)
  _, _, (found,) = corruption.find_corrupt(shard, 9, features)
  assert found.index == 0
