"""Reads the JSON files of a BOP scene as checked entries.

https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md
"""

import json
import pathlib
import re
import reprlib
from typing import NamedTuple

import numpy as np

from pixelda_tf.datasets import image_files
from pixelda_tf.datasets.pose.bop_faults import Fault

TRUTH = 'scene_gt.json'
CAMERAS = 'scene_camera.json'
INFOS = 'scene_gt_info.json'
IMAGE_FOLDERS = ('rgb', 'gray')
DEPTH_FOLDER = 'depth'
MASK_FOLDER = 'mask_visib'
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
    index: position among the objects of the frame.
    obj_id: which model it is.
    rotation: float64 `[3, 3]`, model to camera, OpenCV axes.
    translation: float64 `[3]`, metres, of the model's origin.
    visibility: share of its silhouette that is seen, or None if not told.
  """

  index: int
  obj_id: int
  rotation: np.ndarray
  translation: np.ndarray
  visibility: float | None


class Frame(NamedTuple):
  """An image and what is annotated in it.

  Attributes:
    scene: folder of the scene.
    number: of the frame.
    image: file of the colours or greys.
    depth: file of the distances, or None.
    camera: float64 `[3, 3]`, the intrinsic matrix, in pixels.
    depth_scale: metres in a unit of the depth file.
    annotations: tuple of `Annotation`.
  """

  scene: pathlib.Path
  number: int
  image: pathlib.Path
  depth: pathlib.Path | None
  camera: np.ndarray
  depth_scale: float
  annotations: tuple[Annotation, ...]

  @property
  def key(self):
    """Split folder, scene and frame: unique in a set."""
    return f'{self.scene.parent.name}/{self.scene.name}/{self.number:06d}'

  def mask(self, annotation):
    """Returns where the mask of an object's visible part would be."""
    name = f'{self.number:06d}_{annotation.index:06d}.png'
    return self.scene / MASK_FOLDER / name


def read_scene(folder, model_ids, faults):
  """Returns the `Frame`s of a scene in the order of their numbers.

  Args:
    folder: of the scene.
    model_ids: the objects that have a model.
    faults: `Faults`.

  Raises:
    Fault: something is not as the format says, and faults are not counted.
  """
  frames = []
  with faults.tolerated():
    reader = _SceneReader(folder, model_ids, faults)
    for number in reader.numbers():
      with faults.tolerated():
        frames.append(reader.frame(number))
  return frames


class _SceneReader:
  """The files of a scene, by the frames' numbers."""

  def __init__(self, folder, model_ids, faults):
    self._folder = folder
    self._model_ids = model_ids
    self._faults = faults
    self._truth = read_json(folder / TRUTH)
    self._cameras = read_json(folder / CAMERAS)
    has_infos = (folder / INFOS).is_file()
    self._infos = read_json(folder / INFOS) if has_infos else None
    places = [folder / name for name in IMAGE_FOLDERS]
    self._place = next((place for place in places if place.is_dir()), None)
    if self._place is None:
      raise Fault('scenes without images', folder, 'no folder rgb or gray')
    self._images = _numbered_images(self._place)
    self._depths = _numbered_images(folder / DEPTH_FOLDER)

  def numbers(self):
    return sorted(self._truth.keys() | self._images.keys())

  def frame(self, number):
    where = f'{self._folder / TRUTH}, frame {number}'
    if number not in self._truth:
      raise Fault(
        'images without annotation',
        where,
        f'not there, but {self._images[number]} is',
      )
    if number not in self._images:
      raise Fault(
        'frames without image',
        where,
        f'no image; expected {self._place / f"{number:06d}"}.png or .jpg',
      )
    has_depth = (self._folder / DEPTH_FOLDER).is_dir()
    if has_depth and number not in self._depths:
      place = self._folder / DEPTH_FOLDER / f'{number:06d}.png'
      raise Fault('frames without depth', place, f'no such file; {where} is')
    camera, depth_scale = parse_camera(
      self._cameras.get(number),
      f'{self._folder / CAMERAS}, frame {number}',
      has_depth,
    )
    return Frame(
      self._folder,
      number,
      self._images[number],
      self._depths.get(number),
      camera,
      depth_scale,
      self._annotations(number, where),
    )

  def _annotations(self, number, where):
    objects = self._truth[number]
    if not isinstance(objects, list):
      raise Fault('unreadable frames', where, 'expected a list of objects')
    annotations = []
    for index, value in enumerate(objects):
      with self._faults.tolerated():
        annotation = parse_annotation(value, index, f'{where}, object {index}')
        if annotation.obj_id not in self._model_ids:
          raise Fault(
            'objects without model',
            f'{where}, object {index}, obj_id',
            f'{annotation.obj_id}; expected one that models/ has',
          )
        if self._infos is not None:
          visibility = parse_visibility(
            self._infos.get(number),
            index,
            f'{self._folder / INFOS}, frame {number}, object {index}',
          )
          annotation = annotation._replace(visibility=visibility)
        annotations.append(annotation)
    return tuple(annotations)


def read_json(path):
  """Returns a JSON file's values by the frames' numbers.

  Raises:
    Fault: the file is missing, no JSON, or no object whose keys are numbers.
  """
  if not path.is_file():
    raise Fault('scenes without file', path, 'no such file')
  try:
    values = json.loads(path.read_bytes())
  except (OSError, ValueError, RecursionError) as error:
    raise Fault('unreadable JSON', path, f'not readable ({error})') from error
  if not isinstance(values, dict):
    raise Fault('unreadable JSON', path, 'expected an object, frame by frame')
  for key in values:
    if not re.fullmatch(r'\d{1,9}', key, re.ASCII):
      raise Fault(
        'unreadable JSON', path, f'key {key[:40]!r}; expected a frame number'
      )
  return {int(key): value for key, value in values.items()}


def parse_camera(value, where, has_depth=False):
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


def parse_annotation(value, index, where):
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
  translation = _numbers(value.get('cam_t_m2c'), 3)
  if translation is None:
    raise Fault(
      'bad translations',
      f'{where}, cam_t_m2c',
      f'{_short(value.get("cam_t_m2c"))}; expected 3 numbers, millimetres',
    )
  translation = translation * METRES
  if translation[2] < NEAREST:
    raise Fault(
      'objects behind the camera',
      f'{where}, cam_t_m2c',
      f'{_short(value["cam_t_m2c"])}; expected the third to be at least '
      f'{NEAREST / METRES:g} (in front of the camera)',
    )
  return Annotation(index, obj_id, rotation, translation, visibility=None)


def parse_visibility(value, index, where):
  """Returns the visible share of an object.

  Args:
    value: what the JSON file says of the frame, None for nothing.
    index: position of the object.
    where: file, frame and object.

  Raises:
    Fault: the share is missing or no number in [0, 1].
  """
  is_there = isinstance(value, list) and index < len(value)
  info = value[index] if is_there and isinstance(value[index], dict) else {}
  share = _numbers([info.get('visib_fract')], 1)
  if share is None or not 0 <= share[0] <= 1:
    raise Fault(
      'objects without visibility',
      f'{where}, visib_fract',
      f'{_short(info.get("visib_fract"))}; expected a number in [0, 1]',
    )
  return float(share[0])


def _numbered_images(folder):
  if not folder.is_dir():
    return {}
  return {
    int(path.stem): path
    for path in sorted(folder.iterdir())
    if image_files.is_image(path)
    and re.fullmatch(r'\d{1,9}', path.stem, re.ASCII)
  }


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
