"""Meshes with a colour at each vertex, read from files."""

import contextlib
import pathlib
from typing import Any, NamedTuple

import numpy as np
from PIL import EpsImagePlugin

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


def load(
  path: str | pathlib.Path,
  scale: float = MILLIMETRES,
  *,
  colours: bool = True,
) -> Mesh:
  """Reads a mesh.

  Args:
    path: file of a format that trimesh reads. A texture becomes the vertices'
      colours; a mesh without colours is grey.
    scale: metres in the file's unit; BOP's meshes are in millimetres.
    colours: whether its colours are wanted: materials and textures that it
      names have to be there.

  Returns:
    `Mesh`; a scene's parts are joined.

  Raises:
    UserError: the file is missing, no mesh, without faces, its numbers are not
      finite, or a material or texture is missing or damaged.
  """
  # Here, and not at every start.
  import trimesh

  from pixelda_tf.rendering.mesh_assets import Assets

  path = pathlib.Path(path)
  if not path.is_file():
    raise UserError(f'{path}: no such file')
  assets = Assets(str(path))
  try:
    with _silent(trimesh.util.log), _without_ghostscript():
      # Merging vertices would average colours.
      loaded = trimesh.load(path, force='mesh', process=False, resolver=assets)
      mesh = from_trimesh(loaded, scale)
  except Exception as error:
    reason = [*assets.faults, f'not a readable mesh: {error}'][0]
    raise UserError(f'{path}: {reason}') from error
  if colours:
    if path.suffix.lower() == '.obj' and not _has_own_colours(loaded):
      assets.check_used(path.read_text('utf-8', 'replace'))
    if assets.faults:
      raise UserError(f'{path}: {assets.faults[0]}')
  if not len(mesh.faces):
    raise UserError(f'{path}: a mesh without faces')
  if mesh.vertices.shape[1] != 3:
    raise UserError(
      f'{path}: has vertices of {mesh.vertices.shape[1]} numbers: 3 are needed'
    )
  if not np.isfinite(mesh.vertices).all():
    raise UserError(f'{path}: has vertices that are not finite numbers')
  if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
    raise UserError(f'{path}: has faces of vertices that are not there')
  return mesh


@contextlib.contextmanager
def _silent(log):
  """Logs nothing meanwhile: what trimesh passes over is an error here."""
  log.disabled, before = True, log.disabled
  try:
    yield
  finally:
    log.disabled = before


@contextlib.contextmanager
def _without_ghostscript():
  """Runs none meanwhile: Pillow gives it textures that are PostScript."""
  before = EpsImagePlugin.gs_binary
  EpsImagePlugin.gs_binary = False
  try:
    yield
  finally:
    EpsImagePlugin.gs_binary = before


def _has_own_colours(loaded):
  return loaded.visual.kind in ('vertex', 'face')


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
  return Mesh(
    np.asarray(mesh.vertices * scale, np.float32),
    np.asarray(mesh.faces, np.int32).reshape(-1, 3),
    np.asarray(_colours(mesh), np.float32),
  )


def _colours(mesh):
  """Returns `[n, 3]` in [0, 1], all the same where one material is all."""
  visual = mesh.visual
  if visual.kind == 'texture':
    visual = visual.to_color()
  colours: Any = GREY
  if visual.kind is not None:
    colours = visual.vertex_colors[..., :3] / 255
  elif 'kd' in getattr(getattr(mesh.visual, 'material', None), 'kwargs', ()):
    colours = mesh.visual.material.main_color[:3] / 255
  return np.broadcast_to(colours, (len(mesh.vertices), 3))
