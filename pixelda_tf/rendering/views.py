"""Views of an object as unit quaternions (w, x, y, z), model to camera.

The camera's axes are OpenCV's: x to the right, y down, z into the picture. The
model's z axis points up. Of the two quaternions of a rotation, that with
w >= 0 is used.
"""

import numpy as np
import numpy.typing as npt

from pixelda_tf import seeding

TOLERANCE = 1e-4


def rotation_matrix(quaternion: npt.ArrayLike) -> np.ndarray:
  """Returns the rotation matrix of a quaternion.

  Args:
    quaternion: float `[4]`, (w, x, y, z), of any norm but 0.

  Returns:
    float64 `[3, 3]`: maps model coordinates to the camera's axes.
  """
  # SciPy's rounds the norm otherwise, which shows in pixels of renders.
  w, x, y, z = np.asarray(quaternion, np.float64) / np.linalg.norm(quaternion)
  return np.array(
    [
      [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
      [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
      [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
  )


def quaternion(rotation: npt.ArrayLike) -> np.ndarray:
  """Returns the unit quaternion, w >= 0, of a rotation matrix.

  Args:
    rotation: float `[3, 3]`.

  Returns:
    float32 `[4]`.

  Raises:
    ValueError: `rotation` is not orthogonal with determinant 1, 1e-4 being
      taken for rounding.
  """
  # Here, and not at every start.
  from scipy.spatial.transform import Rotation

  r = np.asarray(rotation, np.float64)
  is_rotation = (
    r.shape == (3, 3)
    and np.allclose(r @ r.T, np.eye(3), atol=TOLERANCE)
    and np.linalg.det(r) > 0
  )
  if not is_rotation:
    raise ValueError(f'no rotation matrix: {r.tolist()}')
  quaternions = Rotation.from_matrix(r).as_quat(
    canonical=True, scalar_first=True
  )
  return quaternions.astype(np.float32)


def sample(
  seed: int | tuple[int, ...],
  index: int,
  *,
  upper: bool = False,
  in_plane: float = 45.0,
) -> np.ndarray:
  """Returns a random view; it depends on the arguments alone.

  Viewpoints are uniform on the sphere, or on its upper half: the fraction of a
  sphere between two heights is the same as that of the diameter.

  Args:
    seed: integer, or a tuple of them.
    index: of the view.
    upper: only look from above (model z >= 0).
    in_plane: degrees that the camera is at most turned about its own axis.

  Returns:
    float32 `[4]`, unit quaternion.
  """
  seed = seed if isinstance(seed, tuple) else (seed,)
  words = seeding.random_words(3, *seed, index)
  height, around, turn = words / 2.0**64
  height = height if upper else 2 * height - 1
  return look_at(
    np.arcsin(height), 2 * np.pi * around, np.radians((2 * turn - 1) * in_plane)
  )


def look_at(elevation: float, azimuth: float, turn: float = 0.0) -> np.ndarray:
  """Returns the view from a point on the sphere towards its centre.

  Args:
    elevation: radians above the model's xy plane.
    azimuth: radians about the model's z axis, 0 on the x axis.
    turn: radians by which the picture is turned clockwise.

  Returns:
    float32 `[4]`, unit quaternion.
  """
  sin_e, cos_e = np.sin(elevation), np.cos(elevation)
  sin_a, cos_a = np.sin(azimuth), np.cos(azimuth)
  right = np.array([-sin_a, cos_a, 0.0])
  forward = -np.array([cos_e * cos_a, cos_e * sin_a, sin_e])
  down = np.cross(forward, right)
  sin_t, cos_t = np.sin(turn), np.cos(turn)
  rotation = [
    cos_t * right - sin_t * down,
    sin_t * right + cos_t * down,
    forward,
  ]
  return quaternion(rotation)
