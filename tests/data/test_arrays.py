import numpy as np
import pytest
import tensorflow as tf

import pixelda_tf.data
from pixelda_tf.errors import UserError

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4, 1)
LABELS = np.arange(10)
TARGET = np.random.default_rng(0).uniform(-1, 1, (9, 4, 4, 1)).astype('float32')


def pair(source=(IMAGES, LABELS), target=TARGET, batch_size=3, **options):
  return pixelda_tf.data.pair(source, target, batch_size=batch_size, **options)


def test_batches_have_the_form_methods_take(first):
  for batch in first(pair(), 2):
    assert tf.nest.map_structure(lambda a: (a.dtype.name, a.shape), batch) == {
      'source': {'image': ('float32', (3, 4, 4, 1)), 'label': ('int32', (3,))},
      'target': {'image': ('float32', (3, 4, 4, 1))},
    }


def test_arrays_come_whole_with_their_labels_each_epoch_in_another_order(first):
  orders = []
  for batches in (first(pair(), 10)[:10],):
    labels = np.concatenate([batch['source']['label'] for batch in batches])
    images = np.concatenate([batch['source']['image'] for batch in batches])
    np.testing.assert_allclose(images, IMAGES[labels] / 127.5 - 1, atol=1e-6)
    orders = labels.reshape(3, 10)
  assert (np.sort(orders) == LABELS).all()
  assert len({tuple(order) for order in orders}) == 3


def test_order_is_a_function_of_the_seed(first):
  one, again, other = (first(pair(seed=seed), 4) for seed in (1, 1, 2))
  tf.nest.map_structure(np.testing.assert_array_equal, one, again)
  assert any(
    (a['source']['label'] != b['source']['label']).any()
    for a, b in zip(one, other, strict=True)
  )


@pytest.mark.parametrize(
  'source',
  [
    pytest.param({'image': IMAGES, 'label': LABELS, 'id': LABELS}, id='dict'),
    pytest.param([IMAGES, LABELS], id='list'),
    pytest.param((IMAGES[..., 0], LABELS), id='without channels'),
    pytest.param(
      tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)), id='data set'
    ),
    pytest.param(
      tf.data.Dataset.from_tensor_slices({'image': IMAGES, 'label': LABELS}),
      id='data set of dicts',
    ),
  ],
)
def test_forms_of_source(source, first):
  (batch,) = first(pair(source), 1)
  np.testing.assert_allclose(
    batch['source']['image'],
    IMAGES[batch['source']['label']] / 127.5 - 1,
    atol=1e-6,
  )


@pytest.mark.parametrize(
  'target',
  [
    pytest.param((TARGET, LABELS[:9]), id='labelled'),
    pytest.param({'image': TARGET, 'label': LABELS[:9]}, id='dict'),
    pytest.param(tf.data.Dataset.from_tensor_slices(TARGET), id='data set'),
    pytest.param(
      tf.data.Dataset.from_tensor_slices((TARGET, LABELS[:9])),
      id='labelled data set',
    ),
  ],
)
def test_targets_labels_are_dropped(target, first):
  (batch,) = first(pair(target=target), 1)
  assert set(batch['target']) == {'image'}
  known = {image.tobytes() for image in TARGET}
  assert all(image.tobytes() in known for image in batch['target']['image'])


def test_mask_comes_along(first):
  source = {'image': IMAGES, 'label': LABELS, 'mask': IMAGES > 50}
  (batch,) = first(pair(source), 1)
  np.testing.assert_array_equal(
    batch['source']['mask'], IMAGES[batch['source']['label']] > 50
  )


POSES = np.random.default_rng(1).normal(size=(10, 4))
POSES /= np.linalg.norm(POSES, axis=1, keepdims=True)


@pytest.mark.parametrize('form', ['arrays', 'data set'])
def test_pose_comes_along_with_its_image(form, first):
  source = {'image': IMAGES, 'label': LABELS, 'pose': POSES}
  if form == 'data set':
    source = tf.data.Dataset.from_tensor_slices(source)
  target = {'image': IMAGES, 'pose': POSES}
  for batch in first(pair(source, target), 3):
    assert set(batch['source']) == {'image', 'label', 'pose'}
    assert set(batch['target']) == {'image'}
    pose = batch['source']['pose']
    assert pose.dtype == np.float32
    np.testing.assert_array_equal(
      pose, POSES[batch['source']['label']].astype(np.float32)
    )


def wrong_poses(change):
  poses = POSES.copy()
  poses[3] = change(poses[3])
  return {'image': IMAGES, 'label': LABELS, 'pose': poses}


@pytest.mark.parametrize(
  ('source', 'expected'),
  [
    pytest.param(
      wrong_poses(lambda pose: 1.02 * pose),
      r'source: pose \[.*\] of example 3 must be a unit quaternion',
      id='too long',
    ),
    pytest.param(
      wrong_poses(lambda pose: 0 * pose),
      r'pose \[-?0 -?0 -?0 -?0\] of example 3 must',
      id='zero',
    ),
    pytest.param(
      wrong_poses(lambda pose: np.nan * pose),
      'pose .*nan.* of example 3 must be a unit quaternion',
      id='nan',
    ),
    pytest.param(
      {'image': IMAGES, 'label': LABELS, 'pose': POSES[:, :3]},
      r'poses must be float \[n, 4\], these are float64 \[10, 3\]',
      id='three numbers',
    ),
    pytest.param(
      {'image': IMAGES, 'label': LABELS, 'pose': POSES.astype(int)},
      r'poses must be float \[n, 4\], these are int64',
      id='integers',
    ),
    pytest.param(
      {'image': IMAGES, 'label': LABELS, 'pose': POSES[:9]},
      'different lengths',
      id='too few',
    ),
  ],
)
def test_what_is_no_pose_is_told(source, expected):
  with pytest.raises(UserError, match=expected):
    pair(source)


def test_depth_is_a_fourth_channel_of_both(first):
  images = np.arange(10 * 4 * 4 * 4).reshape(10, 4, 4, 4).astype(np.uint8)
  (batch,) = first(pair((images, LABELS), images), 1)
  np.testing.assert_allclose(
    batch['source']['image'],
    images[batch['source']['label']] / 127.5 - 1,
    atol=1e-6,
  )
  assert batch['target']['image'].shape == (3, 4, 4, 4)


def test_domains_are_brought_to_the_larger_shape(first):
  target = np.zeros((9, 6, 5, 3), np.uint8)
  (batch,) = first(pair(target=target), 1)
  assert batch['source']['image'].shape == (3, 6, 5, 3)
  assert batch['target']['image'].shape == (3, 6, 5, 3)
  assert (batch['target']['image'] == -1).all()


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({'source': IMAGES}, 'source has images only'),
    ({'source': {'label': LABELS}}, 'source: no images'),
    ({'source': (IMAGES, LABELS[:9])}, 'different lengths'),
    ({'batch_size': 10}, r'target: 9 examples, .*batch_size \(10\)'),
    ({'target': TARGET * 255}, 'target: images must be uint8, or float in'),
    ({'target': TARGET + np.nan}, 'target: images must be uint8, or float in'),
    ({'target': TARGET.astype(int)}, 'these are int64'),
    ({'source': (IMAGES, LABELS - 1)}, 'label -1 of example 0 must be 0 or mo'),
    ({'n_classes': 9}, 'source: label 9 of example 9 must be in 0..8'),
    ({'source': (IMAGES, LABELS / 2)}, 'label 0.5 of example 1 must be an in'),
    ({'source': (IMAGES, np.eye(10, dtype=int))}, 'labels must be integers'),
    ({'target': TARGET[:, 0, 0]}, 'images must be'),
    ({'target': np.zeros((9, 4, 4, 2), np.uint8)}, 'images of 2 channels'),
    ({'target': np.zeros((9, 4, 4, 4), np.uint8)}, 'source has 1 .* target 4'),
    (
      {'source': (np.zeros((10, 4, 4, 4), np.uint8), LABELS)},
      'source has 4 channels, target 1: give depth, .* for both or for neither',
    ),
    (
      {'target': tf.data.Dataset.from_tensor_slices(TARGET).batch(2)},
      'must not be batched',
    ),
  ],
)
def test_what_does_not_fit_is_told(options, expected):
  with pytest.raises(UserError, match=expected):
    pair(**options)
