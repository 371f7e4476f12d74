import numpy as np
import pytest

from pixelda_tf.analysis import curves

BLUE, ORANGE, GREY = (0, 114, 178), (213, 94, 0), (153, 153, 153)


def draw(count, panels=2, name='row'):
  each = [curves.Curve(f'{name} {i}', np.arange(1, 40) ** i) for i in (1, 0)]
  return curves.of_ranks([('title', '|k|', each[:count])] * panels, 'all')


def has(picture, colour):
  return bool((picture == np.array(colour)).all(-1).any())


@pytest.mark.parametrize('count', [1, 2])
def test_each_curve_has_a_colour_and_half_the_rank_is_dashed(count):
  picture = draw(count)
  assert picture.dtype == np.uint8 and picture.shape[-1] == 3
  assert has(picture, BLUE) and has(picture, GREY)
  assert has(picture, ORANGE) == (count == 2)


def test_panels_stand_side_by_side():
  one, two = draw(2, panels=1), draw(2)
  assert abs(two.shape[1] - one.shape[1] - 540) < 40
  assert one.shape[0] == two.shape[0]


def test_a_dollar_in_a_name_is_drawn():
  assert not np.array_equal(draw(1, name='$a$'), draw(1, name='a'))
