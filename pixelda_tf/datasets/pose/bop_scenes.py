"""Reads the files of a BOP scene as frames.

https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md
"""

import json
import pathlib
import re
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.datasets import suffixes
from pixelda_tf.datasets.pose.bop_annotations import (
  Annotation,
  parse_annotation,
  parse_camera,
  parse_visibility,
)
from pixelda_tf.datasets.pose.bop_faults import Fault, Faults

TRUTH = 'scene_gt.json'
CAMERAS = 'scene_camera.json'
INFOS = 'scene_gt_info.json'
IMAGE_FOLDERS = ('rgb', 'gray')
DEPTH_FOLDER = 'depth'
MASK_FOLDER = 'mask_visib'


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
  def key(self) -> str:
    """Split folder, scene and frame: unique in a set."""
    return f'{self.scene.parent.name}/{self.scene.name}/{self.number:06d}'

  def mask(self, annotation: Annotation) -> pathlib.Path:
    """Returns where the mask of an object's visible part would be."""
    name = f'{self.number:06d}_{annotation.number:06d}.png'
    return self.scene / MASK_FOLDER / name


def read_scene(
  folder: pathlib.Path, model_ids: Collection[int], faults: Faults
) -> list[Frame]:
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
    places = [place for place in places if place.is_dir()]
    if not places:
      raise Fault('scenes without images', folder, 'no folder rgb or gray')
    self._place = places[0]
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


def read_json(path: pathlib.Path) -> dict[int, Any]:
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


def _numbered_images(folder):
  if not folder.is_dir():
    return {}
  return {
    int(path.stem): path
    for path in sorted(folder.iterdir())
    if suffixes.is_image(path) and re.fullmatch(r'\d{1,9}', path.stem, re.ASCII)
  }
