"""How much light comes to the camera from what its rays hit."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.rendering.streets import assembly, materials, textures
from pixelda_tf.rendering.streets.light import Light
from pixelda_tf.rendering.streets.styles import Style

_ROAD = assembly.LABELS['road']
_SNOW, _LITTER = (0.8, 0.82, 0.87), (0.2, 0.11, 0.03)
_LEAVES = np.zeros(len(materials.NAMES), bool)
_LEAVES[[materials.INDEX['leaf'], materials.INDEX['needle']]] = True
# What comes back from mirrors that show no sky, as a fraction of it.
_SKYLINE = 0.12


class Hits(NamedTuple):
  """Where rays end.

  Attributes:
    faces: int `[n]`, triangles of the geometry.
    points: float32 `[n, 3]`, metres.
    rays: float32 `[n, 3]`, unit directions.
    away: float32 `[n]`, metres from the camera.
    spacing: radians between neighbouring rays.
  """

  faces: np.ndarray
  points: np.ndarray
  rays: np.ndarray
  away: np.ndarray
  spacing: float


class Shader:
  """Colours the hits of one picture.

  What is the same for all rays that hit one side of a triangle is computed
  once.

  Attributes:
    hits: `Hits`.
    normals: float32 `[n, 3]`, unit normals on the side that is seen.
    cosine: float32 `[n]` of the angle between a normal and the way back.
  """

  def __init__(
    self,
    geometry: assembly.Geometry,
    hits: Hits,
    light: Light,
    style: Style,
    rng: np.random.Generator,
  ):
    """Paints the street.

    Args:
      geometry: `assembly.Geometry`.
      hits: `Hits`.
      light: `Light`.
      style: `Style`.
      rng: numpy generator that colours are drawn from.
    """
    self.hits = hits
    self._light = light
    self._style = style
    self._rng = rng
    self._lamps = geometry.lamps
    used = np.zeros(len(geometry.labels), bool)
    used[hits.faces] = True
    self._seen = np.flatnonzero(used)
    face = (np.cumsum(used, dtype=np.int32) - 1)[hits.faces]
    corners = geometry.triangles[self._seen]
    normals = _unit_normals(corners)
    self._surfaces = geometry.surfaces[self._seen]
    self._kinds = geometry.kinds[self._surfaces]
    self._is_road = geometry.labels[self._seen] == _ROAD
    self._steep = np.abs(normals).argmax(axis=1)
    # A triangle's second side comes after all first ones.
    normals = np.concatenate([normals, -normals])
    cosine = -np.einsum('ij,ij->i', normals[face], hits.rays)
    self._face = face
    self._side = face + len(self._seen) * (cosine < 0)
    self._normals = normals
    self.normals = normals[self._side]
    self.cosine = np.abs(cosine)
    self._all_kinds = geometry.kinds

  def shade(self, sunlit: np.ndarray) -> np.ndarray:
    """Returns the radiance of each hit.

    Args:
      sunlit: float32 `[n]`: 1 where nothing hides the sun, else 0.

    Returns:
      float32 `[n, 3]`.
    """
    light, style = self._light, self._style
    points, away = self.hits.points, self.hits.away
    albedos, glow, ambient, direct = self._tables()
    # On a slant, rays meet farther from each other.
    footprint = np.float32(self.hits.spacing) * away
    footprint /= np.sqrt(np.maximum(self.cosine, 0.01))

    colours = albedos[self._face]
    colours *= self._texture(footprint)[:, None]
    if style.snow or style.fallen:
      self._cover(colours, footprint)
    # Less of the sky is seen from between houses.
    lit = ambient[self._side]
    lit *= (0.55 + 0.45 * np.clip(points[:, 2] / 6, 0, 1))[:, None]
    if light.sun.any():
      lit += direct[self._side] * sunlit[:, None]
    if light.night:
      lit += self._lamplight() + (glow * light.night)[self._face, None]
    colours *= lit
    self._mirror(colours)
    left = np.exp(away / np.float32(-light.haze))[:, None]
    colours *= left
    colours += (1 - left) * light.mist()
    return colours

  def _tables(self):
    """Returns what belongs to triangles and to their sides.

    Returns:
      float32: albedos `[m, 3]`, glow `[m]`; irradiance from all around and from
      the sun, both `[2 * m, 3]`.
    """
    rng = self._rng
    albedos, glow = materials.paint(self._all_kinds, rng, self._style.spread)
    if self._style.leaves:
      autumn = np.array(self._style.leaves, np.float32)
      leafy = np.flatnonzero(self._all_kinds == materials.INDEX['leaf'])
      albedos[leafy] = autumn[rng.integers(len(autumn), size=len(leafy))]
    # Each leaf has a brightness of its own, and light comes through it.
    leaf = _LEAVES[self._kinds]
    own = np.where(leaf, rng.uniform(0.5, 1.4, len(leaf)), 1.0)
    facing = self._normals @ self._light.direction
    facing = np.where(
      np.tile(leaf, 2), 0.25 + 0.6 * np.abs(facing), np.maximum(facing, 0)
    )
    return (
      albedos[self._surfaces] * own.astype(np.float32)[:, None],
      glow[self._surfaces],
      self._light.ambient(self._normals[:, 2]),
      facing.astype(np.float32)[:, None] * self._light.sun,
    )

  def _texture(self, footprint):
    """Returns the patterns' factors, by the plane that a face is nearest to."""
    steep = self._steep[self._face]
    texture = materials.TEXTURE[self._kinds][self._face]
    x, y, z = self.hits.points.T
    ground = steep == 2
    s, t = np.where(steep == 0, y, x), np.where(ground, y, z)
    factor = textures.sample(texture, s, t, footprint)
    flat = np.flatnonzero(ground)
    factor[flat] *= textures.sample(
      texture[flat], s[flat] / 4, t[flat] / 4, footprint[flat] / 4
    )
    return factor

  def _cover(self, colours, footprint):
    """Covers the ground in patches with snow or fallen leaves."""
    style = self._style
    colour = np.array(_SNOW if style.snow else _LITTER, np.float32)
    fraction = self._rng.uniform(0.5, 1.0) * max(style.snow, style.fallen)
    flat = np.flatnonzero(self.normals[:, 2] > 0.6)
    # Wheels clear the road.
    fraction = np.where(
      self._is_road[self._face[flat]], 0.6 * fraction, fraction
    )
    pattern = textures.sample(
      np.full(len(flat), textures.INDEX['foliage'], np.int32),
      self.hits.points[flat, 0],
      self.hits.points[flat, 1],
      footprint[flat],
    )
    covered = np.clip(2 * (pattern - 1) + 4 * fraction - 2, 0, 1)
    covered = covered.astype(np.float32)[:, None]
    colours[flat] += covered * (colour - colours[flat])

  def _lamplight(self):
    """Returns the irradiance from the two nearest street lamps, `[n, 3]`."""
    lamps = self._lamps[np.argsort(self._lamps[:, 1])]
    points = self.hits.points
    place = np.searchsorted(lamps[:, 1], points[:, 1])
    place = np.clip(place, 1, len(lamps) - 1)
    total = np.zeros(len(points), np.float32)
    for near in (place - 1, place):
      offset = lamps[near] - points
      square = np.einsum('ij,ij->i', offset, offset)
      down = np.maximum(offset[:, 2], 0) / np.sqrt(square)
      total += 8 * down / np.maximum(square, 4)
    warm = self._light.night * np.array([1.0, 0.75, 0.45], np.float32)
    return total[:, None] * warm.astype(np.float32)

  def _mirror(self, radiance):
    """Adds the sky that surfaces mirror, dark below the roofs."""
    gloss = materials.GLOSS[self._kinds][self._face]
    shiny = np.flatnonzero(gloss)
    cosine, gloss = self.cosine[shiny], gloss[shiny]
    mirrored = self.hits.rays[shiny] + 2 * cosine[:, None] * self.normals[shiny]
    fraction = np.minimum(gloss + (1 - gloss) * (1 - cosine) ** 5, 0.7)[:, None]
    open_sky = np.where(mirrored[:, 2] > 0.25, 1, np.float32(_SKYLINE))
    sky = self._light.sky(mirrored) * open_sky[:, None]
    radiance[shiny] += fraction * (sky - radiance[shiny])


def _unit_normals(corners):
  """Returns the triangles' normals, float32 `[n, 3]`."""
  (ax, ay, az), (bx, by, bz) = (
    (corners[:, side] - corners[:, 0]).T for side in (1, 2)
  )
  normals = np.stack(
    [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1
  )
  length = np.sqrt(np.einsum('ij,ij->i', normals, normals))
  return normals / np.maximum(length, 1e-12)[:, None]
