"""Checks what the JSON files of a BOP scene say of cameras and objects.

https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md
"""

import reprlib
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.datasets.pose.bop_faults import Fault

METRES = 0.001  # A millimetre, the format's unit.
# What numbers may be; anything else is a mistake: a rotation that stretches
# more, an object nearer (metres), a lens longer (pixels).
LARGEST = 1e6
NEAREST = 0.01
STRETCH = 0.02
FOCAL_LENGTHS = 1.0, 1e5


class Annotation(NamedTuple):
  """An object of a frame.

  Attributes:
    number: position among the objects of the frame.
    obj_id: which model it is.
    rotation: float64 `[3, 3]`, model to camera, OpenCV axes.
    position: float64 `[3]`, metres, of the model's origin.
    visibility: fraction of its silhouette that is seen, or None if unknown.
  """

  number: int
  obj_id: int
  rotation: np.ndarray
  position: np.ndarray
  visibility: float | None


def parse_camera(
  value: Any, where: str, has_depth: bool = False
) -> tuple[np.ndarray, float]:
  """Returns a frame's intrinsic matrix and its metres in a unit of depth.

  Args:
    value: what the JSON file says of the frame, None for nothing.
    where: file and frame.
    has_depth: whether the depth's scale is needed.

  Raises:
    Fault: the camera is missing, or no pinhole camera.
  """
  if not isinstance(value, dict):
    raise Fault('frames without camera', where, 'no camera; expected cam_K')
  matrix = _numbers(value.get('cam_K'), 9)
  if matrix is None or not _is_pinhole(matrix.reshape(3, 3)):
    raise Fault(
      'bad cameras',
      f'{where}, cam_K',
      f'{_short(value.get("cam_K"))}; expected [fx, 0, cx, 0, fy, cy, 0, 0, 1]',
    )
  scale = _numbers([value.get('depth_scale', None if has_depth else 1.0)], 1)
  if scale is None or scale[0] <= 0:
    raise Fault(
      'bad cameras',
      f'{where}, depth_scale',
      f'{_short(value.get("depth_scale"))}; expected a positive number',
    )
  return matrix.reshape(3, 3), scale[0] * METRES


def parse_annotation(value: Any, index: int, where: str) -> Annotation:
  """Returns an `Annotation` without visibility.

  Args:
    value: what the JSON file says of the object.
    index: position of the object.
    where: file, frame and object.

  Raises:
    Fault: a number is missing or wrong.
  """
  if not isinstance(value, dict):
    raise Fault('unreadable objects', where, 'expected cam_R_m2c and others')
  obj_id = value.get('obj_id')
  if type(obj_id) is not int:
    raise Fault(
      'objects without model',
      f'{where}, obj_id',
      f'{_short(obj_id)}; expected an integer',
    )
  rotation = _rotation(value.get('cam_R_m2c'))
  if rotation is None:
    raise Fault(
      'bad rotations',
      f'{where}, cam_R_m2c',
      f'{_short(value.get("cam_R_m2c"))}; expected 9 numbers, the rows of a '
      'rotation matrix',
    )
  position = _numbers(value.get('cam_t_m2c'), 3)
  if position is None:
    raise Fault(
      'bad positions',
      f'{where}, cam_t_m2c',
      f'{_short(value.get("cam_t_m2c"))}; expected 3 numbers, millimetres',
    )
  position = position * METRES
  if position[2] < NEAREST:
    raise Fault(
      'objects behind the camera',
      f'{where}, cam_t_m2c',
      f'{_short(value["cam_t_m2c"])}; expected the third to be at least '
      f'{NEAREST / METRES:g} (millimetres in front of the camera)',
    )
  return Annotation(index, obj_id, rotation, position, visibility=None)


def parse_visibility(value: Any, index: int, where: str) -> float:
  """Returns the visible fraction of an object.

  Args:
    value: what the JSON file says of the frame, None for nothing.
    index: position of the object.
    where: file, frame and object.

  Raises:
    Fault: the fraction is missing or no number in [0, 1].
  """
  is_there = isinstance(value, list) and index < len(value)
  info = value[index] if is_there and isinstance(value[index], dict) else {}
  fraction = _numbers([info.get('visib_fract')], 1)
  if fraction is None or not 0 <= fraction[0] <= 1:
    raise Fault(
      'objects without visibility',
      f'{where}, visib_fract',
      f'{_short(info.get("visib_fract"))}; expected a number in [0, 1]',
    )
  return float(fraction[0])


def _numbers(value, count):
  """Returns float64 `[count]`, or None if `value` is not that many numbers."""
  if not isinstance(value, list) or len(value) != count:
    return None
  if not all(type(number) in (int, float) for number in value):
    return None
  if not all(abs(number) <= LARGEST for number in value):  # NaN is not.
    return None
  return np.array(value, np.float64)


def _rotation(value):
  """Returns the rotation float64 `[3, 3]` that is meant, or None.

  Published matrices are rounded, or estimated: that of LM-O stretch by up to
  half a per cent.
  """
  numbers = _numbers(value, 9)
  if numbers is None:
    return None
  left, stretch, right = np.linalg.svd(numbers.reshape(3, 3))
  rotation = left @ right
  if np.abs(stretch - 1).max() > STRETCH or np.linalg.det(rotation) < 0:
    return None
  return rotation


def _is_pinhole(matrix):
  shortest, longest = FOCAL_LENGTHS
  fx, fy = matrix[0, 0], matrix[1, 1]
  return (
    shortest <= min(fx, fy)
    and max(fx, fy) <= longest
    and matrix[1, 0] == 0
    and matrix[2].tolist() == [0, 0, 1]
  )


def _short(value):
  return 'nothing' if value is None else reprlib.repr(value)
