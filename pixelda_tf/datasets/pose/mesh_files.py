"""A folder of meshes and the names of the objects in it."""

import json
import pathlib
import re
from collections.abc import Mapping

import numpy as np
from absl import logging

from pixelda_tf.datasets import files, suffixes
from pixelda_tf.datasets.names import in_order, is_missing, nfc
from pixelda_tf.errors import UserError
from pixelda_tf.rendering import meshes

# Metres: what the camera, 65 cm away, can see.
SMALLEST, LARGEST = 0.005, 0.8
EXAMPLE = '--names=1:ape,6:cat'
_ADVICE = "--scale gives the metres in the meshes' unit"


def load_folder(
  meshes_dir: str | pathlib.Path,
  names: Mapping[str, str] | None = None,
  scale: float = meshes.MILLIMETRES,
) -> dict[str, meshes.Mesh]:
  """Reads the meshes of a folder.

  Args:
    meshes_dir: folder of files with one of `meshes.SUFFIXES`.
    names: dict of file stem, or of the number it ends in, to an object's name;
      only these files are read. None for all files, named by their stems.
    scale: metres in the files' unit.

  Returns:
    dict of name to `Mesh`, in the order of the files' names, of numbers where
    all are; the mean of a mesh's vertices is its origin.

  Raises:
    UserError: the folder or a mesh is missing or wrong, two have one name, or
      there are none.
  """
  folder = files.check_directory(meshes_dir, '--meshes_dir')
  paths = [
    path
    for path in sorted(folder.iterdir())
    if path.suffix.lower() in meshes.SUFFIXES
  ]
  _tell_others(folder)
  if not paths:
    raise UserError(
      f'--meshes_dir={meshes_dir}: no {", ".join(meshes.SUFFIXES)} in it'
    )
  named: dict[str, pathlib.Path] = {}
  for path in _chosen(paths, names, folder):
    name = nfc(path.stem if names is None else names[_key(path, names)])
    if name in named:
      raise UserError(f'{path} and {named[name]} are both named {name!r}')
    named[name] = path
  if names is None:
    named = {name: named[name] for name in in_order(named)}
  loaded = {name: meshes.load(path, scale) for name, path in named.items()}
  for name, mesh in loaded.items():
    check_extent(named[name], mesh)
  return {name: meshes.centred(mesh) for name, mesh in loaded.items()}


def parse_names(text: str) -> dict[str, str]:
  """Reads objects' names.

  Args:
    text: `KEY:NAME,...`, or a JSON file of an object `{"KEY": "NAME", ...}`.

  Returns:
    dict of key to name.

  Raises:
    UserError: it is neither.
  """
  path = pathlib.Path(text)
  if path.suffix == '.json':
    try:
      names = json.loads(path.read_text())
    except (OSError, ValueError) as error:
      raise UserError(f'--names={text}: cannot be read: {error}') from error
    if not isinstance(names, dict):
      raise UserError(f'--names={text}: holds no object {{"1": "ape", ...}}')
  else:
    pairs = [pair.partition(':')[::2] for pair in text.split(',')]
    names = {key.strip(): name.strip() for key, name in pairs}
    if len(names) < len(pairs):
      raise UserError(f'--names={text}: names a file twice')
  if not names or not all(
    isinstance(name, str) and not is_missing(name) and key
    for key, name in names.items()
  ):
    raise UserError(f'--names={text}: give KEY:NAME,..., as {EXAMPLE}')
  return nfc(names)


def check_extent(
  path: pathlib.Path, mesh: meshes.Mesh, advice: str = _ADVICE
) -> None:
  """Raises UserError where an object is too small or too large.

  Args:
    path: of the mesh.
    mesh: in metres.
    advice: what the user may do.
  """
  check_length(path, float(np.ptp(mesh.vertices, axis=0).max()), advice)


def check_length(
  place: str | pathlib.Path, metres: float, advice: str, most: float = LARGEST
) -> None:
  """Raises UserError where no object is as long; see `check_extent`."""
  if not SMALLEST <= metres <= most:
    raise UserError(
      f'{place}: is {metres:.4g} m long, expected {SMALLEST} to {most:.2g}; '
      f'{advice}'
    )


def _tell_others(folder):
  """Logs what lies in the folder, and belongs to no mesh by its name."""
  others = [
    path.name
    for path in sorted(folder.iterdir())
    if path.suffix.lower() not in (*meshes.SUFFIXES, '.mtl', '.bin', '.json')
    and not suffixes.is_image(path)
    and path.is_file()
    and not path.name.startswith('.')
  ]
  if others:
    logging.warning(
      '%s: %d files are left out, which are no meshes (%s), as %s',
      *(folder, len(others), ', '.join(meshes.SUFFIXES), others[0]),
    )


def _chosen(paths, names, folder):
  if names is None:
    return paths
  chosen = [path for path in paths if _key(path, names) is not None]
  present = {_key(path, names) for path in chosen}
  for key in names:
    if key not in present:
      raise UserError(f'--names: {folder} has no mesh {key!r}')
  return chosen


def _key(path, names):
  """Returns which key of `names` means a file, or None."""
  number = re.search(r'\d+$', path.stem)
  candidates = [nfc(path.stem), number and str(int(number.group()))]
  return next((key for key in candidates if key in names), None)
