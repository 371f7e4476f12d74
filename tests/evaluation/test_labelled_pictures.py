import numpy as np
import pytest

from pixelda_tf.evaluation import pictures

LEFT, MARGIN, GAP, BLOCK_GAP, LINE = 190, 12, 4, 24, 26


def images(n, size, channels, seed=0):
  shape = (n, *size, channels)
  return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def shown(picture, top, column, size, scale):
  """Returns the image at a place, at its own size; squares must be even."""
  height, width = (scale * length for length in size)
  left = LEFT + column * (width + GAP)
  tile = picture[top : top + height, left : left + width]
  small = tile[::scale, ::scale]
  np.testing.assert_array_equal(small.repeat(scale, 0).repeat(scale, 1), tile)
  return small


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize(
  ('size', 'scale'), [((16, 16), 4), ((28, 20), 3), ((80, 80), 1)]
)
def test_every_image_is_in_its_place(channels, size, scale):
  """Two blocks of two rows and one, of three images each."""
  rows = [images(3, size, channels, seed) for seed in range(3)]
  blocks = [[('first', rows[0]), ('second', rows[1])], [('third', rows[2])]]
  picture = pictures.labelled(blocks, 'a\ntitle')
  step = size[0] * scale + GAP
  top = 2 * MARGIN + 2 * LINE
  tops = [top, top + step, top + 2 * step - GAP + BLOCK_GAP]
  assert picture.dtype == np.uint8
  height = tops[-1] + step - GAP + MARGIN
  width = LEFT + 3 * (size[1] * scale + GAP) - GAP + MARGIN
  assert picture.shape == (height, width, 3)
  for top, of_row in zip(tops, rows, strict=True):
    for column, image in enumerate(pictures.to_uint8(of_row)):
      found = shown(picture, top, column, size, scale)
      np.testing.assert_array_equal(found, np.broadcast_to(image, found.shape))


def test_depth_is_a_row_of_its_own_below_with_a_label():
  rgbd = images(2, (64, 64), 4)
  picture = pictures.labelled([[('source', rgbd)]], 'x')
  tiles, top = pictures.to_uint8(rgbd), 2 * MARGIN + LINE
  for column in range(2):
    colour = shown(picture, top, column, (64, 64), 1)
    np.testing.assert_array_equal(colour, tiles[column, ..., :3])
    depth = shown(picture, top + 68, column, (64, 64), 1)
    np.testing.assert_array_equal(depth, tiles[column][..., [3, 3, 3]])
  for start in (top, top + 68):
    assert picture[start + 20 : start + 44, MARGIN:LEFT].min() < 50


def test_labels_and_a_long_title_are_not_cut_off():
  """The edges are white; in between there are letters."""
  rows = [('reconstructed source, that is', images(1, (64, 64), 3))]
  rows[0] = ('reconstructed source', rows[0][1])
  picture = pictures.labelled([rows], 'a title $x_1$ that is long ' * 4)
  letters = picture[:, :LEFT]
  assert letters[MARGIN + LINE :].min() < 50
  assert (letters[MARGIN + LINE + 10 :, -8:] == 255).all()
  title = picture[: MARGIN + LINE]
  assert title.min() < 50
  assert (title[:, : MARGIN - 2] == 255).all()
  assert (title[:, -MARGIN:] == 255).all()
