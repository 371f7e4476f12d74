"""Coloured triangles, and the solids that things in a street are made of.

Axes of a thing: x to the right, y forward, z up, metres, its foot at the
origin. Triangles are seen from both sides.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pixelda_tf.rendering.streets import materials


class Shape(NamedTuple):
  """Triangles, each of a material.

  Attributes:
    triangles: float32 `[n, 3, 3]`, metres.
    materials: int16 `[n]`, indices of `materials.NAMES`.
  """

  triangles: np.ndarray
  materials: np.ndarray


def join(shapes: Sequence[Shape]) -> Shape:
  """Returns the shape that consists of some others, of one at least."""
  return Shape(
    np.concatenate([shape.triangles for shape in shapes]),
    np.concatenate([shape.materials for shape in shapes]),
  )


def move(
  shape: Shape,
  at: Sequence[float] = (0.0, 0.0, 0.0),
  *,
  turn: float = 0.0,
  scale: float | Sequence[float] = 1.0,
) -> Shape:
  """Returns a shape that is scaled, then turned about z, then shifted.

  Args:
    shape: `Shape`.
    at: where its origin comes.
    turn: radians, counterclockwise from above.
    scale: a factor, or one for each axis.
  """
  cosine, sine = np.cos(turn), np.sin(turn)
  rotation = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
  matrix = np.reshape(scale, (-1, 1)) * rotation
  moved = shape.triangles.reshape(-1, 3) @ matrix.astype(np.float32)
  moved += np.asarray(at, np.float32)
  return shape._replace(triangles=moved.reshape(-1, 3, 3))


def triangles(corners: npt.ArrayLike, material: str) -> Shape:
  """Returns triangles with the given corners, `[n, 3, 3]`."""
  made = np.asarray(corners, np.float32).reshape(-1, 3, 3)
  index = materials.INDEX[material]
  return Shape(made, np.full(len(made), index, np.int16))


def quads(corners: npt.ArrayLike, material: str) -> Shape:
  """Returns flat quadrilaterals.

  Args:
    corners: `[n, 4, 3]`, one after the other around each.
    material: its name.
  """
  corners = np.asarray(corners, np.float32).reshape(-1, 4, 3)
  return triangles(corners[:, [0, 1, 2, 0, 2, 3]], material)


def upright(
  left: npt.ArrayLike,
  right: npt.ArrayLike,
  bottom: npt.ArrayLike,
  top: npt.ArrayLike,
  y: float,
  material: str,
) -> Shape:
  """Returns rectangles in a plane of constant y; all but `y` `[n]` or one."""
  return quads(_rectangles(left, right, bottom, top, 2, y), material)


def level(
  left: npt.ArrayLike,
  right: npt.ArrayLike,
  near: npt.ArrayLike,
  far: npt.ArrayLike,
  z: float,
  material: str,
) -> Shape:
  """Returns rectangles at a height; all but `z` `[n]` or one."""
  return quads(_rectangles(left, right, near, far, 1, z), material)


def _rectangles(left, right, low, high, axis, place):
  """Returns corners along x and an axis, the third one's being `place`."""
  shape = np.broadcast(left, right, low, high).shape
  corners = np.empty((*shape, 4, 3), np.float32)
  around = [(left, low), (right, low), (right, high), (left, high)]
  for corner, (x, along) in enumerate(around):
    corners[..., corner, 0] = x
    corners[..., corner, axis] = along
  corners[..., 3 - axis] = place
  return corners


# Corners of a unit cube by bits (x, y, z), and its sides but for the bottom.
_CORNERS = np.array(
  [[(i >> 2) & 1, (i >> 1) & 1, i & 1] for i in range(8)], np.float32
)
_SIDES = np.array(
  [[0, 4, 5, 1], [2, 6, 7, 3], [0, 2, 3, 1], [4, 6, 7, 5], [1, 5, 7, 3]]
)


def boxes(low: npt.ArrayLike, high: npt.ArrayLike, material: str) -> Shape:
  """Returns upright boxes without their bottoms.

  Args:
    low: `[n, 3]`, least coordinates.
    high: `[n, 3]`, greatest ones.
    material: its name.
  """
  low = np.asarray(low, np.float32).reshape(-1, 1, 3)
  high = np.asarray(high, np.float32).reshape(-1, 1, 3)
  corners = low + (high - low) * _CORNERS
  return quads(corners[:, _SIDES], material)


def tubes(
  start: npt.ArrayLike,
  end: npt.ArrayLike,
  radius: npt.ArrayLike,
  end_radius: npt.ArrayLike,
  material: str,
  sides: int = 6,
) -> Shape:
  """Returns tapered tubes, open at their ends.

  Args:
    start: `[n, 3]`, one end of each axis.
    end: `[n, 3]`, the other.
    radius: `[n]` or one, at the start.
    end_radius: `[n]` or one.
    material: its name.
    sides: number of a tube's sides.
  """
  start = np.asarray(start, np.float32).reshape(-1, 3)
  end = np.asarray(end, np.float32).reshape(-1, 3)
  axis = end - start
  # Any direction that is not along the axis gives two across it.
  other = np.where(
    np.abs(axis[:, 2:]) < np.linalg.norm(axis, axis=1, keepdims=True) * 0.9,
    np.array([[0, 0, 1]], np.float32),
    np.array([[1, 0, 0]], np.float32),
  )
  first = np.cross(axis, other)
  first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-6)
  second = np.cross(axis, first)
  second /= np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-6)
  angles = np.arange(sides) * (2 * np.pi / sides)
  around = (
    np.cos(angles)[:, None] * first[:, None]
    + np.sin(angles)[:, None] * second[:, None]
  )
  radius = np.broadcast_to(radius, len(start))[:, None, None]
  end_radius = np.broadcast_to(end_radius, len(start))[:, None, None]
  lower = start[:, None] + radius * around
  upper = end[:, None] + end_radius * around
  following = np.roll(np.arange(sides), -1)
  corners = [lower, lower[:, following], upper[:, following], upper]
  return quads(np.stack(corners, axis=2), material)


def discs(
  centres: npt.ArrayLike,
  radius: float,
  axis: int,
  material: str,
  sides: int = 8,
) -> Shape:
  """Returns discs across a coordinate's axis, by centres `[n, 3]`."""
  centres = np.asarray(centres, np.float32).reshape(-1, 1, 1, 3)
  angles = np.arange(sides) * (2 * np.pi / sides)
  rim = np.insert(
    radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), axis, 0, axis=1
  )
  wedges = np.stack([0 * rim, rim, np.roll(rim, -1, axis=0)], axis=1)
  return triangles(centres + wedges, material)


@functools.cache
def _sphere():
  """Returns the 32 triangles of an octahedron cut once, on the unit ball."""
  corners = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], float)
  made = []
  for pole in ([0, 0, 1], [0, 0, -1]):
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
      ab, bp, pa = (a + b) / 2, (b + pole) / 2, (np.array(pole) + a) / 2
      made += [[a, ab, pa], [ab, b, bp], [pa, bp, pole], [ab, bp, pa]]
  unit = np.array(made)
  return unit / np.linalg.norm(unit, axis=-1, keepdims=True)


def ball(
  centre: Sequence[float], radii: float | Sequence[float], material: str
) -> Shape:
  """Returns an ellipsoid with its axes along the coordinates'."""
  return triangles(
    _sphere() * np.broadcast_to(radii, 3) + np.asarray(centre), material
  )


def loft(
  profile: npt.ArrayLike, material: str, cap: str | None = None
) -> Shape:
  """Returns a solid, symmetric about x = 0, of its outline from the side.

  Args:
    profile: `[n, 3]`: y, z and half of the width at corners of the outline, one
      after the other; star-shaped about their mean.
    material: its name.
    cap: material of the two flanks, None for the same.
  """
  y, z, half = np.asarray(profile, np.float32).T
  left, right = np.stack([-half, y, z], 1), np.stack([half, y, z], 1)
  following = np.roll(np.arange(len(y)), -1)
  around = np.stack([left, right, right[following], left[following]], axis=1)
  flanks = [
    np.stack(
      [np.broadcast_to(side.mean(axis=0), side.shape), side, side[following]],
      axis=1,
    )
    for side in (left, right)
  ]
  return join(
    [
      quads(around, material),
      triangles(np.concatenate(flanks), cap or material),
    ]
  )
