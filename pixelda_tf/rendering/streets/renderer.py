"""Casts rays into a street and shades what they hit."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.errors import UserError
from pixelda_tf.rendering.streets import assembly, materials, outlines, textures
from pixelda_tf.rendering.streets.camera import Camera
from pixelda_tf.rendering.streets.light import Light
from pixelda_tf.rendering.streets.styles import Style

try:
  from embreex import mesh_construction, rtcore_scene
except ImportError:
  rtcore_scene = None

# Rays along each side of a pixel.
GRID = 2
_ROAD = assembly.LABELS['road']
_SNOW, _LITTER = (0.8, 0.82, 0.87), (0.2, 0.11, 0.03)
_LEAVES = np.isin(
  np.arange(len(materials.NAMES)),
  [materials.INDEX[n] for n in ('leaf', 'needle')],
)


class Traced(NamedTuple):
  """What rays see.

  Attributes:
    radiance: float32 `[height, width, 3]`.
    labels: uint8 `[height, width]`.
  """

  radiance: np.ndarray
  labels: np.ndarray


class Renderer:
  """Renders one street."""

  def __init__(self, geometry: assembly.Geometry):
    """Builds the structure that rays are cast into.

    Args:
      geometry: `assembly.Geometry`.

    Raises:
      UserError: embreex is not installed.
    """
    if rtcore_scene is None:
      raise UserError('rendering needs embreex: pip install embreex')
    self._geometry = geometry
    corners = geometry.triangles
    self._scene = rtcore_scene.EmbreeScene()
    mesh_construction.TriangleMesh(self._scene, corners)
    normals = np.cross(
      corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    )
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    self._normals = normals / np.maximum(length, 1e-12)

  def distance(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Returns how far each ray goes, in its lengths; infinite for the sky."""
    hits = self._scene.run(
      np.broadcast_to(origin, rays.shape).astype(np.float32), rays, output=1
    )
    return np.where(hits['primID'] < 0, np.inf, hits['tfar'])

  def trace(
    self,
    camera: Camera,
    light: Light,
    style: Style,
    size: tuple[int, int],
    rng: np.random.Generator,
  ) -> Traced:
    """Renders a view.

    Args:
      camera: `Camera`.
      light: `Light`.
      style: `Style`.
      size: (height, width), pixels.
      rng: numpy generator that colours are drawn from.
    """
    height, width = size
    rays = camera.rays(height, width, GRID)
    origins = np.broadcast_to(camera.position, rays.shape)
    hits = self._scene.run(np.ascontiguousarray(origins), rays, output=1)
    faces = hits['primID']
    labels = np.zeros(len(faces), np.uint8)
    seen = np.flatnonzero(faces >= 0)
    labels[seen] = self._geometry.labels[faces[seen]]
    labels = outlines.outline(labels.reshape(height, width, -1))

    lengths = np.linalg.norm(rays, axis=1)
    radiance = np.empty((len(faces), 3), np.float32)
    sky = np.flatnonzero(faces < 0)
    radiance[sky] = light.sky(rays[sky] / lengths[sky, None])
    radiance[seen] = self._shade(
      faces[seen],
      hits['tfar'][seen],
      seen,
      rays[seen] / lengths[seen, None],
      lengths[seen],
      camera,
      light,
      style,
      rng,
      1 / (GRID * width * camera.focal),
    )
    return Traced(radiance.reshape(height, width, -1, 3).mean(axis=2), labels)

  def _shade(
    self, faces, depth, index, rays, lengths, camera, light, style, rng, spacing
  ):
    """Returns the radiance of hits, float32 `[n, 3]`."""
    away = depth * lengths
    points = camera.position + away[:, None] * rays
    normals = self._normals[faces]
    cosine = np.einsum('ij,ij->i', normals, rays)
    # Every side of every face that is seen is coloured once.
    sides = 2 * faces + (cosine > 0)
    used = np.zeros(2 * len(self._normals), bool)
    used[sides] = True
    places = np.cumsum(used)[sides] - 1
    sides = np.flatnonzero(used)
    table = self._colours(sides, light, style, rng)
    albedo, ambient, sunlit = table[:, :3], table[:, 3:6], table[:, 6:9]
    kinds = self._geometry.kinds[self._geometry.surfaces[sides // 2]]

    # On a slant, rays meet farther from each other.
    slant = np.sqrt(np.maximum(np.abs(cosine), 0.01))
    footprint = away * np.float32(spacing) / slant
    factor = self._texture(
      faces, points, materials.TEXTURE[kinds][places], footprint
    )
    visible = self._sun(points, normals, cosine, index, light)
    shade = 0.55 + 0.45 * np.clip(points[:, 2] / 6, 0, 1)
    lit = ambient[places] * shade[:, None]
    lit += sunlit[places] * visible[:, None]
    colours = albedo[places] * factor[:, None]
    if style.snow or style.fallen:
      flat = np.flatnonzero(np.abs(normals[:, 2]) > 0.6)
      road = self._geometry.labels[faces[flat]] == _ROAD
      colour = _SNOW if style.snow else _LITTER
      most = rng.uniform(0.4, 1.0) * max(style.snow, style.fallen)
      _cover(colours, flat[~road], points, footprint, colour, most)
      _cover(colours, flat[road], points, footprint, colour, 0.6 * most)
    radiance = colours * lit
    if light.night:
      radiance += self._lamplight(points, colours, light)
      radiance += (table[:, 9] * light.night)[places, None] * colours
    shiny = np.flatnonzero(materials.GLOSS[kinds][places] > 0)
    if len(shiny):
      radiance[shiny] = _mirror(
        radiance[shiny],
        rays[shiny],
        normals[shiny],
        cosine[shiny],
        materials.GLOSS[kinds][places[shiny]],
        light,
      )
    left = np.exp(-away / np.float32(light.haze))[:, None]
    mist = 0.8 * (light.horizon * (1 - light.cover) + light.cover * light.cloud)
    return radiance * left + (1 - left) * mist.astype(np.float32)

  def _colours(self, sides, light, style, rng):
    """Returns albedo, light from around, from the sun, and glow, `[n, 10]`."""
    albedos, glow = materials.paint(self._geometry.kinds, rng, style.spread)
    if style.leaves:
      autumn = np.array(style.leaves, np.float32)
      leafy = np.flatnonzero(self._geometry.kinds == materials.INDEX['leaf'])
      albedos[leafy] = autumn[rng.integers(len(autumn), size=len(leafy))]
    faces = sides // 2
    surfaces = self._geometry.surfaces[faces]
    normals = np.where((sides % 2)[:, None], -1, 1) * self._normals[faces]
    leaf = _LEAVES[self._geometry.kinds[surfaces]]
    # Light comes through leaves; each has a brightness of its own.
    facing = normals @ light.direction
    facing = np.where(leaf, 0.25 + 0.6 * np.abs(facing), np.maximum(facing, 0))
    own = np.where(leaf, rng.uniform(0.5, 1.4, len(leaf)), 1.0)
    return np.concatenate(
      [
        albedos[surfaces] * own[:, None],
        light.ambient(normals[:, 2]),
        facing[:, None] * light.sun,
        glow[surfaces][:, None],
      ],
      axis=1,
      dtype=np.float32,
    )

  def _texture(self, faces, points, texture, footprint):
    """Returns the patterns' factors, by the plane that a face is nearest to."""
    steep = np.abs(self._normals).argmax(axis=1)[faces]
    x, y, z = points.T
    s = np.where(steep == 0, y, x)
    t = np.where(steep == 2, y, z)
    factor = textures.sample(texture, s, t, footprint)
    ground = np.flatnonzero(steep == 2)
    factor[ground] *= textures.sample(
      texture[ground], s[ground] / 9, t[ground] / 9, footprint[ground] / 9
    )
    return factor

  def _sun(self, points, normals, cosine, index, light):
    """Returns where the sun is seen, for all rays of a pixel alike."""
    visible = np.ones(len(points), np.float32)
    if not light.sun.any():
      return visible
    pixels = index // GRID**2
    first = np.flatnonzero(np.diff(pixels, prepend=-1))
    side = -np.sign(cosine[first])
    start = points[first] + (0.03 * side)[:, None] * normals[first]
    blocked = self._scene.run(
      start.astype(np.float32),
      np.broadcast_to(light.direction, start.shape).copy(),
      query='OCCLUDED',
    )
    of_pixel = np.ones(pixels.max() + 1, np.float32)
    of_pixel[pixels[first]] = blocked < 0
    return of_pixel[pixels]

  def _lamplight(self, points, colours, light):
    """Returns what the nearest street lamp gives."""
    lamps = self._geometry.lamps
    if not len(lamps):
      return 0 * colours
    order = np.argsort(lamps[:, 1])
    lamps = lamps[order]
    place = np.clip(
      np.searchsorted(lamps[:, 1], points[:, 1]), 1, len(lamps) - 1
    )
    total = np.zeros(len(points), np.float32)
    for near in (place - 1, place):
      offset = lamps[near] - points
      square = np.einsum('ij,ij->i', offset, offset)
      down = np.maximum(offset[:, 2], 0) / np.sqrt(square)
      total += 8 * down / np.maximum(square, 4)
    warm = np.array([1.0, 0.75, 0.45], np.float32)
    return light.night * total[:, None] * warm * colours


def _mirror(radiance, rays, normals, cosine, gloss, light):
  """Adds the sky that surfaces mirror, dark below the roofs."""
  mirrored = rays - 2 * cosine[:, None] * normals
  open_sky = mirrored[:, 2] > 0.25
  glance = gloss + (1 - gloss) * (1 - np.abs(cosine)) ** 5
  glance = np.minimum(glance, 0.7)[:, None]
  sky = light.sky(mirrored) * np.where(open_sky, 1, 0.12)[:, None]
  return radiance * (1 - glance) + glance * sky.astype(np.float32)


def _cover(colours, flat, points, footprint, colour, share):
  """Covers the ground in patches, as snow and fallen leaves do.

  Args:
    colours: float32 `[n, 3]`, albedos, which are changed.
    flat: int `[m]`, those that may be covered.
    points: float32 `[n, 3]`, metres.
    footprint: float32 `[n]`, metres between rays.
    colour: of what covers them.
    share: of them that is covered.
  """
  pattern = textures.sample(
    np.full(len(flat), textures.INDEX['foliage'], np.int32),
    points[flat, 0],
    points[flat, 1],
    footprint[flat],
  )
  covered = np.clip(2 * (pattern - 1) + 4 * share - 2, 0, 1)[:, None]
  colours[flat] += covered * (np.array(colour, np.float32) - colours[flat])
