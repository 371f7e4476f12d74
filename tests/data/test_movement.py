"""Moves: of images, and of maps and poses with them."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from pixelda_tf import addons
from pixelda_tf.data import movement
from pixelda_tf.errors import UserError
from pixelda_tf.fields import poses as poses_field

SEED = tf.constant([3, 4], tf.int32)


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


def test_turned_poses_are_those_of_turned_pictures(random_poses):
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


def test_poses_are_left_alone_by_no_turn_and_by_shifts(
  random_batch, random_poses
):
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


def test_pose_moves_with_its_image(random_poses):
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


def test_shift_stays_within_its_bounds():
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
