import numpy as np
import pytest
from PIL import Image

from pixelda_tf.evaluation import pictures
from pixelda_tf.fields.images import to_uint8


def test_to_uint8_by_hand():
  """-1 is 0, 1 is 255, 0 is 127.5 (to even: 128); outside is clipped."""
  np.testing.assert_array_equal(
    pictures.to_uint8([-1.5, -1.0, 0.0, 1.0, 1.2]), [0, 0, 128, 255, 255]
  )


def test_to_uint8_equals_the_pipelines():
  values = np.linspace(-1.1, 1.1, 5001).astype(np.float32)
  np.testing.assert_array_equal(pictures.to_uint8(values), to_uint8(values))


def test_grid_by_hand():
  """Two rows of two one-pixel images, one white pixel between."""
  above = np.array([-1.0, 1.0]).reshape(2, 1, 1, 1)
  below = np.zeros([2, 1, 1, 3])
  below[1] = [[[1.0, -1.0, -1.0]]]
  black, white, grey, red = [0] * 3, [255] * 3, [128] * 3, [255, 0, 0]
  picture = pictures.grid([above, below], gap=1)
  assert picture.dtype == np.uint8
  np.testing.assert_array_equal(
    picture, [[black, white, white], [white] * 3, [grey, white, red]]
  )


def test_grid_has_a_column_an_image():
  picture = pictures.grid([np.zeros([3, 8, 6, 3])] * 4)
  assert picture.shape == (4 * 8 + 3 * 2, 3 * 6 + 2 * 2, 3)


def test_grid_refuses_rows_of_different_lengths():
  with pytest.raises(ValueError, match='dimensions'):
    pictures.grid([np.zeros([2, 4, 4, 1]), np.zeros([1, 4, 4, 1])])


def test_saved_pictures_are_enlarged(tmp_path):
  picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
  path = tmp_path / 'a.png'
  pictures.save(path, picture, scale=3)
  with Image.open(path) as image:
    stored = np.asarray(image)
  assert stored.shape == (6, 6, 3)
  np.testing.assert_array_equal(stored[::3, ::3], picture)
  np.testing.assert_array_equal(stored[2::3, 2::3], picture)


def test_nearest_equals_a_search_over_all_pairs():
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (7, 4, 4, 3)).astype(np.float32)
  candidates = random.uniform(-1, 1, (30, 4, 4, 3)).astype(np.float32)
  candidates[11] = images[3]
  distances = np.array(
    [
      [np.sqrt(np.mean((image - other) ** 2)) for other in candidates]
      for image in images
    ]
  )
  indices, found = pictures.nearest(images, candidates)
  np.testing.assert_array_equal(indices, distances.argmin(1))
  np.testing.assert_allclose(found, distances.min(1), atol=1e-6)
  assert indices[3] == 11 and found[3] == 0.0
