"""Clouds of points and confusion matrices, drawn to arrays."""

import io
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from pixelda_tf.analysis.examples import UNKNOWN

DPI = 100
_UNKNOWN_COLOUR = '#b0b0b0'
# Of Okabe and Ito, told apart by the colour-blind too.
_DOMAIN_COLOURS = {
  'source': '#0072b2',
  'translated': '#009e73',
  'target': '#d55e00',
}
_SCALES = {10: 'tab10', 20: 'tab20'}
_MARKERS = {'source': 'o', 'translated': 'o', 'target': 'x'}
# A number in each cell is readable up to so many classes.
_NUMBERED_CLASSES = 16
_LEGEND_ROWS = 16
# Counts from here on have more digits than a cell has room for.
_LONG = 100_000

# Letters of a title on an inch.
_LETTERS = 9

drawn = matplotlib.rc_context(
  {'font.size': 11, 'axes.titlesize': 12, 'figure.titlesize': 13}
)


class Cloud(NamedTuple):
  """Embedded points of one domain.

  Attributes:
    domain: 'source', 'translated' or 'target'.
    name: in the legend.
    points: float `[n, 2]`.
    labels: int `[n]`, `UNKNOWN` where there is none.
  """

  domain: str
  name: str
  points: np.ndarray
  labels: np.ndarray


@drawn
def clouds(
  panels: Sequence[tuple[str, Sequence[Cloud]]],
  class_names: Sequence[str],
  title: str,
  *,
  one_embedding: bool,
) -> np.ndarray:
  """Draws clouds of points, above by domain, below by class if any is known.

  Args:
    panels: list of (title, list of `Cloud`), one a column.
    class_names: by label.
    title: above all.
    one_embedding: whether the panels share their axes.

  Returns:
    uint8 `[height, width, 3]`.
  """
  every = {cloud.domain: cloud for _, shown in panels for cloud in shown}
  labelled = any((cloud.labels != UNKNOWN).any() for cloud in every.values())
  rows = 2 if labelled else 1
  figure = Figure((4.6 * len(panels), 4.6 * rows), DPI)
  figure.suptitle(plain(title), y=1.04, va='bottom')
  axes = figure.subplots(
    rows,
    len(panels),
    squeeze=False,
    sharex=one_embedding,
    sharey=one_embedding,
    gridspec_kw={
      'left': 0,
      'right': 1,
      'bottom': 0,
      'top': 1,
      'wspace': 0.04,
      'hspace': 0.04,
    },
  )
  colours = _class_colours(len(class_names))
  for column, (name, shown) in zip(axes.T, panels, strict=True):
    column[0].set_title(plain(name))
    for axis in column:
      axis.set(xticks=[], yticks=[])
    for cloud in shown:
      _scatter(column[0], cloud, _DOMAIN_COLOURS[cloud.domain])
      if labelled:
        by_class = [
          _UNKNOWN_COLOUR if label == UNKNOWN else colours[label]
          for label in cloud.labels
        ]
        _scatter(column[1], cloud, by_class)
  axes[0, 0].set_ylabel('colour: domain')
  _legend(axes[0, -1], _domain_entries(every))
  if labelled:
    axes[1, 0].set_ylabel('colour: class')
    _legend(axes[1, -1], _class_entries(every, class_names, colours))
  return whole(figure)


@drawn
def confusion(
  panels: Sequence[tuple[str, np.ndarray]],
  class_names: Sequence[str],
  title: str,
) -> np.ndarray:
  """Draws confusion matrices side by side.

  Args:
    panels: list of (title, int `[n_classes, n_classes]` counts: row true,
      column predicted). A cell's number is its count, its colour the fraction
      of its row; so is its number, in percent, where counts are long, as of
      pixels.
    class_names: by label.
    title: above all.

  Returns:
    uint8 `[height, width, 3]`.
  """
  n = len(class_names)
  side = max(4.2, 0.42 * n + 1.2)
  size = len(panels) * side + 1.2, side + 1.0
  figure = Figure(size, DPI, layout='constrained')
  figure.suptitle(plain(title))
  axes = figure.subplots(1, len(panels), squeeze=False)[0]
  for axis, (name, matrix) in zip(axes, panels, strict=True):
    matrix = np.asarray(matrix)
    fractions = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    is_long = matrix.max() >= _LONG
    image = axis.imshow(fractions, cmap='Blues', vmin=0.0, vmax=1.0)
    names = [plain(name) for name in class_names]
    rotation = 90 if max(map(len, names)) > 2 else 0
    axis.set_xticks(range(n), names, rotation=rotation)
    axis.set_yticks(range(n), names)
    title = _wrapped(name, int(_LETTERS * side))
    axis.set(title=plain(title), xlabel='predicted', ylabel='true')
    for true, predicted in zip(*np.nonzero(matrix), strict=True):
      fraction = fractions[true, predicted]
      if n <= _NUMBERED_CLASSES:
        axis.text(
          predicted,
          true,
          f'{100 * fraction:.0f}' if is_long else matrix[true, predicted],
          ha='center',
          va='center',
          fontsize=9,
          color='white' if fraction > 0.5 else 'black',
        )
  figure.colorbar(
    image, ax=axes, label='fraction of the true class', shrink=0.8
  )
  return whole(figure)


def plain(text: str) -> str:
  """Returns text that is drawn as it is: in matplotlib `$` begins formulas."""
  return text.replace('$', r'\$')


def _wrapped(text, width):
  """Returns text in lines of at most so many letters."""
  lines = (textwrap.wrap(line, width) for line in text.splitlines())
  return '\n'.join(line for wrapped in lines for line in wrapped)


def whole(figure: Figure) -> np.ndarray:
  """Returns a figure as uint8 `[height, width, 3]`, all that is drawn."""
  file = io.BytesIO()
  FigureCanvasAgg(figure).print_figure(
    file, format='png', dpi=DPI, bbox_inches='tight', pad_inches=0.15
  )
  with Image.open(file) as image:
    return np.asarray(image.convert('RGB'))


def _class_colours(n_classes):
  """Returns at least n_classes colours, as different as can be."""
  for limit, name in _SCALES.items():
    if n_classes <= limit:
      return matplotlib.colormaps[name](np.arange(limit))
  return matplotlib.colormaps['hsv'](np.arange(n_classes) / n_classes)


def _scatter(axis, cloud, colours):
  axis.scatter(
    *cloud.points.T,
    s=float(np.clip(8000 / max(len(cloud.points), 1), 6, 40)),
    c=colours,
    marker=_MARKERS[cloud.domain],
    linewidths=1.0 if _MARKERS[cloud.domain] == 'x' else 0.0,
    alpha=0.7,
  )


def _domain_entries(every):
  return [
    (every[domain].name, _MARKERS[domain], colour)
    for domain, colour in _DOMAIN_COLOURS.items()
    if domain in every
  ]


def _class_entries(every, class_names, colours):
  entries = [
    (name, 's', colour)
    for name, colour in zip(class_names, colours, strict=False)
  ]
  if any((cloud.labels == UNKNOWN).any() for cloud in every.values()):
    entries.append(('not known', 's', _UNKNOWN_COLOUR))
  return entries


def _legend(axis, entries):
  """Puts (name, marker, colour) entries to the right of an axis."""
  handles = [
    Line2D([], [], color=colour, marker=marker, linestyle='')
    for _, marker, colour in entries
  ]
  axis.legend(
    handles,
    [plain(name) for name, _, _ in entries],
    loc='upper left',
    bbox_to_anchor=(1.0, 1.0),
    frameon=False,
    ncols=-(-len(entries) // _LEGEND_ROWS),
    borderaxespad=0.3,
  )
