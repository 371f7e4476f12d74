"""Whether a BOP set is in millimetres, as the format says.

Numbers in metres or centimetres, of models, positions or depth, would give
crops of other things, empty masks or depth that tells nothing.
"""

import json
import math
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pixelda_tf.datasets.pose import bop_crops, mesh_files
from pixelda_tf.datasets.pose.bop_annotations import METRES
from pixelda_tf.datasets.pose.bop_scenes import Frame
from pixelda_tf.errors import UserError
from pixelda_tf.rendering import meshes

INFOS = 'models_info.json'
_UNITS = 'models, positions and depth have to be in millimetres'
SIZES = f'in a BOP set {_UNITS}'
# Pixels of a crop that objects measure at least; distances of a camera, in an
# object's diameters; a median outside of these is a mistake.
FEWEST_PIXELS = 8
NEAREST = 1.0
# What is measured, as a multiple of what it should be.
LEAST, MOST = 1 / 3, 3.0


class View(NamedTuple):
  """What is measured of an object in a frame, None where it is not known.

  Attributes:
    inside: the share of its crop that the frame has.
    depth: its measured distance, as a multiple of that of its position.
    extent: how long its published mask is, as a multiple of its diameter.
  """

  inside: float
  depth: float | None
  extent: float | None


def diameters(
  models: Mapping[int, pathlib.Path], frames: Iterable[Frame]
) -> dict[int, float]:
  """Returns the diameters, metres, of the objects that frames show.

  They are from `models_info.json` beside the meshes, else of these.

  Raises:
    UserError: that file or a mesh is damaged, or an object is too small or too
      large.
  """
  used = {a.obj_id for frame in frames for a in frame.annotations}
  published = _read_infos(next(iter(models.values())).parent / INFOS)
  found = {}
  for obj_id in sorted(used):
    if obj_id in published:
      found[obj_id] = published[obj_id] * METRES
      place = f'{models[obj_id].parent / INFOS}: object {obj_id}'
      most = math.sqrt(3) * mesh_files.LARGEST
      mesh_files.check_length(place, found[obj_id], SIZES, most)
    else:
      mesh = meshes.load(models[obj_id], colours=False)
      mesh_files.check_extent(models[obj_id], mesh, SIZES)
      sides = np.ptp(mesh.vertices, axis=0)
      found[obj_id] = float(np.linalg.norm(sides))
  return found


def check_positions(
  manual_dir: pathlib.Path,
  frames: Sequence[Frame],
  sizes: Mapping[int, float],
  crop_metres: float,
) -> None:
  """Checks positions against the objects' diameters, and these against crops.

  Args:
    manual_dir: the BOP set.
    frames: all of it.
    sizes: see `diameters`.
    crop_metres: side of a crop.

  Raises:
    UserError: objects would hardly be seen, or the camera be inside of them.
  """
  if not sizes:
    return
  objects = [a for frame in frames for a in frame.annotations]
  distances = [float(a.position[2]) / sizes[a.obj_id] for a in objects]
  if np.median(distances) < NEAREST:
    raise UserError(
      f'{manual_dir}: cameras are {np.median(distances):.2g} diameters from '
      f'the objects, in the median: {_UNITS}; those of cam_t_m2c seem to be '
      'in centimetres'
    )
  pixels = np.median(list(sizes.values())) / crop_metres * bop_crops.SIZE
  if pixels < FEWEST_PIXELS:
    raise UserError(
      f'{manual_dir}: objects have a diameter of '
      f'{np.median(list(sizes.values())):.2g} m, in the median, {pixels:.1f} '
      f'pixels of a crop: {_UNITS}; if they are as small, pass a smaller '
      f'--crop_metres than {crop_metres:g}'
    )


def check_views(manual_dir: pathlib.Path, views: Sequence[View]) -> None:
  """Checks what is measured in frames against positions and models.

  Raises:
    UserError: depth or masks show objects at another distance, or of another
      size.
  """
  for values, what, remedy in (
    (
      [view.depth for view in views if view.depth],
      'the depth files have the objects at {:.3g} times their distance by '
      'cam_t_m2c',
      'correct depth_scale (millimetres in a unit of the files), or pass '
      '--nodepth',
    ),
    (
      [view.extent for view in views if view.extent],
      'the masks show the objects {:.3g} times as long as their models are',
      'bring models and positions to one unit',
    ),
  ):
    if values and not LEAST <= np.median(values) <= MOST:
      raise UserError(
        f'{manual_dir}: {what.format(np.median(values))}, in the median: '
        f'{_UNITS}; {remedy}'
      )


def _read_infos(path):
  """Returns the published diameters by object, millimetres."""
  if not path.is_file():
    return {}
  try:
    infos = json.loads(path.read_bytes())
    return {
      int(obj_id): float(info['diameter'])
      for obj_id, info in infos.items()
      if 'diameter' in info
    }
  except (OSError, ValueError, TypeError, AttributeError) as error:
    raise UserError(
      f'{path}: not readable ({error}); expected {{"1": {{"diameter": 102.1}}, '
      '...}; correct or remove it'
    ) from error
