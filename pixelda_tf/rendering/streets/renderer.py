"""Casts rays into a street."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.errors import UserError
from pixelda_tf.rendering.streets import assembly, outlines, shading
from pixelda_tf.rendering.streets.camera import Camera
from pixelda_tf.rendering.streets.light import Light
from pixelda_tf.rendering.streets.styles import Style

try:
  from embreex import mesh_construction, rtcore_scene
except ImportError:
  rtcore_scene = None

# Rays along each side of a pixel.
GRID = 2
# Metres above a surface where rays to the sun begin.
_ABOVE = 0.03


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
    self._scene = rtcore_scene.EmbreeScene()
    mesh_construction.TriangleMesh(self._scene, geometry.triangles)

  def distance(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Returns how far each ray goes, in its lengths; infinite for the sky."""
    hits = self._cast(origin, rays)
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
    hits = self._cast(camera.position, rays)
    faces, depth = hits['primID'], hits['tfar']
    is_hit = faces >= 0
    seen, sky = np.flatnonzero(is_hit), np.flatnonzero(~is_hit)
    faces, ahead = faces[seen], rays[seen]
    labels = np.zeros(len(rays), np.uint8)
    labels[seen] = self._geometry.labels[faces]

    lengths = np.sqrt(np.einsum('ij,ij->i', rays, rays))
    radiance = np.empty(rays.shape, np.float32)
    radiance[sky] = light.sky(rays[sky] / lengths[sky, None])
    ended = shading.Hits(
      faces=faces,
      points=camera.position + depth[seen, None] * ahead,
      rays=ahead / lengths[seen, None],
      away=depth[seen] * lengths[seen],
      spacing=1 / (GRID * width * camera.focal),
    )
    shader = shading.Shader(self._geometry, ended, light, style, rng)
    radiance[seen] = shader.shade(self._sunlit(shader, seen, light))
    rays_of_pixel = np.moveaxis(radiance.reshape(height, width, -1, 3), 2, 0)
    return Traced(
      np.add.reduce(rays_of_pixel) / np.float32(GRID**2),
      outlines.outline(labels.reshape(height, width, -1)),
    )

  def _cast(self, origin, rays):
    origins = np.empty(rays.shape, np.float32)
    origins[:] = origin
    return self._scene.run(origins, rays, output=1)

  def _sunlit(self, shader, index, light):
    """Returns where the sun is seen, for all rays of a pixel alike."""
    if not light.sun.any():
      return np.ones(len(index), np.float32)
    pixels = index // GRID**2
    first = np.flatnonzero(np.diff(pixels, prepend=-1))
    normals = shader.normals[first]
    # Surfaces that face away from it are dark anyway.
    first = first[normals @ light.direction > 0]
    start = shader.hits.points[first] + _ABOVE * shader.normals[first]
    towards = np.empty(start.shape, np.float32)
    towards[:] = light.direction
    blocked = self._scene.run(start, towards, query='OCCLUDED')
    of_pixel = np.ones(pixels[-1] + 1, np.float32)
    of_pixel[pixels[first]] = blocked < 0
    return of_pixel[pixels]
