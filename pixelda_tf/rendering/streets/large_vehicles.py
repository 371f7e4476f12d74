"""Vans, buses and lorries; lengths, widths and heights in metres."""

import numpy as np

from pixelda_tf.rendering.streets import shapes, vehicle_parts
from pixelda_tf.rendering.streets.shapes import Shape


def van(long: float, wide: float, high: float, cab: float) -> Shape:
  """Returns a van; `cab` is the fraction of it before the windscreen."""
  half, waist = wide / 2, 0.52 * high
  tail, nose = -long / 2, long / 2
  windscreen = (cab - 0.5) * long
  body = shapes.loft(
    [
      (tail, 0.3, half),
      (tail, high - 0.1, 0.9 * half),
      (tail + 0.1, high, 0.86 * half),
      (windscreen - 0.3, high, 0.86 * half),
      (windscreen + 0.35, waist + 0.1, 0.95 * half),
      (nose - 0.15, 0.85 * waist, 0.95 * half),
      (nose, 0.5, 0.95 * half),
      (nose, 0.25, 0.95 * half),
    ],
    'paint',
  )
  slope = np.array(
    [
      (-0.8 * half, windscreen - 0.2, high - 0.1),
      (0.8 * half, windscreen - 0.2, high - 0.1),
      (0.88 * half, windscreen + 0.36, waist + 0.13),
      (-0.88 * half, windscreen + 0.36, waist + 0.13),
    ]
  ) + (0, 0.06, 0.04)
  sides = [
    [
      (side * half, windscreen - 0.9, waist),
      (side * half, windscreen + 0.15, waist),
      (side * 0.92 * half, windscreen - 0.25, high - 0.25),
      (side * 0.92 * half, windscreen - 0.9, high - 0.25),
    ]
    for side in (-1, 1)
  ]
  glass = shapes.quads(np.stack([slope, *sides]), 'car_glass')
  rear = shapes.upright(
    [-0.8 * half, 0.06],
    [-0.06, 0.8 * half],
    waist,
    high - 0.35,
    tail - 0.02,
    'car_glass',
  )
  text = shapes.quads(
    [
      [
        (side * (half + 0.005), tail + 0.5, 0.8),
        (side * (half + 0.005), windscreen - 1.1, 0.8),
        (side * 0.96 * half + side * 0.02, windscreen - 1.1, 1.3),
        (side * 0.96 * half + side * 0.02, tail + 0.5, 1.3),
      ]
      for side in (-1, 1)
    ],
    'livery',
  )
  return shapes.join(
    [body, glass, rear, text]
    + vehicle_parts.lamps(tail, nose, half, 0.6, 0.85)
    + vehicle_parts.bumpers(tail, nose, half)
    + vehicle_parts.wheels((0.32 * long, -0.32 * long), half, 0.33)
  )


def bus(long: float, wide: float, high: float, decks: int) -> Shape:
  """Returns a bus."""
  half, tail, nose = wide / 2, -long / 2, long / 2
  parts = [
    shapes.boxes([(-half, tail, 0.3)], [(half, nose, high)], 'bus_paint')
  ]
  bottoms = [1.1 + 1.9 * deck for deck in range(decks)]
  for bottom in bottoms:
    top = bottom + (1.1 if decks == 2 else 1.3)
    y = np.linspace(tail + 0.4, nose - 0.2, 8)
    for side in (-1, 1):
      x = side * (half + 0.02)
      parts.append(
        shapes.quads(
          [
            [(x, a, bottom), (x, b, bottom), (x, b, top), (x, a, top)]
            for a, b in zip(y[:-1] + 0.06, y[1:] - 0.06, strict=True)
          ],
          'car_glass',
        )
      )
    parts += [
      shapes.upright(
        -half + 0.1, half - 0.1, bottom - 0.1, top, nose + 0.02, 'car_glass'
      ),
      shapes.upright(
        -half + 0.3, half - 0.3, bottom + 0.2, top, tail - 0.02, 'car_glass'
      ),
    ]
  x = half + 0.015
  parts += [
    shapes.upright(-0.8, 0.8, high - 0.45, high - 0.1, nose + 0.03, 'letters'),
    shapes.quads(
      [
        [(s, tail, 0.5), (s, nose, 0.5), (s, nose, 0.8), (s, tail, 0.8)]
        for s in (-x, x)
      ],
      'livery',
    ),
  ]
  return shapes.join(
    parts
    + vehicle_parts.lamps(tail, nose, half, 0.5, 0.8)
    + vehicle_parts.wheels((0.3 * long, -0.28 * long), half, 0.48)
  )


def lorry() -> Shape:
  """Returns a lorry of 8 m."""
  half = 1.15
  return shapes.join(
    [
      shapes.boxes([(-half, -4, 0.9)], [(half, 1.9, 3.2)], 'bus_paint'),
      shapes.boxes([(-0.8 * half, -4, 0.6)], [(0.8 * half, 2, 0.9)], 'bumper'),
      shapes.boxes([(-half, 2.1, 0.4)], [(half, 4, 2.5)], 'paint'),
      shapes.upright(-1, 1, 1.4, 2.3, 4.02, 'car_glass'),
      shapes.quads(
        [
          [(x, 2.7, 1.4), (x, 3.8, 1.4), (x, 3.8, 2.2), (x, 2.7, 2.2)]
          for x in (-half - 0.02, half + 0.02)
        ],
        'car_glass',
      ),
    ]
    + vehicle_parts.lamps(-4, 4, half, 0.6, 0.9)
    + vehicle_parts.wheels((2.9, -2.6), half, 0.45)
  )
