"""Meshes with a colour at each vertex, read from files."""

import pathlib
from typing import Any, NamedTuple

import numpy as np

from pixelda_tf.errors import UserError

SUFFIXES = ('.ply', '.obj', '.stl', '.glb')
MILLIMETRES = 0.001
GREY = 0.6


class Mesh(NamedTuple):
  """A coloured triangle mesh.

  Attributes:
    vertices: float32 `[n, 3]`, metres.
    faces: int32 `[m, 3]`, indices of vertices.
    colours: float32 `[n, 3]` in [0, 1], red, green and blue.
  """

  vertices: np.ndarray
  faces: np.ndarray
  colours: np.ndarray


def load(path: str | pathlib.Path, scale: float = MILLIMETRES) -> Mesh:
  """Reads a mesh.

  Args:
    path: file of a format that trimesh reads. A texture becomes the vertices'
      colours; a mesh without colours is grey.
    scale: metres in the file's unit; BOP's meshes are in millimetres.

  Returns:
    `Mesh`; a scene's parts are joined.

  Raises:
    UserError: the file is missing, no mesh, without faces, or its numbers are
      not finite.
  """
  import trimesh  # Here, and not at every start.

  path = pathlib.Path(path)
  if not path.is_file():
    raise UserError(f'{path}: no such file')
  try:
    # Merging vertices would average colours.
    loaded = trimesh.load(path, force='mesh', process=False)
    mesh = from_trimesh(loaded, scale)
  except Exception as error:
    raise UserError(f'{path}: not a readable mesh: {error}') from error
  if not len(mesh.faces):
    raise UserError(f'{path}: a mesh without faces')
  if not np.isfinite(mesh.vertices).all():
    raise UserError(f'{path}: has vertices that are not finite numbers')
  if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
    raise UserError(f'{path}: has faces of vertices that are not there')
  return mesh


def centred(mesh: Mesh) -> Mesh:
  """Returns the mesh with the mean of its vertices at the origin.

  Cropped LineMod's pictures are centred there, where BOP's meshes have the
  centre of their bounding box at the origin.
  """
  return mesh._replace(vertices=mesh.vertices - mesh.vertices.mean(axis=0))


def from_trimesh(mesh: Any, scale: float = 1.0) -> Mesh:
  """Returns the `Mesh` of a `trimesh.Trimesh`.

  Args:
    mesh: `trimesh.Trimesh`.
    scale: metres in its unit.
  """
  visual = mesh.visual
  if visual.kind == 'texture':
    visual = visual.to_color()
  if visual.kind is None:
    colours = np.full((len(mesh.vertices), 3), GREY)
  else:
    colours = visual.vertex_colors[:, :3] / 255
  return Mesh(
    np.asarray(mesh.vertices * scale, np.float32),
    np.asarray(mesh.faces, np.int32).reshape(-1, 3),
    np.asarray(colours, np.float32),
  )
