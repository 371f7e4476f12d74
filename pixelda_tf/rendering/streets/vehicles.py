"""Cars, vans, buses and lorries: bodies, windows, wheels, lamps, plates."""

import functools

import numpy as np

from pixelda_tf.rendering.streets import large_vehicles, shapes, vehicle_parts
from pixelda_tf.rendering.streets.shapes import Shape

# Outlines from the side, y from tail to nose and z as fractions of length and
# height; and widths as fractions. The last numbers are where the windows begin.
_CARS = {
  'hatchback': (3.8, 1.65, 1.45, (0.02, 0.1, 0.52, 0.74), 0.57),
  'small': (3.5, 1.6, 1.5, (0.02, 0.12, 0.58, 0.82), 0.57),
  'saloon': (4.5, 1.75, 1.42, (0.16, 0.3, 0.56, 0.74), 0.6),
  'estate': (4.6, 1.75, 1.48, (0.02, 0.1, 0.58, 0.76), 0.58),
  'offroad': (4.5, 1.85, 1.8, (0.02, 0.06, 0.6, 0.72), 0.55),
  'people_carrier': (4.4, 1.8, 1.68, (0.02, 0.08, 0.66, 0.9), 0.55),
}
_VANS = {
  'van': (4.9, 1.9, 2.0, 0.78),
  'tall_van': (5.6, 2.0, 2.5, 0.8),
  'small_van': (4.2, 1.7, 1.8, 0.7),
}
_BUSES = {
  'bus': (10.5, 2.5, 3.0, 1),
  'double_decker': (10.0, 2.5, 4.3, 2),
}
NAMES = (*_CARS, *_VANS, *_BUSES, 'lorry')
# Of a hundred vehicles.
SHARES = np.array([26, 12, 17, 12, 8, 8, 5, 3, 4, 1.5, 1.5, 2.0]) / 100


def draw(rng: np.random.Generator) -> str:
  """Draws one of `NAMES`, as often as it is on the road."""
  return NAMES[rng.choice(len(NAMES), p=SHARES)]


def length(name: str) -> float:
  """Returns a vehicle's length, metres."""
  for kind in (_CARS, _VANS, _BUSES):
    if name in kind:
      return kind[name][0]
  return 8.0


@functools.cache
def load(name: str) -> Shape:
  """Returns one of `NAMES`, its nose towards y, its middle at the origin."""
  if name in _CARS:
    return _car(*_CARS[name])
  if name in _VANS:
    return large_vehicles.van(*_VANS[name])
  if name in _BUSES:
    return large_vehicles.bus(*_BUSES[name])
  return large_vehicles.lorry()


def _car(long, wide, high, cabin, sill):
  """Returns a car.

  Args:
    long: metres.
    wide: metres.
    high: metres.
    cabin: fractions of the length: foot and top of the rear window, top and
      foot of the windscreen.
    sill: fraction of the height where the windows begin.
  """
  half, waist = wide / 2, sill * high
  back_foot, back_top, front_top, front_foot = (
    (fraction - 0.5) * long for fraction in cabin
  )
  tail, nose = -long / 2, long / 2
  body = shapes.loft(
    [
      (tail + 0.05, 0.22, 0.9 * half),
      (tail, 0.45, 0.97 * half),
      (tail + 0.05, waist, 0.95 * half),
      (back_foot + 0.05, waist + 0.03, 0.95 * half),
      (front_foot, waist + 0.02, 0.95 * half),
      (nose - 0.25, 0.88 * waist, 0.92 * half),
      (nose, 0.5, 0.9 * half),
      (nose - 0.05, 0.22, 0.88 * half),
    ],
    'paint',
  )
  top = 0.74 * half
  glass = shapes.loft(
    [
      (back_foot, waist, 0.94 * half),
      (back_top, high - 0.04, top),
      (front_top, high - 0.04, top),
      (front_foot, waist, 0.94 * half),
    ],
    'car_glass',
  )
  parts = [body, glass]
  parts.append(
    shapes.boxes(
      [(-top * 0.98, back_top - 0.03, high - 0.06)],
      [(top * 0.98, front_top + 0.03, high)],
      'paint',
    )
  )
  # Pillars stand a little before the glass.
  middle = (back_top + front_top) / 2 - 0.1
  feet = [back_foot + 0.04, middle, front_foot - 0.02]
  tops = [back_top, middle, front_top]
  ends = [
    (side, y, z) for side in (-1, 1) for y, z in zip(feet, tops, strict=True)
  ]
  start = [(side * 0.945 * half, y, waist) for side, y, _ in ends]
  end = [(side * top, y, high - 0.03) for side, _, y in ends]
  parts.append(shapes.tubes(start, end, 0.05, 0.04, 'paint', 3))
  parts += vehicle_parts.lamps(tail, nose, half, 0.6 * waist, 0.88 * waist)
  parts += vehicle_parts.bumpers(tail, nose, half)
  parts += vehicle_parts.wheels((0.3 * long, -0.3 * long), half, 0.3)
  parts.append(
    shapes.boxes(
      [
        (side * (half + 0.08) - 0.08, front_foot - 0.3, waist)
        for side in (-1, 1)
      ],
      [
        (side * (half + 0.08) + 0.08, front_foot - 0.2, waist + 0.13)
        for side in (-1, 1)
      ],
      'paint',
    )
  )
  return shapes.join(parts)
