"""Renders a mesh by casting rays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.errors import UserError
from pixelda_tf.rendering import views
from pixelda_tf.rendering.meshes import Mesh

try:
  from embreex import mesh_construction, rtcore_scene
except ImportError:
  rtcore_scene = None

# The camera of cropped LineMod's renderings, measured on ape, cat and duck: at
# the object's distance a picture is 19.5 cm wide.
DISTANCE = 0.65
FOCAL = DISTANCE / 0.195
SUPERSAMPLING = 2


class Light(NamedTuple):
  """A distant light and the light that comes from everywhere.

  Attributes:
    direction: towards the light, camera axes (x right, y down, z forward).
    ambient: fraction of a colour that is seen where the light does not fall.
    diffuse: fraction that is added where it falls at a right angle.
    colour: red, green and blue of both.
  """

  direction: tuple[float, float, float] = (-0.3, -0.6, -1.0)
  ambient: float = 0.5
  diffuse: float = 0.6
  colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


class Rendered(NamedTuple):
  """A picture of an object, size x size pixels.

  Attributes:
    image: uint8 `[size, size, 3]`, anti-aliased against black.
    depth: float32 `[size, size]`, metres along the optical axis at the pixels'
      centres; 0 where nothing was hit.
    mask: bool `[size, size]`: where something was hit.
    coverage: float32 `[size, size]`, fraction of each pixel that `image` shows
      the object in.
  """

  image: np.ndarray
  depth: np.ndarray
  mask: np.ndarray
  coverage: np.ndarray


class Renderer:
  """Renders one mesh.

  Attributes:
    bottom: metres, the smallest z of the mesh: where it stands on a table.
  """

  def __init__(self, mesh: Mesh):
    """Builds the structure that rays are cast into.

    Args:
      mesh: `meshes.Mesh`.

    Raises:
      UserError: embreex is not installed.
    """
    if rtcore_scene is None:
      raise UserError('rendering needs embreex: pip install embreex')
    self.bottom = float(mesh.vertices[:, 2].min())
    self._colours = mesh.colours
    self._faces = mesh.faces
    self._scene = rtcore_scene.EmbreeScene()
    mesh_construction.TriangleMesh(self._scene, mesh.vertices, mesh.faces)

  def render(
    self, quaternion: np.ndarray, size: int = 64, **camera: Any
  ) -> Rendered:
    """Renders a view.

    Args:
      quaternion: float `[4]`, (w, x, y, z), model to camera.
      size: pixels a side.
      **camera: see `trace`.

    Returns:
      `Rendered`.
    """
    colours, fine = self.trace(quaternion, SUPERSAMPLING * size, **camera)
    _, depth = self.trace(quaternion, size, **camera)
    coverage = shrink((fine > 0).astype(np.float32))
    return Rendered(to_uint8(shrink(colours)), depth, depth > 0, coverage)

  def trace(
    self,
    quaternion: np.ndarray,
    size: int,
    *,
    position: Sequence[float] | np.ndarray = (0.0, 0.0, DISTANCE),
    focal: float = FOCAL,
    light: Light | None = None,
  ) -> tuple[np.ndarray, np.ndarray]:
    """Casts a ray through the centre of each pixel.

    Args:
      quaternion: float `[4]`, (w, x, y, z), model to camera.
      size: pixels a side.
      position: of the model's origin, metres, camera axes.
      focal: focal length in picture widths; the optical axis meets the
        picture's centre.
      light: `Light`, or None for the default one.

    Returns:
      float32 `[size, size, 3]` in [0, 1], the colours, 0 where nothing was
      hit; and float32 `[size, size]`, metres along the optical axis, likewise.
    """
    # Rays are cast in the model's axes. Their third camera coordinate is 1, so
    # that the parameter where they hit is the depth.
    rotation = views.rotation_matrix(quaternion).astype(np.float32)
    rays = pixel_rays(size, focal).reshape(-1, 3) @ rotation
    origins = np.tile(
      -np.asarray(position, np.float32) @ rotation, (len(rays), 1)
    )
    hits = self._scene.run(origins, rays, output=1)
    hit = hits['primID'] >= 0
    colours = np.zeros((size * size, 3), np.float32)
    depth = np.zeros(size * size, np.float32)
    depth[hit] = hits['tfar'][hit]
    colours[hit] = self._interpolated(
      hits['primID'][hit], hits['u'][hit, None], hits['v'][hit, None]
    ) * _shading(
      hits['Ng'][hit], rays[hit], rotation, Light() if light is None else light
    )
    colours = np.clip(colours, 0, 1)
    return colours.reshape(size, size, 3), depth.reshape(size, size)

  def _interpolated(self, face, u, v):
    first, second, third = self._colours[self._faces[face]].transpose(1, 0, 2)
    return (1 - u - v) * first + u * second + v * third


def _shading(normals, rays, rotation, light):
  """Returns what colours are multiplied by, `[n, 3]`: Lambert's law.

  A surface's normal is taken on the side that the camera sees.
  """
  lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
  normals = normals / np.maximum(lengths, np.finfo(np.float32).tiny)
  facing = -np.sign(np.sum(normals * rays, axis=-1, keepdims=True))
  direction = np.asarray(light.direction, np.float32)
  direction /= np.linalg.norm(direction)
  cosine = facing * (normals @ (direction @ rotation))[:, None]
  falling = light.ambient + light.diffuse * np.maximum(cosine, 0)
  return falling * np.asarray(light.colour, np.float32)


def pixel_rays(size: int, focal: float = FOCAL) -> np.ndarray:
  """Returns the directions of the pixels' centres.

  Args:
    size: pixels a side.
    focal: focal length in picture widths.

  Returns:
    float32 `[size, size, 3]`, camera axes, the third coordinate being 1.
  """
  along = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) / focal
  x, y = np.meshgrid(along, along)
  return np.stack([x, y, np.ones_like(x)], axis=-1)


def shrink(values: np.ndarray) -> np.ndarray:
  """Averages blocks of `SUPERSAMPLING` x `SUPERSAMPLING` pixels.

  Args:
    values: float `[height, width, ...]`.

  Returns:
    float, of a height and width that is smaller by `SUPERSAMPLING`.
  """
  height, width, *channels = values.shape
  n = SUPERSAMPLING
  blocks = values.reshape(height // n, n, width // n, n, *channels)
  return blocks.mean(axis=(1, 3))


def to_uint8(colours: np.ndarray) -> np.ndarray:
  """Returns colours in [0, 1] as uint8."""
  return np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)
