import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from pixelda_tf import addons
from pixelda_tf.data import augmentation
from pixelda_tf.errors import UserError
from pixelda_tf.fields import poses as poses_field

SEED = tf.constant([3, 4], tf.int32)
AUGMENTATIONS = [
  augmentation.Move(),
  augmentation.ChangeColour(),
  augmentation.AddNoise(grains=(1, 3, 100)),
]


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


@pytest.mark.parametrize('augment', AUGMENTATIONS)
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_keeps_form_and_range(augment, channels):
  batch = random_batch(channels=channels)
  augmented = augment(batch, SEED)
  assert set(augmented) == set(batch)
  for key, value in augmented.items():
    assert value.shape == batch[key].shape
    assert value.dtype == batch[key].dtype
  assert abs(augmented['image']).numpy().max() <= 1
  assert set(np.unique(augmented['mask'])) <= {0.0, 1.0}
  np.testing.assert_array_equal(augmented['label'], batch['label'])


@pytest.mark.parametrize('augment', AUGMENTATIONS)
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


@pytest.mark.parametrize('augment', AUGMENTATIONS)
def test_does_not_change_what_it_is_given(augment):
  batch = random_batch()
  before = {key: value.numpy() for key, value in batch.items()}
  augment(batch, SEED)
  for key, value in before.items():
    np.testing.assert_array_equal(batch[key], value)


def moved(images, angle=0.0, shift_y=0.0, shift_x=0.0, zoom=1.0):
  """Moves [height, width] arrays by `move_transforms`, nearest pixel."""
  height, width = images.shape
  transforms = augmentation.move_transforms(
    tf.constant([angle]),
    tf.constant([shift_y]),
    tf.constant([shift_x]),
    tf.constant([zoom]),
    height,
    width,
  )
  image = tf.constant(images[None, ..., None], tf.float32)
  moved = addons.transform_images(image, transforms)
  return moved[0, ..., 0].numpy()


def test_shift_is_down_and_to_the_right():
  image = np.arange(1.0, 13).reshape(3, 4)
  expected = np.zeros((3, 4))
  expected[1:, 2:] = image[:-1, :-2]
  np.testing.assert_array_equal(
    moved(image, shift_y=1.0, shift_x=2.0), expected
  )


def test_quarter_turn_is_counterclockwise_about_the_centre():
  image = np.arange(25.0).reshape(5, 5)
  np.testing.assert_array_equal(
    moved(image, angle=float(np.pi / 2)), np.rot90(image)
  )


def test_turn_comes_before_shift():
  image = np.arange(1.0, 26).reshape(5, 5)
  expected = np.zeros((5, 5))
  expected[1:] = np.rot90(image)[:-1]
  np.testing.assert_array_equal(
    moved(image, angle=float(np.pi / 2), shift_y=1.0), expected
  )


def test_zoom_enlarges_about_the_centre():
  """Three times: the centre pixel becomes the middle nine, and so on."""
  image = np.arange(1.0, 26).reshape(5, 5)
  rows = np.array([1, 2, 2, 2, 3])
  np.testing.assert_array_equal(
    moved(image, zoom=3.0), image[np.ix_(rows, rows)]
  )


def test_turn_and_zoom_come_before_shift():
  """Of the input rows 1, 2, 2, 2, 3 the shift brings one more 1 in."""
  image = np.arange(1.0, 26).reshape(5, 5)
  columns = np.array([1, 2, 2, 2, 3])
  rows = np.array([1, 1, 2, 2, 2])
  expected = np.rot90(image)[np.ix_(rows, columns)]
  np.testing.assert_array_equal(
    moved(image, angle=float(np.pi / 2), shift_y=1.0, zoom=3.0), expected
  )


def test_zoom_is_drawn_within_its_bounds_and_moves_nothing_else():
  """A disc's area grows with the square of the factor."""
  y, x = np.mgrid[:64, :64] - 31.5
  disc = (np.hypot(x, y) < 12).astype(np.float32)[..., None]
  batch = {'image': tf.constant(np.repeat(2 * disc[None] - 1, 200, 0))}
  move = augmentation.Move(shift=0.0, rotation=0.0, zoom=(0.5, 2.0))
  areas = (move(batch, SEED)['image'].numpy() > 0).sum((1, 2, 3))
  factors = np.sqrt(areas / disc.sum())
  assert 0.45 < factors.min() < 0.6
  assert 1.9 < factors.max() < 2.05
  still = augmentation.Move(shift=0.0, rotation=0.0)
  np.testing.assert_allclose(still(batch, SEED)['image'], batch['image'])


@pytest.mark.parametrize('zoom', [(1.2, 1.0), (0.0, 1.0), (-1.0, 1.0)])
def test_zoom_that_is_none_is_told(zoom):
  with pytest.raises(UserError, match='Move.zoom'):
    augmentation.Move(zoom=zoom)


def test_mask_moves_with_its_image():
  """A bright square on black: where the moved mask is, the image is bright."""
  square = np.zeros((16, 20, 20, 1), np.float32)
  square[:, 6:14, 6:14] = 1
  batch = {
    'image': tf.constant(2 * square - 1),
    'mask': tf.constant(square),
  }
  move = augmentation.Move(shift=0.2, rotation=40.0)
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
  moved = augmentation.Move(shift=0.3, rotation=0.0)(batch, SEED)
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
  moved = augmentation.Move(shift=0.0, rotation=40.0)(batch, SEED)
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
  move = augmentation.Move(shift=0.3, rotation=30.0, fill=-0.5)
  result = move({'image': images}, SEED)['image'].numpy()
  colours = move({'image': images[..., :3]}, SEED)['image']
  np.testing.assert_array_equal(result[..., :3], colours)
  assert result[..., :3].min() == -0.5 and result[..., 3].max() == 1
  outside = result[..., 0] == -0.5
  assert outside.any(axis=(1, 2)).all()
  np.testing.assert_array_equal(result[..., 3] == 1, outside)
  assert (result[..., 3] >= 0.25).all()


def test_colours_change_as_without_depth_and_depth_not_at_all():
  rgbd = random_batch(channels=4)
  rgb = {'image': rgbd['image'][..., :3]}
  change = augmentation.ChangeColour()
  changed = change(rgbd, SEED)['image']
  np.testing.assert_array_equal(changed[..., 3], rgbd['image'][..., 3])
  np.testing.assert_array_equal(changed[..., :3], change(rgb, SEED)['image'])
  assert (changed[..., :3] != rgb['image']).numpy().any(axis=(1, 2, 3)).all()


def test_shift_stays_within_its_share():
  """A dot in the middle of 20 pixels moves at most 0.1 * 20 = 2 pixels."""
  dot = np.full((200, 21, 21, 1), -1, np.float32)
  dot[:, 10, 10] = 1
  move = augmentation.Move(shift=0.1, rotation=0.0)
  result = move({'image': tf.constant(dot)}, SEED)['image'].numpy() + 1
  weights = result.sum(axis=(1, 2, 3))
  rows = (result.sum(axis=(2, 3)) @ np.arange(21)) / weights
  columns = (result.sum(axis=(1, 3)) @ np.arange(21)) / weights
  for centre in (rows, columns):
    assert 1.5 < abs(centre - 10).max() <= 2.11
    assert abs((centre - 10).mean()) < 0.3


def test_what_comes_in_is_filled():
  batch = {'image': tf.ones([8, 10, 10, 1])}
  move = augmentation.Move(shift=0.3, rotation=0.0, fill=-0.5)
  result = move(batch, SEED)['image'].numpy()
  assert result.min() == -0.5


def test_no_change_of_colour_by_nothing():
  nothing = augmentation.ChangeColour(
    brightness=0.0, saturation=(1.0, 1.0), hue=0.0, contrast=(1.0, 1.0)
  )
  batch = random_batch()
  np.testing.assert_allclose(
    nothing(batch, SEED)['image'], batch['image'], atol=1e-5
  )


def only(**change):
  nothing = {
    'brightness': 0.0,
    'saturation': (1.0, 1.0),
    'hue': 0.0,
    'contrast': (1.0, 1.0),
  }
  return augmentation.ChangeColour(**{**nothing, **change})


def test_brightness_shifts_by_a_share_of_the_range():
  """0.1 of [-1, 1] is 0.2 to either side."""
  batch = {'image': tf.zeros([300, 2, 2, 1])}
  shifts = only(brightness=0.1)(batch, SEED)['image'][:, 0, 0, 0].numpy()
  assert -0.2 <= shifts.min() < -0.19
  assert 0.19 < shifts.max() <= 0.2


def test_contrast_multiplies_the_distance_to_the_mean():
  image = np.array([0.2, 0.4]).reshape(1, 1, 2, 1)
  result = only(contrast=(2.0, 2.0))(
    {'image': tf.constant(image, tf.float32)}, SEED
  )
  np.testing.assert_allclose(np.ravel(result['image']), [0.1, 0.5], atol=1e-6)


def test_saturation_and_hue_are_tensorflows():
  """One fixed factor, compared with tf.image on [0, 1] images."""
  batch = random_batch(n=2)
  images = (batch['image'] + 1) / 2
  result = only(saturation=(1.3, 1.3))(batch, SEED)['image']
  expected = tf.image.adjust_saturation(images, 1.3) * 2 - 1
  np.testing.assert_allclose(result, expected, atol=1e-4)
  turned = augmentation._change_colour(
    batch['image'], shift=0.0, turn=0.3, saturation=1.0, contrast=1.0
  )
  expected = tf.image.adjust_hue(images, 0.3) * 2 - 1
  np.testing.assert_allclose(turned, expected, atol=1e-4)


def test_apply_takes_none_one_or_several():
  def add(amount):
    return lambda batch, seed: {'image': batch['image'] + amount}

  batch = {'image': tf.zeros([1])}
  for augmentations, expected in (
    (None, 0),
    ((), 0),
    (add(1), 1),
    ([add(1), add(2)], 3),
  ):
    result = augmentation.apply(augmentations, batch, SEED)
    assert float(result['image'][0]) == expected


def test_apply_gives_each_augmentation_a_seed_of_its_own():
  seeds = []

  def note(batch, seed):
    seeds.append(tuple(seed.numpy()))
    return batch

  augmentation.apply([note, note], {}, SEED)
  assert seeds[0] != seeds[1]


def grey(value, n=4, size=32):
  return {'image': tf.fill([n, size, size, 3], value)}


def test_noise_has_its_deviation_and_is_independent_of_pixels_and_channels():
  """Of 12,288 values, so with standard errors of 0.001 and 0.009."""
  noise = augmentation.AddNoise(stddev=0.1)(grey(0.0), SEED)['image'].numpy()
  np.testing.assert_allclose(noise.mean(), 0.0, atol=0.005)
  np.testing.assert_allclose(noise.std(), 0.1, atol=0.004)
  for first, second in (
    (noise[:, 1:], noise[:, :-1]),
    (noise[1:], noise[:-1]),
    (noise[..., 0], noise[..., 1]),
  ):
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


def test_a_grain_as_large_as_the_image_moves_its_colour_alone():
  noisy = augmentation.AddNoise(stddev=0.2, grains=(32,))(grey(0.0), SEED)
  colours = noisy['image'].numpy().reshape(4, -1, 3)
  np.testing.assert_allclose(colours, colours[:, :1] + 0 * colours, atol=1e-6)
  assert len(np.unique(colours[:, 0])) == 12


def test_grains_of_several_sizes_add_up():
  """Each size's noise is its own: the variances add up at grains' centres."""
  images = grey(0.0, n=64)
  sizes = [1, 4, 16]
  each = [
    augmentation.AddNoise(stddev=0.05, grains=(size,))(images, SEED)['image']
    for size in sizes
  ]
  together = augmentation.AddNoise(stddev=0.05, grains=sizes)(images, SEED)
  variance = np.var(together['image'])
  np.testing.assert_allclose(variance, sum(map(np.var, each)), rtol=0.15)
  # A wider grain is smoother: neighbours differ less.
  steps = [np.std(np.diff(noise, axis=1)) for noise in each]
  assert steps[0] > 2 * steps[1] > 4 * steps[2]


def test_noise_beyond_the_range_is_reflected():
  """-1 + x and -1 - x are the same: no pixel of black stays black."""
  noise = augmentation.AddNoise(stddev=0.1)
  around_grey = noise(grey(0.0), SEED)['image']
  black, white = (noise(grey(v), SEED)['image'] for v in (-1.0, 1.0))
  np.testing.assert_allclose(black, abs(around_grey) - 1.0, atol=1e-6)
  np.testing.assert_allclose(white, 1.0 - abs(around_grey), atol=1e-6)


@pytest.mark.parametrize('grains', [(), (0,), (2, -1)])
def test_noise_needs_grains_of_at_least_a_pixel(grains):
  with pytest.raises(UserError, match=r'AddNoise.grains is \('):
    augmentation.AddNoise(grains=grains)
