"""Plans a street: what stands where along its two sides."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pixelda_tf.rendering.streets import assembly, lots, plan, shapes, traffic

KERB = 0.12
# Longest piece of road and pavement: bends need corners.
PIECE = 6.0


class Scene(NamedTuple):
  """A built street.

  Attributes:
    street: `plan.Street`.
    geometry: `assembly.Geometry`, bent.
  """

  street: plan.Street
  geometry: assembly.Geometry


def build(
  rng: np.random.Generator, trees: Sequence[float] = (0.5, 0.38, 0.12)
) -> Scene:
  """Draws a street and builds it.

  Args:
    rng: numpy generator.
    trees: fractions of `greenery.KINDS`.
  """
  street = plan.draw(rng)
  made = assembly.Assembly()
  made.add(shapes.level(-400, 400, -400, 400, -0.4, 'grass'), 'tree')
  openings = []
  for side in (-1, 1):
    openings.append(lots.fill_side(made, street, side, rng, trees))
  _ground(made, street, openings)
  traffic.mark(made, street, openings, rng)
  traffic.drive(made, street, openings, rng)
  geometry = made.geometry()
  return Scene(
    street,
    geometry._replace(
      triangles=street.warp(geometry.triangles),
      lamps=street.warp(geometry.lamps),
    ),
  )


def _ground(made, street, openings):
  """Lays the carriageway, and pavements but where side streets open."""
  edges = np.arange(-plan.HALF - 20, plan.HALF + 20 + PIECE, PIECE)
  near, far = edges[:-1], edges[1:]
  made.add(
    shapes.level(-street.half, street.half, near, far, 0.0, 'asphalt'), 'road'
  )
  for side, opened in zip((-1, 1), openings, strict=True):
    width = street.pavements[side > 0]
    for start, end in _closed(opened):
      n = max(1, int((end - start) / PIECE))
      cuts = np.linspace(start, end, n + 1)
      near, far = cuts[:-1], cuts[1:]
      inner, outer = side * street.half, side * (street.half + width)
      left, right = sorted((inner + side * 0.15, outer))
      made.add(shapes.level(left, right, near, far, KERB, 'slab'), 'pavement')
      low = np.stack([0 * near + min(inner, inner + side * 0.15), near], 1)
      high = np.stack([0 * near + max(inner, inner + side * 0.15), far], 1)
      made.add(
        shapes.boxes(
          np.insert(low, 2, -0.1, axis=1),
          np.insert(high, 2, KERB + 0.005, axis=1),
          'kerb',
        ),
        'pavement',
      )


def _closed(opened):
  """Returns the stretches between openings, (start, end), metres."""
  bounds = [
    -plan.HALF - 20,
    *(y for pair in sorted(opened) for y in pair),
    plan.HALF + 20,
  ]
  return [
    (start, end)
    for start, end in zip(bounds[::2], bounds[1::2], strict=True)
    if end > start
  ]
