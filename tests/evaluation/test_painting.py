"""Label maps in colours."""

import numpy as np
import pytest

from pixelda_tf.evaluation import painting, pictures
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.problems import Case

RED, BLUE, BLACK, WHITE = [250, 0, 0], [0, 0, 250], [0] * 3, [255] * 3
COLOURS = [RED, BLUE]
NAMES = 'sea', 'sand'


def test_ignored_pixels_are_black():
  maps = np.array([[0, 1, IGNORE]])
  np.testing.assert_array_equal(
    painting.paint(maps, COLOURS), [[RED, BLUE, BLACK]]
  )


@pytest.mark.parametrize('maps', [np.eye(2, dtype=int), np.eye(2)[..., None]])
def test_maps_among_images(maps):
  shown = painting.to_show(maps.astype(np.int32), COLOURS)
  assert shown.dtype == np.float32
  np.testing.assert_array_equal(
    pictures.to_rgb(shown), [[BLUE, RED], [RED, BLUE]]
  )


def test_cases_have_their_maps_beside_them():
  """An image of 2x3 pixels, maps of 4x6: all in 4x6, three in 788 pixels.

  4 * 788 / 18 = 175.1 pixels are high, and 14 for a text; each map is 788 / 3
  = 262.7 wide.
  """
  maps = np.array([0, 1], np.uint8)[:, None, None] * np.ones((4, 6), np.uint8)
  image = np.full((2, 3, 3), 77, np.uint8)
  shown = [Case(image, ('text',), tuple(maps))] * 2
  picture = painting.cases(shown, NAMES, COLOURS)
  height = 175 + 14 + 4
  assert picture.dtype == np.uint8 and picture.shape[1:] == (792, 3)
  assert picture.shape[0] > 2 * height
  for row in range(2):
    part = picture[row * height :]
    assert (part[:175, :262] == 77).all()
    assert (part[:175, 264:525] == RED).all()
    assert (part[:175, 526:788] == BLUE).all()
    assert part[175:189, :40].min() < 50
  colours = set(map(tuple, picture[2 * height :].reshape(-1, 3)))
  assert {tuple(RED), tuple(BLUE), tuple(BLACK)} <= colours


def test_worst_cases_of_any_shape_are_no_larger_than_two_screens():
  for size in ((512, 256), (256, 512), (360, 480), (300, 300)):
    maps = np.zeros(size, np.uint8)
    case = Case(np.zeros((*size, 3), np.uint8), ('text',), (maps, maps))
    picture = painting.cases([case] * 18, NAMES, COLOURS)
    assert max(picture.shape) <= pictures.LARGEST + 100


@pytest.mark.parametrize('width', [40, 100, 500])
def test_a_legend_has_every_class_whatever_the_width(width):
  names = [f'class {number}' for number in range(19)]
  colours = [[10 * number + 1, 250, 3] for number in range(19)]
  above = np.full((5, width, 3), 9, np.uint8)
  picture = painting.with_legend(above, names, colours, 'words')
  np.testing.assert_array_equal(picture[:5], above)
  seen = set(map(tuple, picture[5:].reshape(-1, 3)))
  assert {tuple(colour) for colour in colours} <= seen
