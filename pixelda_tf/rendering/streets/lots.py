"""Fills a side of a street with lots: houses, gardens, parks, side streets."""

from collections.abc import Sequence

import numpy as np

from pixelda_tf.rendering.streets import (
  buildings,
  greenery,
  materials,
  pavement,
  plan,
  shapes,
)
from pixelda_tf.rendering.streets.assembly import Assembly
from pixelda_tf.rendering.streets.roadside import GROUND, Side


def fill_side(
  made: Assembly,
  street: plan.Street,
  side: int,
  rng: np.random.Generator,
  trees: Sequence[float],
) -> list[tuple[float, float]]:
  """Fills a side of a street.

  Args:
    made: `Assembly`, which things are added to.
    street: `plan.Street`.
    side: -1 on the left, 1 on the right.
    rng: numpy generator.
    trees: fractions of `greenery.KINDS`.

  Returns:
    list of (start, end), metres along the street, where side streets open.
  """
  here = Side(made, street, side, rng, trees)
  along, openings = -130.0, []
  kind = None
  while along < 130:
    # Neighbours are alike.
    if kind is None or kind in ('side_street', 'block') or rng.random() < 0.5:
      kind = str(rng.choice(plan.KINDS, p=street.character))
    length = _FILLERS[kind](here, along)
    if kind == 'side_street':
      openings.append((along, along + length))
    else:
      pavement.furnish(here, along, length, kind)
    along += length
  pavement.light(here)
  _close(here)
  return openings


def _shops(here, along):
  house = buildings.terrace(here.rng, shop=True)
  here.house(house, along)
  rng = here.rng
  if rng.random() < 0.5:
    z = rng.uniform(2.8, 4.0)
    plate = shapes.boxes([(0, -1.0, z)], [(0.08, -0.1, z + 0.8)], 'sign_white')
    material = str(
      rng.choice(['sign_red', 'sign_blue', 'sign_yellow', 'sign_green'])
    )
    plate = plate._replace(
      materials=np.full_like(plate.materials, materials.INDEX[material])
    )
    here.place(plate, 'sign', along + rng.uniform(0.5, house.width - 0.5))
  return house.width


def _terrace(here, along):
  house = buildings.terrace(here.rng, shop=False)
  here.house(house, along, here.rng.choice([0.05, 1.5]))
  if here.rng.random() < 0.3:
    here.line(str(here.rng.choice(['wall', 'railing'])), along, house.width)
  here.lay('slab', 'pavement', along, house.width, 0, 3)
  return house.width


def _gardens(here, along):
  rng = here.rng
  house = buildings.terrace(rng, shop=False)
  back = rng.uniform(4, 9)
  gap = rng.uniform(1, 5)
  length = house.width + gap
  here.house(house, along + gap / 2, back)
  ground = ('grass', 'tree') if rng.random() < 0.6 else ('slab', 'pavement')
  here.lay(*ground, along, length, 0, back + 12)
  kind = rng.choice(
    ['wall', 'hedge', 'boards', 'railing', 'none'],
    p=[0.4, 0.22, 0.13, 0.1, 0.15],
  )
  if kind != 'none':
    here.line(str(kind), along, length)
  for _ in range(rng.integers(1, 4)):
    here.put(
      greenery.bush(int(rng.integers(3))),
      'tree',
      along + rng.uniform(0.5, length - 0.5),
      rng.uniform(1, back - 0.5),
      scale=rng.uniform(0.8, 2.2),
    )
  if rng.random() < 0.5:
    here.tree(along + rng.uniform(1, length - 1), rng.uniform(1.5, back - 1))
  if rng.random() < 0.4:
    here.park(along + gap / 2 + 1, rng.uniform(2.5, back - 1), 0.0)
  return length


def _block(here, along):
  rng = here.rng
  house = buildings.block(rng)
  back = float(rng.choice([0.05, 2.0, 6.0]))
  here.house(house, along + 1, back)
  here.lay('slab', 'pavement', along, house.width + 2, 0, back + 1)
  if back > 4 and rng.random() < 0.6:
    for _ in range(2):
      here.tree(along + rng.uniform(1, house.width), rng.uniform(1, back - 2))
  return house.width + 2


def _park(here, along):
  rng = here.rng
  length = rng.uniform(15, 35)
  here.lay('grass', 'tree', along, length, 0, 60)
  kind = rng.choice(
    ['railing', 'hedge', 'guard', 'boards', 'wall', 'none'],
    p=[0.25, 0.15, 0.15, 0.1, 0.15, 0.2],
  )
  if kind != 'none':
    here.line(str(kind), along, length)
  for _ in range(int(length / 5)):
    here.tree(
      along + rng.uniform(0, length),
      2 + 40 * rng.random() ** 2,
      rng.uniform(6, 16),
    )
  for _ in range(int(length / 5)):
    here.put(
      greenery.bush(int(rng.integers(3))),
      'tree',
      along + rng.uniform(0, length),
      rng.uniform(1, 20),
      scale=rng.uniform(1, 3),
    )
  return length


def _car_park(here, along):
  rng = here.rng
  length = rng.uniform(18, 30)
  here.lay('asphalt', 'road', along, length, 0, 35)
  house = buildings.block(rng)._replace(width=length - 2, floors=1, floor=5.0)
  here.house(house, along + 1, 34)
  if rng.random() < 0.6:
    here.line(
      str(rng.choice(['railing', 'guard', 'hedge', 'wall'])), along, length
    )
  for away in (6.0, 18.0):
    for y in np.arange(1.5, length - 1, 2.7):
      if rng.random() < 0.45:
        turn = np.pi / 2 * rng.choice([-1, 1]) + rng.normal(0, 0.05)
        here.park(along + y, away + rng.normal(0, 0.3), turn)
  here.tree(along + 1, 3)
  return length


def _side_street(here, along):
  rng = here.rng
  length = rng.uniform(8, 14)
  inner = 0.0
  pave = 1.8
  depth = -(here.street.pavements[here.side > 0])
  cuts = np.linspace(depth, 70, 10)
  here.place(
    shapes.level(pave, length - pave, cuts[:-1], cuts[1:], 0.005, 'asphalt'),
    'road',
    along,
    up=0,
  )
  for left in (0.0, length - pave):
    here.place(
      shapes.level(left, left + pave, depth, 70, 0, 'slab'),
      'pavement',
      along,
      up=GROUND,
    )
  here.place(
    shapes.level(
      np.arange(pave + 0.3, length / 2, 0.9),
      np.arange(pave + 0.3, length / 2, 0.9) + 0.6,
      depth + 0.1,
      depth + 0.4,
      0.02,
      'mark',
    ),
    'road',
    along,
    up=0,
  )
  here.house(buildings.block(rng)._replace(width=length + 8), along - 4, 70)
  for away in np.arange(8.0, 60, 7):
    if rng.random() < 0.5:
      here.park(along + pave + 1.0, away, np.pi / 2)
    house = buildings.terrace(rng, shop=False)
    if away > 12:
      for edge in (-6.0, length):
        here.place(
          shapes.boxes(
            [(edge, inner, 0)],
            [(edge + 6, inner + 7, house.floors * house.floor)],
            house.wall,
          ),
          'building',
          along,
          away,
        )
  return length


_FILLERS = {
  'shops': _shops,
  'terrace': _terrace,
  'gardens': _gardens,
  'block': _block,
  'park': _park,
  'car_park': _car_park,
  'side_street': _side_street,
}


def _close(here):
  """Closes the view at both ends of the street."""
  for end in (-1, 1):
    for x in np.arange(0, 60, 12.0):
      if here.rng.random() < 0.5:
        here.tree(end * (165 + here.rng.uniform(0, 15)), x - here.edge, 13.0)
      else:
        house = buildings.block(here.rng)
        shape = shapes.boxes(
          [(x, 0, -1)], [(x + 12, 8, house.floors * house.floor)], house.wall
        )
        here.made.add(
          shape, 'building', at=(0, end * 180, 0), scale=(here.side, 1, 1)
        )
