import numpy as np
import pytest
from PIL import Image

from pixelda_tf.evaluation import pictures
from pixelda_tf.fields.images import to_uint8
from pixelda_tf.problems import Case


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


@pytest.mark.parametrize('size', [(8, 8), (9, 13), (30, 2), (1, 7)])
@pytest.mark.parametrize('side', [1, 2, 3, 8, 40])
def test_large_images_are_means_of_squares(size, side):
  images = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype('f4')
  asked = []

  def fits(height, width):
    asked.append((height, width))
    return max(height, width) <= side

  small = pictures.shrink(images, fits)
  step = next((k for k in range(1, 31) if max(size) // k <= side), max(size))
  height, width = (max(length // step, 1) for length in size)
  assert small.shape == (2, height, width, 3)
  for y in range(height):
    for x in range(width):
      square = images[:, y * step :, x * step :][:, :step, :step]
      np.testing.assert_allclose(small[:, y, x], square.mean((1, 2)), atol=1e-6)
  assert (small is images) == (max(size) <= side)


@pytest.mark.parametrize(
  ('n', 'size', 'expected'),
  [(16, (256, 512), (2 * 65 - 1, 16 * 130 - 2)), (3, (9000, 10), None)],
)
def test_a_grid_of_large_images_has_smaller_ones(
  n, size, expected, monkeypatch
):
  """512 pixels and a gap, 16 times, are 8224: a fourth of it fits."""
  monkeypatch.setattr(pictures, 'LARGEST', 2100)
  rows = [np.zeros((n, *size, 3), np.float32)] * 2
  picture = pictures.grid(rows, gap=2)
  assert max(picture.shape) <= 2100
  if expected:
    assert picture.shape[1] == expected[1]


def test_pictures_that_would_be_too_large_are_enlarged_less(tmp_path):
  picture = np.zeros((10, 1500, 3), np.uint8)
  pictures.save(tmp_path / 'a.png', picture, scale=3)
  with Image.open(tmp_path / 'a.png') as image:
    assert image.size == (3000, 20)
  pictures.save(tmp_path / 'b.png', np.zeros((9000, 1, 3), np.uint8), scale=3)
  with Image.open(tmp_path / 'b.png') as image:
    assert image.size == (1, 9000)


def test_a_grid_shows_depth_in_a_row_of_its_own():
  images = np.full((2, 3, 3, 4), -1.0)
  images[..., 3] = 1.0
  images[0, ..., 0] = 1.0
  below = np.zeros((2, 3, 3, 3))
  picture = pictures.grid([images, below], gap=0)
  red, black, white, grey = [255, 0, 0], [0] * 3, [255] * 3, [128] * 3
  corners = picture[::3, ::3]
  np.testing.assert_array_equal(
    corners, [[red, black], [white, white], [grey, grey]]
  )


def tile(picture, position, n_texts):
  """Returns the image that a case shows, at its original 4x4 pixels."""
  row, column = divmod(position, pictures.COLUMNS)
  top, left = row * (132 + 14 * n_texts), column * 132
  found = picture[top : top + 128, left : left + 128]
  small = found[::32, ::32]
  np.testing.assert_array_equal(found, small.repeat(32, 0).repeat(32, 1))
  return small


@pytest.mark.parametrize('n, rows', [(1, 1), (6, 1), (7, 2)])
@pytest.mark.parametrize('n_texts', [1, 3])
def test_cases_are_shown_in_order_with_their_texts(n, rows, n_texts):
  """Images of 128 pixels, six in a row, lines of text below."""
  images = np.random.default_rng(0).integers(256, size=(n, 4, 4, 3), dtype='u1')
  shown = [Case(image, ('text',) * n_texts) for image in images]
  picture = pictures.cases(shown)
  height = 132 + 14 * n_texts
  assert picture.dtype == np.uint8
  assert picture.shape == (rows * height, 6 * 132, 3)
  for position, image in enumerate(images):
    np.testing.assert_array_equal(tile(picture, position, n_texts), image)
    row, column = divmod(position, 6)
    below = picture[row * height + 128 :, column * 132 :][: 14 * n_texts, :132]
    for line in range(n_texts):
      assert below[14 * line :][:14].min() < 50
  if n < rows * 6:
    row, column = divmod(n, 6)
    assert (picture[row * height :, column * 132 :] == 255).all()


RANDOM = np.random.default_rng(0).integers(256, size=(4, 4, 4), dtype='uint8')
RGB = {
  'rgb': (RANDOM[..., :3], RANDOM[..., :3]),
  'rgb and depth': (RANDOM, RANDOM[..., :3]),
  'grey': (RANDOM[..., :1], RANDOM[..., [0, 0, 0]]),
  'float rgb and depth': (
    (RANDOM / 127.5 - 1).astype(np.float32),
    RANDOM[..., :3],
  ),
}


@pytest.mark.parametrize('name', RGB)
def test_what_is_shown_of_an_image(name):
  image, expected = RGB[name]
  np.testing.assert_array_equal(pictures.to_rgb(image), expected)
