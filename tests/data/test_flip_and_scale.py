"""Images and their maps mirrored, and at other sizes."""

import re

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import movement
from pixelda_tf.errors import UserError
from pixelda_tf.fields import label_maps

SEED = tf.constant([3, 4], tf.int32)


def numbered(n, height, width):
  """Images of pixels that differ all, and label maps of the same numbers."""
  numbers = np.arange(n * height * width).reshape(n, height, width, 1)
  return {
    'image': tf.constant(numbers, tf.float32),
    'segmentation': tf.constant(numbers, tf.int32),
  }


def test_half_of_the_images_are_mirrored_with_their_maps():
  """Of 400, so with a standard error of 10."""
  batch = numbered(400, 3, 5)
  result = movement.Flip()(batch, SEED)
  whole = batch['image'].numpy()
  found = result['image'].numpy()
  flipped = (found == whole[:, :, ::-1]).all(axis=(1, 2, 3))
  kept = (found == whole).all(axis=(1, 2, 3))
  assert (flipped ^ kept).all()
  assert 160 < flipped.sum() < 240
  np.testing.assert_array_equal(result['segmentation'], found)
  assert result['segmentation'].dtype == tf.int32


def test_poses_are_not_mirrored(random_batch):
  with pytest.raises(UserError, match='^Flip: poses have no mirror image'):
    movement.Flip()(random_batch(), SEED)


def test_a_larger_image_is_seen_in_part_and_nothing_comes_in():
  """Twice: of 9 x 13 pixels 5 x 7 are seen, from any place."""
  batch = numbered(300, 9, 13)
  result = movement.Scale(factors=(2.0, 2.0))(batch, SEED)
  parts = result['segmentation'].numpy()[..., 0]
  whole = batch['segmentation'].numpy()[..., 0]
  assert parts.shape == whole.shape
  assert (parts >= whole.min((1, 2), keepdims=True)).all()
  assert (parts <= whole.max((1, 2), keepdims=True)).all()
  rows, columns = np.divmod(parts - whole[:, :1, :1], 13)
  for places, side in ((rows[:, :, 0], 9), (columns[:, 0], 13)):
    steps = np.diff(places, axis=1)
    assert set(np.unique(steps)) == {0, 1}
    spread = places[:, -1] - places[:, 0]
    assert set(spread) <= {side // 2, side // 2 + 1, side // 2 - 1}
    assert places[:, 0].min() == 0 and places[:, -1].max() == side - 1


@pytest.mark.parametrize(('height', 'width', 'axis'), [(18, 13, 1), (9, 26, 2)])
def test_images_get_their_proportions_back(height, width, axis):
  """9 x 13 pixels were 18 x 13, or 9 x 26: every second row or column is seen
  twice, from any place to any; along the other side nothing moves.
  """
  batch = numbered(300, 9, 13)
  result = movement.Proportions(height=height, width=width)(batch, SEED)
  parts = result['segmentation'].numpy()[..., 0]
  whole = batch['segmentation'].numpy()[..., 0]
  rows, columns = np.divmod(parts - whole[:, :1, :1], 13)
  places = {1: rows[:, :, 0], 2: columns[:, 0]}
  stretched, side = places[axis], whole.shape[axis]
  still = places[3 - axis]
  np.testing.assert_array_equal(
    still, np.tile(np.arange(still.shape[1]), (300, 1))
  )
  assert set(np.unique(np.diff(stretched, axis=1))) == {0, 1}
  spread = stretched[:, -1] - stretched[:, 0]
  assert set(spread) <= {side // 2 - 1, side // 2, side // 2 + 1}
  assert stretched[:, 0].min() == 0 and stretched[:, -1].max() == side - 1
  np.testing.assert_array_equal(
    rows, np.broadcast_to(rows[:, :, :1], rows.shape)
  )


def test_images_of_the_right_proportions_stay():
  batch = numbered(3, 9, 13)
  result = movement.Proportions(height=18, width=26)(batch, SEED)
  for name, values in batch.items():
    np.testing.assert_array_equal(result[name], values)


def test_proportions_are_positive():
  with pytest.raises(UserError, match='^Proportions.height, Proportions.width'):
    movement.Proportions(height=0, width=4)


def test_a_smaller_image_stands_somewhere_on_black_that_is_ignored():
  """Half: of 16 x 12 pixels, 8 x 6 hold the image, wherever they are."""
  batch = {
    'image': tf.ones([200, 16, 12, 3]),
    'segmentation': tf.fill([200, 16, 12, 1], 7),
  }
  result = movement.Scale(factors=(0.5, 0.5))(batch, SEED)
  maps = result['segmentation'].numpy()[..., 0]
  assert set(np.unique(maps)) == {7, label_maps.IGNORE}
  assert result['image'].numpy().min() == -1.0
  for axis, side in ((1, 16), (2, 12)):
    seen = (maps == 7).any(axis=axis % 2 + 1)
    assert set(seen.sum(axis=1)) <= {side // 2, side // 2 - 1, side // 2 + 1}
    assert seen[:, 0].any() and seen[:, -1].any()
  inside = maps == 7
  # Bilinear at the border; else white where the map has a class.
  dark = result['image'].numpy()[..., 0] == -1.0
  assert not (inside & dark).any()


def test_scales_are_drawn_between_their_factors():
  """The area of what is seen grows with the factor's square."""
  batch = {'segmentation': tf.zeros([300, 40, 40, 1], tf.int32)}
  batch['image'] = tf.cast(batch['segmentation'], tf.float32)
  maps = movement.Scale(factors=(0.25, 1.0))(batch, SEED)['segmentation']
  factors = np.sqrt((maps.numpy() == 0).mean(axis=(1, 2, 3)))
  assert 0.22 < factors.min() < 0.3
  assert 0.95 < factors.max() <= 1.0
  assert abs(factors.mean() - 0.625) < 0.05


@pytest.mark.parametrize('factors', [(2.0, 1.0), (0.0, 1.0)])
def test_factors_that_are_none_are_told(factors):
  message = re.escape(f'Scale.factors is {factors}: the least')
  with pytest.raises(UserError, match=message):
    movement.Scale(factors=factors)
