"""What a street is like, and how it bends."""

from typing import NamedTuple

import numpy as np

# Metres that a street reaches to each side of its middle.
HALF = 120.0
KINDS = (
  'shops',
  'terrace',
  'gardens',
  'block',
  'park',
  'car_park',
  'side_street',
)
# Shares of lots: a high street, a street of houses, one out of town, any.
_CHARACTERS = (
  (0.5, 0.15, 0.03, 0.12, 0.03, 0.02, 0.15),
  (0.08, 0.35, 0.3, 0.05, 0.07, 0.02, 0.13),
  (0.03, 0.05, 0.22, 0.15, 0.33, 0.1, 0.12),
  (0.2, 0.15, 0.2, 0.13, 0.12, 0.06, 0.14),
)
_CHARACTER_SHARES = (0.3, 0.3, 0.15, 0.25)


class Street(NamedTuple):
  """What a street is like.

  Attributes:
    half: half of the carriageway's width, metres.
    lanes: lanes in each direction.
    parking: for each side, whether vehicles park there.
    pavements: for each side, width, metres.
    character: fractions of the kinds of lots, see `lots.KINDS`.
    bend: metres that the street is off its straight line at 100 m.
    hill: metres that it is higher at 100 m.
  """

  half: float
  lanes: int
  parking: tuple[bool, bool]
  pavements: tuple[float, float]
  character: np.ndarray
  bend: float
  hill: float

  def warp(self, points: np.ndarray) -> np.ndarray:
    """Returns points `[..., 3]` of the straight, level street, bent."""
    far = points[..., 1] / 100
    warped = points.copy()
    warped[..., 0] += self.bend * far**2
    warped[..., 2] += self.hill * far
    return warped


def draw(rng: np.random.Generator) -> Street:
  """Draws a street."""
  lanes = int(rng.choice([1, 2], p=[0.8, 0.2]))
  widest = 5.0 if lanes == 1 else 3.8
  parking = rng.random(2) < 0.4
  return Street(
    half=lanes * rng.uniform(3.2, widest) + parking.mean(),
    lanes=lanes,
    parking=(bool(parking[0]), bool(parking[1])),
    pavements=tuple(rng.uniform(1.5, 4.5, 2)),
    character=np.array(_CHARACTERS[rng.choice(4, p=_CHARACTER_SHARES)]),
    bend=rng.normal(0, 5),
    hill=rng.normal(0, 1),
  )
