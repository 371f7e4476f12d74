"""Lamps, bumpers and wheels.

`tail` and `nose` are a vehicle's ends along y, `half` is half of its width.
"""

from collections.abc import Sequence

import numpy as np

from pixelda_tf.rendering.streets import shapes
from pixelda_tf.rendering.streets.shapes import Shape


def lamps(
  tail: float, nose: float, half: float, low: float, high: float
) -> list[Shape]:
  """Returns head and tail lamps, and plates."""
  outer, inner = 0.9 * half, 0.58 * half
  middle = (low + high) / 2
  return [
    shapes.upright(
      [-outer, inner],
      [-inner, outer],
      low,
      high - 0.03,
      nose + 0.01,
      'headlamp',
    ),
    shapes.upright(
      [-outer, 0.68 * half],
      [-0.68 * half, outer],
      low,
      high,
      tail - 0.01,
      'taillamp',
    ),
    shapes.upright(-0.26, 0.26, 0.36, 0.48, nose + 0.02, 'plate'),
    shapes.upright(
      -0.26, 0.26, middle - 0.06, middle + 0.07, tail - 0.02, 'yellow_plate'
    ),
    shapes.upright(-0.45 * half, 0.45 * half, low, high - 0.05, nose, 'bumper'),
  ]


def bumpers(tail: float, nose: float, half: float) -> list[Shape]:
  """Returns bumpers."""
  return [
    shapes.boxes(
      [(-0.93 * half, tail - 0.03, 0.22), (-0.9 * half, nose - 0.1, 0.2)],
      [(0.93 * half, tail + 0.1, 0.4), (0.9 * half, nose + 0.02, 0.36)],
      'bumper',
    )
  ]


def wheels(places: Sequence[float], half: float, radius: float) -> list[Shape]:
  """Returns wheels, with arches and the dark below the body."""
  centres = np.array(
    [(side * half, y, radius) for side in (-1, 1) for y in places]
  )
  across = np.array([(np.sign(x) * 0.02, 0, 0) for x, _, _ in centres])
  inside = np.array([(np.sign(x) * 0.2, 0, 0) for x, _, _ in centres])
  outer, inner = centres + across, centres - inside
  parts = [
    shapes.tubes(inner, outer, radius, radius, 'tyre', 8),
    shapes.discs(outer, radius, 0, 'tyre'),
    shapes.discs(outer + across / 4, 0.6 * radius, 0, 'hub', 6),
  ]
  low, high = min(places), max(places)
  parts.append(
    shapes.level(
      -0.85 * half, 0.85 * half, low - 0.5, high + 0.5, 0.21, 'bumper'
    )
  )
  return parts
