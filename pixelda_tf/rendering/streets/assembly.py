"""Puts things into a street, each with its class."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.fields import label_maps
from pixelda_tf.rendering.streets import materials, shapes
from pixelda_tf.rendering.streets.shapes import Shape

# CamVid's classes, in the order of SegNet's split.
CLASSES = (
  'sky',
  'building',
  'pole',
  'road',
  'pavement',
  'tree',
  'sign',
  'fence',
  'car',
  'pedestrian',
  'cyclist',
)
LABELS = {name: label for label, name in enumerate(CLASSES)}
# Of things that no class names, as bins.
LABELS['void'] = label_maps.IGNORE


class Geometry(NamedTuple):
  """All triangles of a street.

  Attributes:
    triangles: float32 `[n, 3, 3]`, metres: x to the right, y along the street,
      z up.
    labels: uint8 `[n]`, classes or `label_maps.IGNORE`.
    surfaces: int32 `[n]`: triangles of one thing and material have one surface.
    kinds: int16 `[m]`, the material of each surface.
    lamps: float32 `[k, 3]`, metres, where street lamps hang.
  """

  triangles: np.ndarray
  labels: np.ndarray
  surfaces: np.ndarray
  kinds: np.ndarray
  lamps: np.ndarray


class Assembly:
  """Collects the things of a street."""

  def __init__(self):
    """Starts with nothing."""
    self._shapes = []
    self._labels = []
    self._things = []
    self._thing = 0
    self.lamps: list[Sequence[float]] = []

  def add(
    self, shape: Shape, name: str, same: bool = False, **place: Any
  ) -> None:
    """Adds a thing.

    Args:
      shape: `Shape`.
      name: its class, a key of `LABELS`.
      same: whether it is a part of the thing before, of the same colours.
      **place: see `shapes.move`.
    """
    self._thing += not same
    self._shapes.append(shapes.move(shape, **place) if place else shape)
    self._labels.append(LABELS[name])
    self._things.append(self._thing)

  def geometry(self) -> Geometry:
    """Returns the `Geometry` of all that was added."""
    joined = shapes.join(self._shapes)
    counts = [len(shape.materials) for shape in self._shapes]
    things = np.repeat(self._things, counts)
    key = things * len(materials.NAMES) + joined.materials
    used = np.zeros(key.max() + 1, bool)
    used[key] = True
    surfaces = np.cumsum(used) - 1
    kinds = np.flatnonzero(used) % len(materials.NAMES)
    return Geometry(
      joined.triangles,
      np.repeat(np.array(self._labels, np.uint8), counts),
      surfaces[key].astype(np.int32),
      kinds.astype(np.int16),
      np.array(self.lamps, np.float32).reshape(-1, 3),
    )
