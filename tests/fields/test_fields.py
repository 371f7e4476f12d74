"""Every field, and what is done to all of them alike."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.fields import FIELDS, Field

SEED = tf.constant([3, 4], tf.int32)
NO_TURN = tf.zeros([2])
# Each output pixel is the input's one to its right.
FROM_RIGHT = tf.constant([[1.0, 0, 1, 0, 1, 0, 0, 0]] * 2)


@pytest.fixture
def label_map(monkeypatch):
  """A map of labels, as one more entry."""
  monkeypatch.setitem(
    FIELDS,
    'label_map',
    Field(
      noun='maps of labels',
      remedy='prepare them',
      feature=None,
      prepare=None,
      store=None,
      take=None,
      interpolation='nearest',
      fill=255,
    ),
  )


def stored(n=2):
  random = np.random.default_rng(0)
  poses = random.normal(size=(n, 4))
  return {
    'image': random.integers(256, size=(n, 4, 6, 3), dtype='uint8'),
    'label': np.arange(n, dtype=np.int64),
    'mask': 255 * random.integers(2, size=(n, 4, 6, 1), dtype='uint8'),
    'pose': (poses / np.linalg.norm(poses, axis=1, keepdims=True)).astype('f4'),
    'segmentation': random.choice([0, 1, 10, 255], (n, 4, 6, 1)).astype('u1'),
  }


def test_what_is_prepared_has_the_form_networks_take():
  example = stored()
  prepared = fields.prepare(example, (4, 6, 3))
  assert {name: values.dtype for name, values in prepared.items()} == {
    'image': tf.float32,
    'label': tf.int32,
    'mask': tf.float32,
    'pose': tf.float32,
    'segmentation': tf.int32,
  }
  np.testing.assert_allclose(
    prepared['image'], example['image'] / 127.5 - 1, atol=1e-6
  )
  np.testing.assert_array_equal(prepared['mask'], example['mask'] / 255)
  for name in ('label', 'pose', 'segmentation'):
    np.testing.assert_array_equal(prepared[name], example[name])


def test_what_is_prepared_is_stored_again_as_it_was():
  example = stored()
  for name, values in fields.prepare(example, (4, 6, 3)).items():
    back = FIELDS[name].store(values.numpy())
    np.testing.assert_array_equal(back, example[name], err_msg=name)


def test_what_is_prepared_can_be_prepared_again():
  prepared = fields.prepare(stored(), (4, 6, 3))
  again = fields.prepare(prepared, (4, 6, 3))
  tf.nest.map_structure(np.testing.assert_array_equal, again, prepared)


def test_one_example_is_prepared_as_a_batch_of_them():
  example = stored()
  batch = fields.prepare(example, (8, 12, 1))
  for index in range(2):
    one = {name: values[index] for name, values in example.items()}
    for name, values in fields.prepare(one, (8, 12, 1)).items():
      np.testing.assert_allclose(values, batch[name][index], atol=1e-6)


@pytest.mark.parametrize('dtype', ['uint8', 'bool', 'float32', 'int64'])
def test_masks_of_zero_and_one_are_taken_too(dtype):
  mask = np.array([[[0], [1]]]).astype(dtype)
  prepared = FIELDS['mask'].prepare(tf.constant(mask), (2, 4, 3))
  np.testing.assert_array_equal(prepared[..., 0], [[0, 0, 1, 1]] * 2)


def test_every_map_comes_from_the_same_places(label_map):
  """One pixel to the right's; what comes in from outside is the field's."""
  numbers = np.arange(2 * 4 * 6).reshape(2, 4, 6)
  batch = {
    'image': tf.constant(numbers[..., None] / 100, tf.float32),
    'mask': tf.constant(numbers[..., None] % 2, tf.float32),
    'label_map': tf.constant(numbers, tf.int32),
    'label': tf.constant([0, 1]),
  }
  warped = fields.warp(batch, FROM_RIGHT, NO_TURN, image_fill=-0.5)
  assert set(warped) == set(batch)
  for name, fill in (('image', -0.5), ('mask', 0.0), ('label_map', 255)):
    found, given = warped[name], batch[name]
    assert found.dtype == given.dtype and found.shape == given.shape
    np.testing.assert_array_equal(found[:, :, :-1], given[:, :, 1:])
    assert np.all(found[:, :, -1] == fill)
  assert warped['label'] is batch['label']


def test_crops_of_all_maps_are_the_same_part_of_each_image(label_map):
  n, numbers = 200, np.arange(200 * 5 * 7).reshape(200, 5, 7)
  batch = {
    'image': tf.constant(numbers[..., None], tf.float32),
    'label_map': tf.constant(numbers, tf.int32),
    'label': tf.range(n),
  }
  cropped = fields.crop(batch, (2, 3), SEED)
  assert cropped['image'].shape == (n, 2, 3, 1)
  np.testing.assert_array_equal(cropped['image'][..., 0], cropped['label_map'])
  corners = set()
  for part, whole in zip(cropped['label_map'].numpy(), numbers, strict=True):
    ((top, left),) = np.argwhere(whole == part[0, 0])
    np.testing.assert_array_equal(part, whole[top : top + 2, left : left + 3])
    corners.add((top, left))
  assert corners == {(top, left) for top in range(4) for left in range(5)}
  assert cropped['label'] is batch['label']
  again = fields.crop(batch, (2, 3), SEED)
  np.testing.assert_array_equal(again['image'], cropped['image'])
  other = fields.crop(batch, (2, 3), SEED + 1)
  assert np.any(other['image'] != cropped['image'])


def test_a_crop_of_the_whole_image_is_the_image():
  batch = {'image': tf.random.uniform([2, 4, 6, 3])}
  cropped = fields.crop(batch, (4, 6), SEED)
  np.testing.assert_array_equal(cropped['image'], batch['image'])


def test_padding_adds_what_comes_in_from_outside():
  """A margin of 2 around each map; depth, the fourth channel, is far there."""
  example = {name: values[0] for name, values in stored().items()}
  depth = example['image'][..., :1]
  example['image'] = np.concatenate([example['image'], depth], axis=-1)
  assert example['image'].shape == (4, 6, 4)
  padded = {k: np.array(v) for k, v in fields.pad(example, 2).items()}
  fills = {'image': (0, 0, 0, 255), 'mask': (0,), 'segmentation': (255,)}
  for name, values in example.items():
    if name not in fills:
      np.testing.assert_array_equal(padded[name], values)
      continue
    assert padded[name].shape == (8, 10, values.shape[-1])
    assert padded[name].dtype == np.uint8
    np.testing.assert_array_equal(padded[name][2:-2, 2:-2], values)
    for margin in (
      padded[name][:2],
      padded[name][-2:],
      padded[name][:, :2],
      padded[name][:, -2:],
    ):
      assert (margin == fills[name]).all()


def test_a_label_of_a_whole_example_is_no_map_of_labels():
  assert fields.labels(FIELDS) == ['label']
