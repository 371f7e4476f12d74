"""Curves of counts over ranks, drawn to arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from pixelda_tf.analysis.figures import DPI, drawn, plain, whole

# Of Okabe and Ito, told apart by the colour-blind too.
_COLOURS = '#0072b2', '#d55e00'


class Curve(NamedTuple):
  """A count at each rank.

  Attributes:
    name: in the legend.
    counts: float `[n]`, at the ranks 1 to n.
  """

  name: str
  counts: np.ndarray


@drawn
def of_ranks(
  panels: Sequence[tuple[str, str, Sequence[Curve]]], title: str
) -> np.ndarray:
  """Draws curves side by side, and half of the rank dashed beside them.

  Args:
    panels: list of (title, label of the counts, one or two `Curve`s), one a
      column.
    title: above all.

  Returns:
    uint8 `[height, width, 3]`.
  """
  figure = Figure((5.4 * len(panels), 4.6), DPI, layout='constrained')
  figure.suptitle(plain(title))
  axes = figure.subplots(1, len(panels), squeeze=False)[0]
  for axis, (name, label, curves) in zip(axes, panels, strict=True):
    for curve, colour in zip(curves, _COLOURS, strict=False):
      ranks = np.arange(1, len(curve.counts) + 1)
      axis.plot(ranks, curve.counts, color=colour, label=plain(curve.name))
    axis.plot(ranks, ranks / 2, '--', color='0.6', label='mixed: k / 2')
    axis.set(title=plain(name), xlabel='k', ylabel=label)
    axis.set(xlim=(0, len(ranks)), ylim=(0, None))
    axis.legend(loc='upper left', frameon=False)
  return whole(figure)
