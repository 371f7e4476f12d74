"""Cuts the objects of a BOP frame out as examples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from pixelda_tf.datasets import image_files, mask_files, suffixes
from pixelda_tf.datasets.pose import bop_crops, bop_scenes, bop_units
from pixelda_tf.datasets.pose.bop_faults import Fault, Faults
from pixelda_tf.datasets.pose.bop_masks import Silhouettes
from pixelda_tf.errors import UserError
from pixelda_tf.fields.depth import normalize
from pixelda_tf.rendering import views


class Examples:
  """Makes examples of frames; see `Bop` for the arguments."""

  def __init__(
    self,
    *,
    silhouettes: Silhouettes,
    class_names: Mapping[int, str],
    diameters: Mapping[int, float],
    crop_metres: float,
    min_visibility: float,
    masks: bool,
    depth: bool,
    allocentric: bool,
  ):
    """Makes none yet.

    Args:
      silhouettes: `Silhouettes` of the set.
      class_names: dict of object id to name.
      diameters: dict of object id to metres.
      crop_metres: side of the square that a crop shows.
      min_visibility: fraction of an object that has to be seen.
      masks: whether examples have masks.
      depth: whether images have depth.
      allocentric: whether poses are relative to the ray to the object.
    """
    self._silhouettes = silhouettes
    self._class_names = class_names
    self._diameters = diameters
    self._crop_metres = crop_metres
    self._min_visibility = min_visibility
    self._masks = masks
    self._depth = depth
    self._allocentric = allocentric

  def of_frame(
    self,
    frame: bop_scenes.Frame,
    faults: Faults,
    views: list[bop_units.View] | None = None,
  ) -> list[tuple[str, dict[str, Any]]]:
    """Returns a list of (key, example) of a frame.

    Args:
      frame: `Frame`.
      faults: `Faults`; it also counts the objects that are hardly visible.
      views: takes what is measured of each example.

    Raises:
      Fault: a file or object is wrong, and faults are not counted.
    """
    examples = []
    with faults.tolerated():
      image = _read_image(frame)
      distances = _read_depth(frame, image.shape[:2]) if self._depth else None
      for annotation in frame.annotations:
        with faults.tolerated():
          example, view = self._example(
            frame, annotation, image, distances, faults
          )
          if example is not None:
            if views is not None:
              views.append(view)
            examples.append((f'{frame.key}/{annotation.number:06d}', example))
    return examples

  def _example(self, frame, annotation, image, distances, faults):
    """Returns an example and its view, None if too little of it is seen."""
    where = (
      f'{frame.scene / bop_scenes.TRUTH}, frame {frame.number}, object '
      f'{annotation.number}'
    )
    if annotation.obj_id not in self._class_names:
      raise Fault(
        'objects without name',
        f'{where}, obj_id',
        f'{annotation.obj_id}; expected an object that --names has',
      )
    if self._is_hidden(annotation.visibility, faults):
      return None, None
    crop = bop_crops.Crop(frame.camera, annotation.position, self._crop_metres)
    if not crop.is_centre_inside(image.shape[:2]):
      raise Fault(
        'objects with their centre outside of the frame',
        f'{where}, cam_t_m2c',
        f'column {crop.centre[0]:.1f}, row {crop.centre[1]:.1f}; expected '
        f'inside of {image.shape[1]} x {image.shape[0]} pixels',
      )
    mask, visibility = self._view(frame, annotation, image.shape[:2], crop)
    if self._is_hidden(visibility, faults):
      return None, None
    view = bop_units.View(
      inside=float(crop.inside(image.shape[:2]).mean()),
      depth=_depth_ratio(annotation, crop, mask, distances),
      extent=self._extent(frame, annotation, mask),
    )
    image = crop.colours(image)
    if distances is not None:
      channel = normalize(crop.nearest(distances), annotation.position[2])
      image = np.concatenate([image, channel[..., None]], axis=-1)
    example = {
      'image': image,
      'label': self._class_names[annotation.obj_id],
      'pose': self._pose(annotation),
    }
    if self._masks:
      example['mask'] = mask
    return example, view

  def _extent(self, frame, annotation, mask):
    """Returns the length of a published mask, in diameters of the object."""
    if mask is None or not mask.any() or not frame.mask(annotation).is_file():
      return None
    seen = np.argwhere(mask[..., 0])
    pixels = np.linalg.norm(np.ptp(seen, axis=0) + 1)
    metres = pixels * self._crop_metres / bop_crops.SIZE
    return float(metres / self._diameters[annotation.obj_id])

  def _is_hidden(self, visibility, faults):
    """Whether too little is visible, which is counted; None for unknown."""
    hidden = visibility is not None and visibility < self._min_visibility
    if hidden:
      faults.counts[f'objects below visibility {self._min_visibility:g}'] += 1
    return hidden

  def _view(self, frame, annotation, size, crop):
    """Returns an object's mask and visibility, rendered where not there.

    Either may be None where it is not needed.
    """
    mask, visibility = None, annotation.visibility
    path = frame.mask(annotation)
    if self._masks and path.is_file():
      mask = crop.nearest(_read_mask(frame, path, size))[..., None]
    needs_mask = self._masks and mask is None
    if needs_mask or (visibility is None and self._min_visibility > 0):
      alone, visible = self._silhouettes.see(
        annotation, frame.annotations, crop.rays()
      )
      visible &= crop.inside(size).ravel()
      if visibility is None:
        visibility = visible.sum() / max(1, alone.sum())
      if needs_mask:
        shape = (bop_crops.SIZE, bop_crops.SIZE, 1)
        mask = np.where(visible, 255, 0).astype(np.uint8).reshape(shape)
    return mask, visibility

  def _pose(self, annotation):
    rotation = annotation.rotation
    if self._allocentric:
      rotation = along_ray(annotation.position).T @ rotation
    return views.quaternion(rotation)


def _depth_ratio(annotation, crop, mask, distances):
  """Returns the depth in the middle of an object, in that of its position."""
  if distances is None:
    return None
  measured = crop.nearest(distances)
  middle = np.zeros(measured.shape, bool)
  quarter = bop_crops.SIZE // 8
  centre = slice(bop_crops.SIZE // 2 - quarter, bop_crops.SIZE // 2 + quarter)
  middle[centre, centre] = True
  if mask is not None and mask.any():
    middle = mask[..., 0] > 0
  measured = measured[middle & (measured > 0)]
  return (
    float(np.median(measured) / annotation.position[2])
    if measured.size
    else None
  )


def along_ray(position: np.ndarray) -> np.ndarray:
  """Returns the smallest rotation from the optical axis to an object's ray.

  Args:
    position: float `[3]`, of the object, in front of the camera.

  Returns:
    float64 `[3, 3]`, maps (0, 0, 1) to the direction of `position`.
  """
  x, y, z = position / np.linalg.norm(position)
  axis = np.array([[0, 0, x], [0, 0, y], [-x, -y, 0]])
  return np.eye(3) + axis + axis @ axis / (1 + z)


def _read_image(frame):
  try:
    size, _ = image_files.form(frame.image)
    return image_files.read(frame.image, size, 'RGB')
  except UserError as error:
    raise Fault(
      'unreadable images', f'frame {frame.number}', error.message
    ) from error


def _read_mask(frame, path, size):
  try:
    return mask_files.read(path, frame.image, size)[..., 0]
  except UserError as error:
    raise Fault(
      'unreadable masks', f'frame {frame.number}', error.message
    ) from error


def _read_depth(frame, size):
  """Returns float32 [height, width], metres."""
  where = f'{frame.depth}, frame {frame.number}'
  try:
    with Image.open(frame.depth, formats=suffixes.formats()) as image:
      values = np.asarray(image)
  except image_files.UNREADABLE as error:
    raise Fault(
      'unreadable depth', where, f'not a readable image ({error})'
    ) from error
  if values.shape != size or values.dtype.kind not in 'iu':
    raise Fault(
      'unreadable depth',
      where,
      f'{values.dtype} {values.shape}; expected integers {size}, as the image',
    )
  return values * np.float32(frame.depth_scale)
