import matplotlib
import numpy as np
import pytest

from pixelda_tf.analysis import figures
from pixelda_tf.analysis.examples import UNKNOWN

BLUE, GREEN, ORANGE = (0, 114, 178), (0, 158, 115), (213, 94, 0)
GREY = (176, 176, 176)


def cloud(domain, labels, seed=0):
  points = np.random.default_rng(seed).normal(size=(len(labels), 2))
  return figures.Cloud(domain, domain, points, np.array(labels))


def has(picture, colour, size=1):
  """Whether a square of pixels has a colour; a legend's are opaque."""
  found = (picture == np.array(colour)).all(-1)
  windows = np.lib.stride_tricks.sliding_window_view(found, (size, size))
  return bool(windows.all((-1, -2)).any())


def has_grey(picture):
  """Whether there is more of grey than letters have."""
  return has(picture, GREY, 3)


def class_colour(label):
  colour = matplotlib.colormaps['tab10'].colors[label]
  return np.rint(np.array(colour) * 255)


def draw(panels, names=('a', 'b', 'c'), one_embedding=True):
  return figures.clouds(panels, names, 'title', one_embedding=one_embedding)


@pytest.mark.parametrize('one_embedding', [True, False])
def test_domains_and_classes_have_their_colours(one_embedding):
  source, translated = cloud('source', [0, 1, 2]), cloud('translated', [0, 1])
  target = cloud('target', [0, 0, 1])
  before = [('before', [source, target])]
  after = [('after', [translated, target])]
  both = draw(before + after, one_embedding=one_embedding)
  assert both.dtype == np.uint8 and both.shape[-1] == 3
  for colour in (BLUE, GREEN, ORANGE, *map(class_colour, range(3))):
    assert has(both, colour)
  assert not has(both, class_colour(3)) and not has_grey(both)
  one = draw(before, one_embedding=one_embedding)
  assert has(one, BLUE) and has(one, ORANGE) and not has(one, GREEN)
  # A panel is 4.6 inches wide.
  assert abs(both.shape[1] - one.shape[1] - 460) < 80
  assert both.shape[0] == one.shape[0]


def test_unknown_classes_are_grey_and_told():
  known = draw([('x', [cloud('source', [0]), cloud('target', [1])])])
  unknown = draw([('x', [cloud('source', [0]), cloud('target', [UNKNOWN])])])
  assert has_grey(unknown) and not has_grey(known)


def test_without_any_class_points_are_drawn_once():
  """As of images that have label maps: a row of 4.6 inches."""
  known = draw([('x', [cloud('source', [0]), cloud('target', [UNKNOWN])])])
  none = draw(
    [('x', [cloud(name, [UNKNOWN]) for name in ('source', 'target')])]
  )
  assert abs(known.shape[0] - none.shape[0] - 468) < 15
  assert has(none, BLUE) and has(none, ORANGE) and not has_grey(none)


def test_a_point_is_drawn_in_both_rows_in_its_two_colours():
  """One large point of class 3: blue above, red below, the same place."""
  point = figures.Cloud('source', 's', np.zeros((1, 2)), np.array([3]))
  picture = draw([('x', [point])], 'abcdefgh').astype(int)
  blended = [
    np.rint(0.7 * np.array(colour) + 0.3 * 255)
    for colour in (BLUE, class_colour(3))
  ]
  places = [
    np.argwhere(np.abs(picture - colour).max(-1) <= 1).mean(0)
    for colour in blended
  ]
  assert places[0][1] == pytest.approx(places[1][1], abs=1)
  assert places[1][0] - places[0][0] == pytest.approx(468, abs=15)


def test_equal_clouds_give_equal_pixels():
  panels = [('x', [cloud('source', [0, 1]), cloud('target', [1, 2])])]
  np.testing.assert_array_equal(draw(panels), draw(panels))


NAMES = {
  'formulas': ['$a_b$', '$', r'\frac', '_hidden', '%s', 'ä'],
  'many': [f'class {number}' for number in range(31)],
  'one': ['thing'],
}


@pytest.mark.parametrize('names', NAMES.values(), ids=NAMES)
def test_any_names_are_drawn_without_a_warning(names):
  labels = list(range(len(names)))
  panels = [('$x_1$', [cloud('source', labels), cloud('target', labels)])]
  assert draw(panels, names).size
  matrix = np.eye(len(names), dtype=int)
  assert figures.confusion([('$x_1$', matrix)], names, 'title').size


def blues(share):
  return np.rint(np.array(matplotlib.colormaps['Blues'](share)[:3]) * 255)


def shown_shares(matrix):
  """Returns the shares that stand in cells, without the colour bar's."""
  picture = figures.confusion([('', matrix)], ['a', 'b', 'c'], '')
  columns = np.flatnonzero((picture == 0).all(-1).sum(0) > 250)
  cells = picture[:, columns[0] : columns[1]].astype(int)
  return {
    share
    for share in (0, 0.25, 0.5, 0.75, 1)
    if (np.abs(cells - blues(share)).max(-1) <= 1).sum() > 2000
  }


def test_cells_are_shares_of_their_row():
  assert shown_shares([[4, 0, 0], [0, 9, 0], [0, 0, 1]]) == {0, 1}
  assert shown_shares([[2, 2, 0], [1, 3, 0], [0, 0, 7]]) == {
    0,
    0.25,
    0.5,
    0.75,
    1,
  }


def test_a_class_without_examples_is_an_empty_row():
  assert shown_shares([[0, 0, 0], [0, 9, 0], [0, 0, 1]]) == {0, 1}


def test_confusion_matrices_stand_side_by_side():
  matrix = np.eye(3, dtype=int)
  names = ['a', 'b', 'c']
  one = figures.confusion([('before', matrix)], names, 'title')
  two = figures.confusion([('b', matrix), ('a', matrix)], names, 'title')
  assert two.dtype == np.uint8
  assert two.shape[1] > one.shape[1] + 300


def test_titles_of_matrices_that_stand_side_by_side_do_not_meet():
  """Between the panels there is a column without ink in the titles' rows."""
  matrix = np.eye(11, dtype=int)
  text = (
    'mIoU 11.5%, frequency-weighted IoU 30.6%, pixel accuracy 37.9%, images 9'
  )
  panels = [(f'{when}: cycada\n{text}', matrix) for when in ('before', 'after')]
  picture = figures.confusion(panels, 'abcdefghijk', 'title')
  dark = (picture < 128).all(-1)
  frames = np.flatnonzero(dark.sum(0) > 300)
  top = np.flatnonzero(dark.sum(1) > 600)[0]
  titles = dark[top - 60 : top - 2]
  assert titles.any()
  # The frames' lines: left and right of the one, then of the other.
  assert (~titles[:, frames[1] : frames[2]].any(0)).sum() > 20


def test_counts_too_long_for_a_cell_are_percent_of_their_row():
  """Of counts that are percents the numbers are the same."""
  matrix = np.array([[75, 25], [0, 100]])
  short, long = (
    figures.confusion([('', counts)], ['a', 'b'], '')
    for counts in (matrix, 10**6 * matrix)
  )
  np.testing.assert_array_equal(short, long)
