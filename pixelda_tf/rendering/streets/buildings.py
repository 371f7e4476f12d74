"""Houses: x along the street, y away from it, the facade at y = 0."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.rendering.streets import shapes
from pixelda_tf.rendering.streets.shapes import Shape


class House(NamedTuple):
  """What a house is like.

  Attributes:
    width: metres.
    depth: metres.
    floors: how many, of which the lowest may be a shop.
    floor: height of one, metres.
    wall: material.
    roof: 'ridge' along the street, 'gable' towards it, or 'flat'.
    shop: whether the lowest floor is a shop.
  """

  width: float
  depth: float
  floors: int
  floor: float
  wall: str
  roof: str
  shop: bool


def terrace(rng: np.random.Generator, shop: bool) -> House:
  """Draws a house of a row."""
  return House(
    width=rng.uniform(5, 10),
    depth=rng.uniform(8, 12),
    floors=int(rng.choice([2, 3, 4], p=[0.5, 0.38, 0.12])),
    floor=rng.uniform(2.6, 3.2),
    wall=str(rng.choice(['brick', 'plaster', 'stone'], p=[0.6, 0.3, 0.1])),
    roof=str(rng.choice(['ridge', 'gable', 'flat'], p=[0.7, 0.2, 0.1])),
    shop=shop,
  )


def block(rng: np.random.Generator) -> House:
  """Draws a large building of offices or flats."""
  return House(
    width=rng.uniform(14, 30),
    depth=rng.uniform(12, 20),
    floors=int(rng.integers(2, 6)),
    floor=rng.uniform(2.9, 3.5),
    wall=str(rng.choice(['brick', 'concrete', 'plaster', 'stone'])),
    roof='flat',
    shop=bool(rng.random() < 0.4),
  )


def build(house: House, rng: np.random.Generator) -> list[Shape]:
  """Returns a house's parts."""
  height = house.floors * house.floor
  width, depth = house.width, house.depth
  x, y, z = width, depth, height
  walls = shapes.quads(
    np.array(
      [
        [(0, 0, 0), (x, 0, 0), (x, 0, z), (0, 0, z)],
        [(0, 0, 0), (0, y, 0), (0, y, z), (0, 0, z)],
        [(x, 0, 0), (x, y, 0), (x, y, z), (x, 0, z)],
        [(0, y, 0), (x, y, 0), (x, y, z), (0, y, z)],
      ]
    ),
    house.wall,
  )
  parts = [walls, *_windows(house, rng), *_roof(house, height, rng)]
  parts += _shop(house, rng) if house.shop else _ground_floor(house, rng)
  return parts


def _windows(house, rng):
  """Returns the windows of the upper floors, and of the sides."""
  per_floor = max(1, int(house.width / rng.uniform(1.8, 3.0)))
  wide, high = rng.uniform(0.9, 1.5), rng.uniform(1.2, 1.8)
  centres = (np.arange(per_floor) + 0.5) * house.width / per_floor
  wide = min(wide, 0.85 * house.width / per_floor)
  sills = np.arange(1, house.floors) * house.floor + rng.uniform(0.6, 0.9)
  x, z = (grid.ravel() for grid in np.meshgrid(centres, sills))
  return _window_set(x, z, wide, high, 0.0, rng)


def _window_set(x, z, wide, high, y, rng):
  """Returns windows of one size on the plane y, by middles and sills."""
  if not len(x):
    return []
  left, right, top = x - wide / 2, x + wide / 2, z + high
  bar = 0.05
  middle = z + rng.choice([0.5, 0.65]) * high
  curtained = rng.random(len(x)) < 0.35
  parts = [shapes.upright(left, right, z, top, y - 0.03, 'frame')]
  for low, up in ((z + bar, middle - bar / 2), (middle + bar / 2, top - bar)):
    for material, chosen in (('glass', ~curtained), ('curtain', curtained)):
      if chosen.any():
        parts.append(
          shapes.upright(
            left[chosen] + bar,
            right[chosen] - bar,
            low[chosen],
            up[chosen],
            y - 0.05,
            material,
          )
        )
  low = np.stack([left - 0.08, 0 * x + y - 0.12, z - 0.1], axis=1)
  high_corner = np.stack([right + 0.08, 0 * x + y, z], axis=1)
  parts.append(shapes.boxes(low, high_corner, 'sill'))
  return parts


def _ground_floor(house, rng):
  """Returns a door and windows, perhaps bays."""
  door = rng.uniform(0.6, house.width - 1.6)
  parts = [
    shapes.upright(door - 0.1, door + 1.1, 0, 2.3, -0.03, 'frame'),
    shapes.upright(door, door + 1.0, 0.05, 2.1, -0.06, 'door'),
  ]
  count = max(1, int(house.width / 3.2))
  centres = (np.arange(count) + 0.5) * house.width / count
  centres = centres[np.abs(centres - door - 0.5) > 1.5]
  if not len(centres):
    return parts
  if rng.random() < 0.35:
    low = np.stack([centres - 1, 0 * centres - 0.6, 0 * centres], axis=1)
    high = low + (2, 0.7, rng.choice([2.6, 5.4]))
    parts.append(shapes.boxes(low, high, 'sill'))
    for bottom in (0.8, 3.5)[: 1 + int(high[0, 2] > 3)]:
      parts += _window_set(
        centres, np.full(len(centres), bottom), 1.6, 1.5, -0.6, rng
      )
    return parts
  return parts + _window_set(
    centres, np.full(len(centres), 0.8), rng.uniform(1.0, 1.6), 1.4, 0.0, rng
  )


def _shop(house, rng):
  """Returns a shop's window, door, fascia and perhaps an awning."""
  width, top = house.width, min(house.floor, 3.0)
  door = rng.uniform(0.3, width - 1.5)
  parts = [
    shapes.boxes([(0.1, -0.15, top - 0.6)], [(width - 0.1, 0, top)], 'fascia'),
    shapes.upright(
      0.2 * width,
      rng.uniform(0.5, 0.8) * width,
      top - 0.48,
      top - 0.15,
      -0.17,
      'letters',
    ),
    shapes.upright(0.1, width - 0.1, 0, top - 0.6, -0.03, 'fascia'),
    shapes.upright(door, door + 1.1, 0.05, 2.2, -0.08, 'shop_glass'),
  ]
  panes = np.linspace(0.2, width - 0.2, max(2, int(width / 1.6)))
  left, right = panes[:-1] + 0.05, panes[1:] - 0.05
  parts.append(
    shapes.upright(
      left, right, rng.uniform(0.2, 0.7), top - 0.7, -0.06, 'shop_glass'
    )
  )
  if rng.random() < 0.15:
    parts.append(
      shapes.quads(
        [
          [
            (0.1, -0.1, top - 0.5),
            (width - 0.1, -0.1, top - 0.5),
            (width - 0.1, -1.3, top - 0.95),
            (0.1, -1.3, top - 0.95),
          ]
        ],
        'awning',
      )
    )
  return parts


def _roof(house, height, rng):
  width, depth = house.width, house.depth
  over = 0.3
  if house.roof == 'flat':
    return [
      shapes.boxes(
        [(-0.1, -0.1, height)], [(width + 0.1, depth, height + 0.6)], house.wall
      ),
      shapes.upright(0, width, height - 0.1, height + 0.15, -0.15, 'sill'),
    ]
  if house.roof == 'gable':
    rise = rng.uniform(0.35, 0.55) * width
    middle, top = width / 2, height + rise
    slopes = [
      [
        (edge, -over, height - 0.1),
        (middle, -over, top),
        (middle, depth, top),
        (edge, depth, height - 0.1),
      ]
      for edge in (-over / 2, width + over / 2)
    ]
    gable = [(0, 0, height), (width, 0, height), (middle, 0, top - 0.1)]
    parts = [
      shapes.quads(slopes, 'roof'),
      shapes.triangles([gable], house.wall),
    ]
    if width > 5:
      parts += _window_set(
        np.array([middle]), np.array([height + 0.2]), 0.9, 1.1, 0.0, rng
      )
    return parts + _chimneys(width, depth / 2, top - 0.5, rng)
  rise = rng.uniform(0.3, 0.5) * depth
  top = height + rise
  slopes = [
    [
      (0, edge, height - 0.1),
      (width, edge, height - 0.1),
      (width, depth / 2, top),
      (0, depth / 2, top),
    ]
    for edge in (-over, depth + over)
  ]
  gables = [
    [(x, 0, height), (x, depth, height), (x, depth / 2, top)]
    for x in (0.02, width - 0.02)
  ]
  parts = [
    shapes.quads(slopes, 'roof'),
    shapes.triangles(gables, house.wall),
    shapes.boxes(
      [(0, -over - 0.1, height - 0.2)], [(width, -over, height - 0.08)], 'frame'
    ),
  ]
  if rng.random() < 0.25:
    parts += _dormer(width, depth, height, rise, rng)
  return parts + _chimneys(width, depth / 2, top, rng)


def _dormer(width, depth, height, rise, rng):
  middle = rng.uniform(0.3, 0.7) * width
  z = height + 0.25 * rise
  y = 0.15 * depth
  return [
    shapes.boxes(
      [(middle - 0.8, y, z)], [(middle + 0.8, depth / 2, z + 1.4)], 'roof'
    ),
    *_window_set(np.array([middle]), np.array([z + 0.1]), 1.2, 1.2, y, rng),
  ]


def _chimneys(width, y, top, rng):
  parts = []
  for x in (0.3, width - 0.9)[: int(rng.integers(3))]:
    high = top + rng.uniform(0.8, 1.6)
    pots = np.array([(x + 0.15, y, high), (x + 0.45, y, high)])
    parts += [
      shapes.boxes(
        [(x, y - 0.6, top - 1.5)], [(x + 0.6, y + 0.6, high)], 'chimney'
      ),
      shapes.tubes(pots, pots + (0, 0, 0.45), 0.13, 0.1, 'pot', 6),
    ]
  return parts
