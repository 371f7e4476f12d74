"""How much images differ from each other."""

import numpy as np

from pixelda_tf.analysis import spread


def test_colours_differ_from_image_to_image():
  """Two images whose mean colours are 0.5 and -0.5 in red, 0 elsewhere."""
  images = np.zeros((2, 4, 4, 3), np.float32)
  images[0, :2, :, 0] = 1
  images[1, 2:, :, 0] = -1
  assert np.isclose(spread.of_colours(images), np.sqrt(0.25 / 3))


def test_noise_within_images_is_no_spread():
  image = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3))
  shuffled = np.random.default_rng(1).permutation(image.reshape(64, 3))
  images = np.concatenate([image, shuffled.reshape(1, 8, 8, 3)])
  assert spread.of_colours(images) < 1e-9
