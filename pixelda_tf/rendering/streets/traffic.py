"""Marks on the road, and who is on it."""

from collections.abc import Sequence

import numpy as np

from pixelda_tf.rendering.streets import people, plan, shapes, vehicles
from pixelda_tf.rendering.streets.assembly import Assembly

# Where side streets open: (start, end), metres.
Openings = Sequence[tuple[float, float]]
# Metres above the road.
_MARK = 0.012
_HALF = 130.0


def mark(
  made: Assembly,
  street: plan.Street,
  openings: Sequence[Openings],
  rng: np.random.Generator,
) -> None:
  """Paints the road.

  Args:
    made: `Assembly`, which things are added to.
    street: `plan.Street`.
    openings: for each side, list of (start, end) of side streets.
    rng: numpy generator.
  """
  strips = [shapes.level(-0.06, 0.06, *_dashes(rng), _MARK, 'mark')]
  if street.lanes == 2:
    for x in (-street.half / 2, street.half / 2):
      strips.append(
        shapes.level(x - 0.05, x + 0.05, *_dashes(rng), _MARK, 'mark')
      )
  for side, opened in zip((-1, 1), openings, strict=True):
    if street.parking[side > 0]:
      continue
    lines = rng.choice([0, 1, 2])
    colour = 'yellow_mark' if lines == 2 or rng.random() < 0.5 else 'mark'
    near = np.arange(-_HALF, _HALF, 5.0)
    middle = near + 2.5
    free = np.ones(len(near), bool)
    for start, end in opened:
      free &= (middle < start) | (middle > end)
    near = near[free]
    for line in range(lines):
      x = side * (street.half - 0.35 - 0.2 * line)
      strips.append(
        shapes.level(x - 0.05, x + 0.05, near, near + 5.0, _MARK, colour)
      )
  made.add(shapes.join(strips), 'road')
  for _ in range(rng.integers(2, 6)):
    _patch(made, street, rng)
  if rng.random() < 0.35:
    _zebra(made, street, rng.uniform(-80, 80), rng)
  for _ in range(rng.integers(0, 4)):
    _arrow(made, street, rng.uniform(-100, 100), rng)
  if rng.random() < 0.3:
    _lane(made, street, rng)
  if rng.random() < 0.25:
    _hatching(made, rng.uniform(-80, 80), rng)


def _dashes(rng) -> tuple[np.ndarray, np.ndarray]:
  step, fraction = rng.uniform(4, 9), rng.uniform(0.35, 0.75)
  near = np.arange(-_HALF, _HALF, step)
  return near, near + fraction * step


def _patch(made, street, rng):
  """Mends the road, or sets a manhole into it."""
  x, y = rng.uniform(-street.half, street.half - 1), rng.uniform(-110, 110)
  wide, long = rng.uniform(0.6, 1.5), rng.uniform(0.6, 12)
  right = min(x + wide, street.half)
  made.add(
    shapes.level(x, right, y, y + min(long, 6), _MARK / 3, 'patch'), 'road'
  )
  x, y = rng.uniform(-street.half + 1, street.half - 1), rng.uniform(-110, 110)
  made.add(
    shapes.level(x - 0.35, x + 0.35, y, y + 0.7, _MARK / 2, 'manhole'), 'road'
  )


def _zebra(made, street, y, rng):
  bars = np.arange(-street.half + 0.4, street.half - 0.6, 1.1)
  made.add(
    shapes.level(bars, bars + 0.55, y, y + 2.8, 1.3 * _MARK, 'mark'), 'road'
  )
  edge = y + np.array([-2.0, 4.6])
  made.add(
    shapes.level(
      -street.half + 0.3, street.half - 0.3, edge, edge + 0.3, _MARK, 'mark'
    ),
    'road',
  )
  for _ in range(rng.integers(0, 4)):
    made.add(
      people.load(int(rng.integers(people.POSES))),
      'pedestrian',
      at=(rng.uniform(-street.half, street.half), y + rng.uniform(0.3, 2.5), 0),
      turn=np.pi / 2 * rng.choice([-1, 1]),
    )


def _arrow(made, street, y, rng):
  side = rng.choice([-1, 1])
  x = side * street.half * rng.uniform(0.35, 0.6)
  # Who keeps left goes on along y there, and comes back on the right.
  ahead = -side
  corners = np.array(
    [
      [(-0.12, 0, 0), (0.12, 0, 0), (0.12, 2.2, 0), (-0.12, 2.2, 0)],
      [(-0.5, 2.2, 0), (0.5, 2.2, 0), (0, 3.6, 0), (0, 3.6, 0)],
    ]
  )
  arrow = shapes.quads(corners * (1, ahead, 1), 'mark')
  made.add(arrow, 'road', at=(x, y, 1.2 * _MARK))


def _lane(made, street, rng):
  """Marks a lane for bicycles, perhaps red, at a side."""
  side = rng.choice([-1, 1])
  near = np.arange(-_HALF, _HALF, 5.0)
  inner, outer = side * (street.half - 1.7), side * (street.half - 0.6)
  left, right = sorted((inner, outer))
  if rng.random() < 0.6:
    made.add(
      shapes.level(left, right, near, near + 5, _MARK / 4, 'red_asphalt'),
      'road',
    )
  made.add(
    shapes.level(inner - 0.06, inner + 0.06, near, near + 3, _MARK, 'mark'),
    'road',
  )


def _hatching(made, y, rng):
  """Hatches the middle of the road."""
  wide, steps = rng.uniform(0.5, 1.0), np.arange(0, 14, 1.6)
  bars = [
    [
      (-wide, y + s, _MARK),
      (wide, y + s + wide, _MARK),
      (wide, y + s + wide + 0.3, _MARK),
      (-wide, y + s + 0.3, _MARK),
    ]
    for s in steps
  ]
  edges = shapes.level(
    [-wide, wide - 0.1], [-wide + 0.1, wide], y, y + 15, _MARK, 'mark'
  )
  made.add(shapes.join([shapes.quads(bars, 'mark'), edges]), 'road')


def drive(
  made: Assembly,
  street: plan.Street,
  openings: Sequence[Openings],
  rng: np.random.Generator,
) -> None:
  """Puts vehicles and cyclists on the road; see `mark`."""
  for side, opened in zip((-1, 1), openings, strict=True):
    edge = side * street.half
    ahead = 0.0 if side < 0 else np.pi
    taken = 0.0
    if street.parking[side > 0]:
      taken = 2.0
      _park(made, edge - side * 1.05, ahead, opened, rng)
    free = street.half - taken
    for lane in range(street.lanes):
      middle = side * free * (lane + 0.5) / street.lanes
      _queue(made, middle, ahead, rng)
    for _ in range(rng.poisson(2.0)):
      made.add(
        people.rider(int(rng.integers(people.RIDERS))),
        'cyclist',
        at=(
          edge - side * (taken + rng.uniform(0.5, 1.0)),
          rng.uniform(-110, 110),
          0.0,
        ),
        turn=ahead + rng.normal(0, 0.05),
        scale=rng.uniform(0.95, 1.08),
      )


def _park(made, x, ahead, opened, rng):
  y = -125.0
  while y < 125:
    name = vehicles.draw(rng)
    long = vehicles.length(name)
    blocked = any(y < end + 3 and y + long > start - 3 for start, end in opened)
    if long < 6 and not blocked and rng.random() < 0.55:
      turn = (
        ahead + (np.pi if rng.random() < 0.2 else 0.0) + rng.normal(0, 0.02)
      )
      _stand(made, name, x + rng.normal(0, 0.1), y + long / 2, turn, rng)
    y += long + rng.uniform(0.6, 3)


def _queue(made, x, ahead, rng):
  gap = rng.choice([12.0, 30.0, 60.0, 120.0], p=[0.1, 0.3, 0.35, 0.25])
  y = -125 + rng.uniform(0, gap)
  while y < 125:
    name = vehicles.draw(rng)
    _stand(
      made, name, x + rng.normal(0, 0.2), y, ahead + rng.normal(0, 0.03), rng
    )
    y += vehicles.length(name) + 2 + rng.exponential(gap)


def _stand(made, name, x, y, turn, rng):
  """Puts a vehicle and the shade below it."""
  shape = vehicles.load(name)
  scale = (
    rng.uniform(0.96, 1.05),
    rng.uniform(0.95, 1.06),
    rng.uniform(0.95, 1.08),
  )
  made.add(shape, 'car', at=(x, y, 0.0), turn=turn, scale=scale)
  half, long = 0.95, vehicles.length(name) / 2
  made.add(
    shapes.level(-half, half, -long + 0.1, long - 0.1, 0.02, 'shade'),
    'road',
    at=(x, y, 0),
    turn=turn,
  )
