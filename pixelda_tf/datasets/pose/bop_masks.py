"""Which pixels see an object, by casting rays at the meshes of a frame."""

import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pixelda_tf.datasets.pose import bop_units, mesh_files
from pixelda_tf.datasets.pose.bop_annotations import Annotation
from pixelda_tf.errors import UserError
from pixelda_tf.rendering import meshes

try:
  from embreex import mesh_construction, rtcore_scene
except ImportError:
  rtcore_scene = None


class Silhouettes:
  """Sees the objects of a BOP set; a mesh is read when it is first needed."""

  def __init__(self, models: Mapping[int, pathlib.Path]):
    """Reads nothing yet.

    Args:
      models: dict of object id to mesh file, in millimetres.
    """
    self._models = models
    self._scenes: dict[int, Any] = {}

  def __getstate__(self) -> dict[str, Any]:
    """Leaves out the scenes, which cannot be pickled."""
    return {**self.__dict__, '_scenes': {}}

  def see(
    self, annotation: Annotation, others: Iterable[Annotation], rays: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns where an object is, and where it is not hidden by others.

    Args:
      annotation: `Annotation` of the object.
      others: those of all objects in the frame; it may be among them.
      rays: float `[n, 3]`, camera axes, the third coordinate is 1.

    Returns:
      bool `[n]`, hit by the ray if the object were alone, and bool `[n]`, hit
      first.

    Raises:
      UserError: a mesh cannot be read, or embreex is not installed.
    """
    depth = self._depth(annotation, rays)
    alone = np.isfinite(depth)
    visible = alone.copy()
    for other in others:
      if other.number != annotation.number:
        visible[alone] &= depth[alone] <= self._depth(other, rays[alone])
    return alone, visible

  def _depth(self, annotation, rays):
    """Returns float32 `[n]`, metres along the optical axis, inf for none."""
    # Rays are cast in the model's axes; the parameter where they hit is the
    # depth, as their third camera coordinate is 1.
    rays = rays @ annotation.rotation
    origin = -annotation.position @ annotation.rotation
    hits = self._scene(annotation.obj_id).run(
      np.broadcast_to(origin, rays.shape).astype(np.float32),
      rays.astype(np.float32),
      output=1,
    )
    return np.where(hits['primID'] >= 0, hits['tfar'], np.inf)

  def _scene(self, obj_id):
    if rtcore_scene is None:
      raise UserError(
        'masks that are not there are rendered, which needs embreex: pip '
        'install embreex, or pass --nomasks and --min_visibility=0'
      )
    if obj_id not in self._scenes:
      mesh = meshes.load(self._models[obj_id], colours=False)
      mesh_files.check_extent(self._models[obj_id], mesh, bop_units.SIZES)
      scene = self._scenes[obj_id] = rtcore_scene.EmbreeScene()
      mesh_construction.TriangleMesh(scene, mesh.vertices, mesh.faces)
    return self._scenes[obj_id]
