"""Scenes that look photographed: objects on a table before a plain camera."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pixelda_tf.rendering import photography, render, views

MOST_NEIGHBOURS = 6
# Metres on the table between the object and a neighbour.
NEAREST, FARTHEST = 0.11, 0.18
LARGEST_OCCLUSION = 0.25
# Metres: the wall behind the table; how far the object is at most beside and
# along the optical axis from where it would be.
WALL = 1.2
BESIDE, ALONG = 0.012, 0.06


class Scene(NamedTuple):
  """A picture of an object among others.

  Attributes:
    image: uint8 `[size, size, 3]`.
    depth: float32 `[size, size]`, metres along the optical axis; 0 where the
      sensor measured nothing.
    mask: bool `[size, size]`: where the object is seen.
    quaternion: float32 `[4]`, (w, x, y, z), w >= 0, the object's pose.
    distance: metres, of the object's centre along the optical axis.
  """

  image: np.ndarray
  depth: np.ndarray
  mask: np.ndarray
  quaternion: np.ndarray
  distance: float


def photograph(
  renderers: Sequence[render.Renderer],
  label: int,
  photos: Sequence[np.ndarray],
  *,
  seed: tuple[int, ...],
  index: int,
  size: int = 64,
) -> Scene:
  """Makes a scene; it depends on the arguments alone.

  Args:
    renderers: sequence of `Renderer`, one for each object.
    label: which one the picture is of; others stand around it.
    photos: sequence of uint8 `[height, width, 3]`, for the table's surface.
    seed: tuple of integers.
    index: of the scene.
    size: pixels a side.

  Returns:
    `Scene`. The object is seen from above; a quarter of it at most is hidden.
  """
  rng = np.random.default_rng((*seed, index))
  fine = render.SUPERSAMPLING * size
  light = photography.random_light(rng)
  quaternion = views.sample(seed, index, upper=True)
  rotation = views.rotation_matrix(quaternion)
  shift = rng.uniform(-1, 1, 3) * (BESIDE, BESIDE, ALONG)
  centre = shift + (0, 0, render.DISTANCE)
  foot = centre + renderers[label].bottom * rotation[:, 2]

  colours = photography.random_surface(photos, fine, rng) * light.colour
  depth = _table(foot, rotation[:, 2], fine)

  drawn, at = renderers[label].trace(
    quaternion, fine, position=centre, light=light
  )
  mask = at > 0
  colours[mask] = photography.random_paint(rng)(drawn[mask])
  depth[mask] = at[mask]
  least = (1 - LARGEST_OCCLUSION) * np.count_nonzero(mask)
  for _ in range(rng.integers(MOST_NEIGHBOURS, endpoint=True)):
    step = int(rng.integers(1, len(renderers)))
    other = renderers[(label + step) % len(renderers)]
    turned, position = _beside(foot, rotation, other.bottom, rng)
    drawn, at = other.trace(turned, fine, position=position, light=light)
    nearer = (at > 0) & (at < depth)
    if np.count_nonzero(mask & ~nearer) >= least:
      colours[nearer] = photography.random_paint(rng)(drawn[nearer])
      depth[nearer] = at[nearer]
      mask &= ~nearer

  n = render.SUPERSAMPLING
  return Scene(
    image=photography.random_exposure(render.shrink(colours), rng),
    depth=photography.measure_depth(depth[::n, ::n], rng),
    mask=render.shrink(mask) >= 0.5,
    quaternion=quaternion,
    distance=centre[2],
  )


def _table(foot, up, size):
  """Returns the depth of the table through `foot`, and of the wall behind it.

  Args:
    foot: float `[3]`, metres, camera axes.
    up: float `[3]`, the table's normal, camera axes.
    size: pixels a side.

  Returns:
    float32 `[size, size]`, metres.
  """
  slope = render.pixel_rays(size) @ up
  below = slope < foot @ up / WALL
  return np.where(below, foot @ up / slope, WALL).astype(np.float32)


def _beside(foot, rotation, bottom, rng):
  """Returns quaternion and position of a thing that stands around `foot`."""
  direction, turn = rng.uniform(0, 2 * np.pi, 2)
  away = rng.uniform(NEAREST, FARTHEST)
  place = away * np.cos(direction), away * np.sin(direction), -bottom
  cosine, sine = np.cos(turn), np.sin(turn)
  about_z = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
  return views.quaternion(rotation @ about_z), foot + rotation @ place
