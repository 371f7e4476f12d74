"""Moves: of images, and of maps and poses with them."""

import re

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from pixelda_tf import addons
from pixelda_tf.data import movement
from pixelda_tf.errors import UserError
from pixelda_tf.fields import label_maps
from pixelda_tf.fields import poses as poses_field

SEED = tf.constant([3, 4], tf.int32)
MOVES = [movement.Move(), movement.Scale(), movement.Flip()]


def random_batch(n=4, height=8, width=6, channels=3):
  rng = np.random.default_rng(0)
  images = rng.uniform(-1, 1, (n, height, width, channels))
  return {
    'image': tf.constant(images, tf.float32),
    'mask': tf.constant(images[..., :1] > 0, tf.float32),
    'label': tf.range(n),
    'pose': tf.constant(random_poses(n), tf.float32),
  }


def random_poses(n):
  poses = np.random.default_rng(1).normal(size=(n, 4))
  poses *= np.sign(poses[:, :1])
  return poses / np.linalg.norm(poses, axis=1, keepdims=True)


def without_pose(batch, augment):
  """Leaves a pose to those that know what becomes of it."""
  if isinstance(augment, movement.Flip):
    batch.pop('pose')
  return batch


@pytest.mark.parametrize('augment', MOVES)
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_keeps_form_and_range(augment, channels):
  batch = random_batch(channels=channels)
  batch = without_pose(batch, augment)
  augmented = augment(batch, SEED)
  assert set(augmented) == set(batch)
  for key, value in augmented.items():
    assert value.shape == batch[key].shape
    assert value.dtype == batch[key].dtype
  assert abs(augmented['image']).numpy().max() <= 1
  assert set(np.unique(augmented['mask'])) <= {0.0, 1.0}
  np.testing.assert_array_equal(augmented['label'], batch['label'])


@pytest.mark.parametrize('augment', MOVES)
def test_is_a_function_of_the_seed_and_differs_by_image(augment):
  image = random_batch(n=1)['image']
  batch = {'image': tf.repeat(image, 3, axis=0)}
  tf.random.set_seed(1)
  first = augment(batch, SEED)['image'].numpy()
  tf.random.set_seed(2)
  np.testing.assert_array_equal(augment(batch, SEED)['image'], first)
  assert (augment(batch, SEED + 1)['image'] != first).numpy().any()
  assert (first[0] != first[1]).any()
  assert (first[1] != first[2]).any()


@pytest.mark.parametrize('augment', MOVES)
def test_does_not_change_what_it_is_given(augment):
  batch = without_pose(random_batch(), augment)
  before = {key: value.numpy() for key, value in batch.items()}
  augment(batch, SEED)
  for key, value in before.items():
    np.testing.assert_array_equal(batch[key], value)


def transformed(images, angle=0.0, shift_y=0.0, shift_x=0.0, zoom=1.0):
  """Moves [height, width] arrays by `move_transforms`, nearest pixel."""
  height, width = images.shape
  transforms = movement.move_transforms(
    tf.constant([angle]),
    tf.constant([shift_y]),
    tf.constant([shift_x]),
    tf.constant([zoom]),
    height,
    width,
  )
  image = tf.constant(images[None, ..., None], tf.float32)
  return addons.transform_images(image, transforms)[0, ..., 0].numpy()


def test_shift_is_down_and_to_the_right():
  image = np.arange(1.0, 13).reshape(3, 4)
  expected = np.zeros((3, 4))
  expected[1:, 2:] = image[:-1, :-2]
  np.testing.assert_array_equal(
    transformed(image, shift_y=1.0, shift_x=2.0), expected
  )


def test_quarter_turn_is_counterclockwise_about_the_centre():
  image = np.arange(25.0).reshape(5, 5)
  np.testing.assert_array_equal(
    transformed(image, angle=float(np.pi / 2)), np.rot90(image)
  )


def test_turn_comes_before_shift():
  image = np.arange(1.0, 26).reshape(5, 5)
  expected = np.zeros((5, 5))
  expected[1:] = np.rot90(image)[:-1]
  np.testing.assert_array_equal(
    transformed(image, angle=float(np.pi / 2), shift_y=1.0), expected
  )


def test_zoom_enlarges_about_the_centre():
  """Three times: the centre pixel becomes the middle nine, and so on."""
  image = np.arange(1.0, 26).reshape(5, 5)
  rows = np.array([1, 2, 2, 2, 3])
  np.testing.assert_array_equal(
    transformed(image, zoom=3.0), image[np.ix_(rows, rows)]
  )


def test_turn_and_zoom_come_before_shift():
  """Of the input rows 1, 2, 2, 2, 3 the shift brings one more 1 in."""
  image = np.arange(1.0, 26).reshape(5, 5)
  columns = np.array([1, 2, 2, 2, 3])
  rows = np.array([1, 1, 2, 2, 2])
  expected = np.rot90(image)[np.ix_(rows, columns)]
  np.testing.assert_array_equal(
    transformed(image, angle=float(np.pi / 2), shift_y=1.0, zoom=3.0), expected
  )


def test_zoom_is_drawn_within_its_bounds_and_moves_nothing_else():
  """A disc's area grows with the square of the factor."""
  y, x = np.mgrid[:64, :64] - 31.5
  disc = (np.hypot(x, y) < 12).astype(np.float32)[..., None]
  batch = {'image': tf.constant(np.repeat(2 * disc[None] - 1, 200, 0))}
  move = movement.Move(shift=0.0, rotation=0.0, zoom=(0.5, 2.0))
  areas = (move(batch, SEED)['image'].numpy() > 0).sum((1, 2, 3))
  factors = np.sqrt(areas / disc.sum())
  assert 0.45 < factors.min() < 0.6
  assert 1.9 < factors.max() < 2.05
  still = movement.Move(shift=0.0, rotation=0.0)
  np.testing.assert_allclose(still(batch, SEED)['image'], batch['image'])


@pytest.mark.parametrize('zoom', [(1.2, 1.0), (0.0, 1.0), (-1.0, 1.0)])
def test_zoom_that_is_none_is_told(zoom):
  with pytest.raises(UserError, match='Move.zoom'):
    movement.Move(zoom=zoom)


def test_mask_moves_with_its_image():
  """A bright square on black: where the moved mask is, the image is bright."""
  square = np.zeros((16, 20, 20, 1), np.float32)
  square[:, 6:14, 6:14] = 1
  batch = {
    'image': tf.constant(2 * square - 1),
    'mask': tf.constant(square),
  }
  move = movement.Move(shift=0.2, rotation=40.0)
  result = move(batch, SEED)
  bright = result['image'].numpy() > 0
  agree = bright == (result['mask'].numpy() > 0)
  assert agree.mean() > 0.98
  assert (result['mask'] != batch['mask']).numpy().any(axis=(1, 2, 3)).all()


def rotation(pose):
  w, x, y, z = pose
  return Rotation.from_quat([x, y, z, w])


def project(points, pose, focal, distance):
  """A pinhole camera's picture of points of an object, x right, y down."""
  seen = rotation(pose).apply(points) + [0, 0, distance]
  return focal * seen[:, :2] / seen[:, 2:]


def test_turned_poses_are_those_of_turned_pictures():
  """Turned counterclockwise as seen: y is down, so x to y is clockwise."""
  random = np.random.default_rng(0)
  poses = random_poses(30)
  angles = random.uniform(-np.pi, np.pi, 30)
  turned = poses_field.turn(
    tf.constant(poses, tf.float32), tf.constant(angles, tf.float32)
  ).numpy()
  assert (turned[:, 0] >= 0).all()
  np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-6)
  points = random.normal(size=(10, 3))
  for pose, angle, found in zip(poses, angles, turned, strict=True):
    x, y = project(points, pose, 50.0, 9.0).T
    cos, sin = np.cos(angle), np.sin(angle)
    upwards = -y
    expected = np.stack([cos * x - sin * upwards, -sin * x - cos * upwards], -1)
    np.testing.assert_allclose(
      project(points, found, 50.0, 9.0), expected, atol=1e-3
    )


def test_poses_are_left_alone_by_no_turn_and_by_shifts():
  poses = random_poses(5)
  np.testing.assert_allclose(
    poses_field.turn(tf.constant(poses, tf.float32), tf.zeros([5])),
    poses,
    atol=1e-7,
  )
  batch = random_batch(n=5)
  moved = movement.Move(shift=0.3, rotation=0.0)(batch, SEED)
  np.testing.assert_allclose(moved['pose'], batch['pose'], atol=1e-7)
  assert (moved['image'] != batch['image']).numpy().any()


def test_pose_moves_with_its_image():
  """Move's picture of a dot is where the camera sees it in the new pose."""
  n, side, point = 12, 41, np.array([[0.9, 0.4, 0.3]])
  poses = random_poses(n)
  pixels = np.arange(side) - (side - 1) / 2

  def places(poses):
    return np.concatenate([project(point, p, 60.0, 5.0) for p in poses])

  offsets = pixels - places(poses)[..., None]
  x, y = np.exp(-(offsets**2) / 8).swapaxes(0, 1)
  images = (y[:, :, None] * x[:, None, :])[..., None] * 2 - 1
  batch = {
    'image': tf.constant(images, tf.float32),
    'pose': tf.constant(poses, tf.float32),
  }
  moved = movement.Move(shift=0.0, rotation=40.0)(batch, SEED)
  light = moved['image'].numpy()[..., 0] + 1
  total = light.sum((1, 2))
  found = np.stack(
    [light.sum(1) @ pixels / total, light.sum(2) @ pixels / total], -1
  )
  expected = places(moved['pose'].numpy())
  assert np.linalg.norm(expected - places(poses), axis=1).max() > 3
  np.testing.assert_allclose(found, expected, atol=0.05)


def test_depth_moves_with_its_colours_and_comes_in_far():
  images = tf.fill([8, 10, 10, 4], 0.25)
  move = movement.Move(shift=0.3, rotation=30.0, fill=-0.5)
  result = move({'image': images}, SEED)['image'].numpy()
  colours = move({'image': images[..., :3]}, SEED)['image']
  np.testing.assert_array_equal(result[..., :3], colours)
  assert result[..., :3].min() == -0.5 and result[..., 3].max() == 1
  outside = result[..., 0] == -0.5
  assert outside.any(axis=(1, 2)).all()
  np.testing.assert_array_equal(result[..., 3] == 1, outside)
  assert (result[..., 3] >= 0.25).all()


def test_shift_stays_within_its_share():
  """A dot in the middle of 20 pixels moves at most 0.1 * 20 = 2 pixels."""
  dot = np.full((200, 21, 21, 1), -1, np.float32)
  dot[:, 10, 10] = 1
  move = movement.Move(shift=0.1, rotation=0.0)
  result = move({'image': tf.constant(dot)}, SEED)['image'].numpy() + 1
  weights = result.sum(axis=(1, 2, 3))
  rows = (result.sum(axis=(2, 3)) @ np.arange(21)) / weights
  columns = (result.sum(axis=(1, 3)) @ np.arange(21)) / weights
  for centre in (rows, columns):
    assert 1.5 < abs(centre - 10).max() <= 2.11
    assert abs((centre - 10).mean()) < 0.3


def test_what_comes_in_is_filled():
  batch = {'image': tf.ones([8, 10, 10, 1])}
  move = movement.Move(shift=0.3, rotation=0.0, fill=-0.5)
  result = move(batch, SEED)['image'].numpy()
  assert result.min() == -0.5


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


def test_poses_are_not_mirrored():
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
