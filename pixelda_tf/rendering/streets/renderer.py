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
    # A ray that meets nothing has triangle -1: the last.
    self._labels = np.append(geometry.labels, np.uint8(assembly.LABELS['sky']))
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
    faces = hits['primID'].reshape(-1, GRID**2)
    labels = self._labels[faces]
    # One ray of a pixel is as good as all where they meet the same triangle.
    alike = (faces == faces[:, :1]).all(axis=1)
    needed = np.repeat(~alike, GRID**2)
    needed[:: GRID**2] = True
    index = np.flatnonzero(needed)
    pixels = index // GRID**2

    faces, depth, rays = faces.ravel()[index], hits['tfar'][index], rays[index]
    lengths = np.sqrt(np.einsum('ij,ij->i', rays, rays))
    directions = rays / lengths[:, None]
    radiance = np.empty(rays.shape, np.float32)
    seen, sky = np.flatnonzero(faces >= 0), np.flatnonzero(faces < 0)
    radiance[sky] = light.sky(directions[sky])
    ended = shading.Hits(
      faces=faces[seen],
      points=camera.position + depth[seen, None] * rays[seen],
      rays=directions[seen],
      away=depth[seen] * lengths[seen],
      spacing=1 / (GRID * width * camera.focal),
    )
    shader = shading.Shader(self._geometry, ended, light, style, rng)
    radiance[seen] = shader.shade(self._sunlit(shader, pixels[seen], light))
    radiance[~alike[pixels]] /= GRID**2
    sums = [np.bincount(pixels, weights=channel) for channel in radiance.T]
    return Traced(
      np.stack(sums, axis=1).astype(np.float32).reshape(height, width, 3),
      outlines.outline(labels.reshape(height, width, -1)),
    )

  def _cast(self, origin, rays):
    origins = np.empty(rays.shape, np.float32)
    origins[:] = origin
    return self._scene.run(origins, rays, output=1)

  def _sunlit(self, shader, pixels, light):
    """Returns where the sun is seen, for all rays of a pixel alike."""
    if not light.sun.any():
      return np.ones(len(pixels), np.float32)
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
