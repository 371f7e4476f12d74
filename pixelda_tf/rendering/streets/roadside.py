"""One side of a street, while things are put there."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pixelda_tf.rendering.streets import (
  buildings,
  furniture,
  greenery,
  plan,
  shapes,
  vehicles,
)
from pixelda_tf.rendering.streets.assembly import Assembly
from pixelda_tf.rendering.streets.buildings import House
from pixelda_tf.rendering.streets.shapes import Shape

GROUND = 0.1
# Metres from the pavement after which trees have fewer leaves.
FAR = 6.0


class Side:
  """A side of a street while it is being filled.

  Lots have axes of their own: along the street, away from the pavement, up.
  """

  def __init__(
    self,
    made: Assembly,
    street: plan.Street,
    side: int,
    rng: np.random.Generator,
    trees: Sequence[float],
  ):
    """Starts at the street's beginning.

    Args:
      made: `Assembly`, which things are added to.
      street: `plan.Street`.
      side: -1 on the left, 1 on the right.
      rng: numpy generator.
      trees: fractions of `greenery.KINDS`.
    """
    self.trees = trees
    self.made = made
    self.street = street
    self.side = side
    self.rng = rng
    self.edge = street.half + street.pavements[side > 0]

  def place(
    self,
    shape: Shape,
    name: str,
    along: float,
    away: float = 0.0,
    *,
    same: bool = False,
    up: float = GROUND,
  ) -> None:
    """Adds a shape that has the lots' axes."""
    x, y, z = shape.triangles.reshape(-1, 3).T
    corners = np.stack(
      [self.side * (self.edge + away + y), along + x, up + z], axis=1
    )
    corners = corners.reshape(-1, 3, 3).astype(np.float32)
    turned = shape._replace(triangles=corners)
    self.made.add(turned, name, same)

  def put(
    self,
    shape: Shape,
    name: str,
    along: float,
    away: float,
    *,
    same: bool = False,
    **place: Any,
  ) -> None:
    """Adds a shape that has the street's axes, on a lot or, away < 0, not."""
    at = (self.side * (self.edge + away), along, GROUND)
    self.made.add(shape, name, same, at=at, **place)

  def house(self, house: House, along: float, away: float = 0.0) -> None:
    """Adds a house, all of whose parts have the same colours."""
    parts = buildings.build(house, self.rng)
    self.place(shapes.join(parts), 'building', along, away)

  def tree(
    self, along: float, away: float, height: float | None = None
  ) -> None:
    """Adds a tree of any kind."""
    rng = self.rng
    kind = str(rng.choice(greenery.KINDS, p=self.trees))
    height = height or rng.uniform(5, 13)
    broad = height * rng.uniform(0.8, 1.3)
    self.put(
      greenery.load(
        kind,
        int(rng.integers(greenery.TREES)),
        far=away > FAR or abs(along) > plan.HALF,
      ),
      'tree',
      along,
      away,
      turn=rng.uniform(0, 2 * np.pi),
      scale=(broad, broad, height),
    )

  def lay(
    self,
    material: str,
    name: str,
    along: float,
    length: float,
    away: float,
    depth: float,
  ) -> None:
    """Covers the ground of a lot, raised by a hair the farther it is."""
    cuts = np.linspace(0, length, max(2, int(length / 6) + 1))
    self.place(
      shapes.level(cuts[:-1], cuts[1:], 0, depth, 0, material),
      name,
      along,
      away,
      up=GROUND + 0.005,
    )

  def line(
    self, kind: str, along: float, length: float, away: float = 0.2
  ) -> None:
    """Closes a lot: with a wall, a fence or a hedge."""
    n = max(1, int(length / 2))
    if kind == 'wall':
      high = self.rng.uniform(0.7, 1.8)
      wall = shapes.boxes([(0, 0, 0)], [(2 * n, 0.25, high)], 'brick')
      top = shapes.boxes(
        [(0, -0.04, high)], [(2 * n, 0.29, high + 0.08)], 'sill'
      )
      self.place(shapes.join([wall, top]), 'building', along, away)
      return
    pieces = {
      'railing': (
        furniture.railing(float(self.rng.choice([1.0, 1.3]))),
        'fence',
      ),
      'boards': (furniture.boards(float(self.rng.choice([1.2, 1.8]))), 'fence'),
      'guard': (furniture.guard(), 'fence'),
      'hedge': (greenery.hedge(int(self.rng.integers(3))), 'tree'),
    }
    shape, name = pieces[kind]
    high = self.rng.uniform(0.8, 1.8) if kind == 'hedge' else 1.0
    for i in range(n):
      self.put(shape, name, along + 2 * i, away, same=i > 0, scale=(1, 1, high))

  def park(self, along: float, away: float, turn: float) -> None:
    """Parks a car or a van on a lot, or nothing where it would be too long."""
    name = vehicles.draw(self.rng)
    if vehicles.length(name) < 6:
      self.put(vehicles.load(name), 'car', along, away, turn=turn)
