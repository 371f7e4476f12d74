import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import augmentation
from pixelda_tf.errors import UserError

SEED = tf.constant([3, 4], tf.int32)


def test_colours_change_as_without_depth_and_depth_not_at_all(random_batch):
  rgbd = random_batch(channels=4)
  rgb = {'image': rgbd['image'][..., :3]}
  change = augmentation.ChangeColour()
  changed = change(rgbd, SEED)['image']
  np.testing.assert_array_equal(changed[..., 3], rgbd['image'][..., 3])
  np.testing.assert_array_equal(changed[..., :3], change(rgb, SEED)['image'])
  assert (changed[..., :3] != rgb['image']).numpy().any(axis=(1, 2, 3)).all()


def test_no_change_of_colour_by_nothing(random_batch):
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


def test_brightness_shifts_by_a_fraction_of_the_range():
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


def test_saturation_and_hue_are_tensorflows(random_batch):
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


def test_a_square_within_its_bounds_is_hidden():
  """Of 20 to 40 % of the shorter side, its middle in the image."""
  cutout = augmentation.Cutout(size=(0.2, 0.4), fill=0.5)
  images = tf.ones([200, 20, 30, 1])
  hidden = cutout({'image': images}, SEED)['image'].numpy()[..., 0] == 0.5
  heights = hidden.any(axis=2).sum(axis=1)
  widths = hidden.any(axis=1).sum(axis=1)
  np.testing.assert_array_equal(hidden.sum(axis=(1, 2)), heights * widths)
  assert widths.max() in (8, 9) and 3 <= np.median(widths) <= 8
  assert hidden.mean(axis=0).min() > 0  # Everywhere at some time.


@pytest.mark.parametrize('size', [(0.5, 0.2), (-0.1, 0.2), (0.2, 1.1)])
def test_a_square_of_no_size_is_told(size):
  with pytest.raises(UserError, match='Cutout.size is'):
    augmentation.Cutout(size=size)
