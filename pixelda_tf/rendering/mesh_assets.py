"""Materials and textures that a mesh names, in files beside it.

trimesh passes over those that it does not find, and the mesh is grey.
"""

import io
import pathlib
import re

from PIL import Image
from trimesh import resolvers

_MATERIAL = re.compile(r'^\s*newmtl\s+(.*?)\s*$', re.MULTILINE)
_USED = re.compile(r'^\s*usemtl\s+(.*?)\s*$', re.MULTILINE)


class Assets(resolvers.FilePathResolver):
  """Reads the files that a mesh names; others than beside it are not read.

  Attributes:
    faults: what is wrong with them, texts.
    materials: names of those that were found; None where no file of materials
      was.
  """

  def __init__(self, path: str):
    """Has read nothing yet.

    Args:
      path: of the mesh.
    """
    super().__init__(path)
    self.faults: list[str] = []
    self.materials: set[str] | None = None

  def get(self, name: str) -> bytes:
    """Returns a file's content.

    Raises:
      OSError: it cannot be read.
      ValueError: it is not in the mesh's folder, as links may say, too.
    """
    try:
      folder = pathlib.Path(self.parent).resolve()
      if not (folder / name.strip()).resolve().is_relative_to(folder):
        raise ValueError(f'{name} is not in {folder}')
      data = super().get(name)
    except (OSError, ValueError):
      self.faults.append(
        f'names {name}, which is not in its folder: put it there'
      )
      raise
    if b'newmtl' in data:
      found = _MATERIAL.findall(data.decode('utf-8', 'replace'))
      self.materials = (self.materials or set()) | {
        ' '.join(material.split()) for material in found
      }
    elif not name.lower().endswith(('.mtl', '.bin')):
      self._check_texture(name, data)
    return data

  def check_used(self, text: str) -> None:
    """Notes materials that an OBJ uses and no file has.

    Args:
      text: of the OBJ.
    """
    missing = set(_USED.findall(text)) - (self.materials or set())
    if missing:
      self.faults.append(
        f'uses the materials {", ".join(sorted(missing))}, which the first '
        'file that it names as mtllib has not: put them there, or remove the '
        'lines usemtl'
      )

  def _check_texture(self, name, data):
    try:
      with Image.open(io.BytesIO(data)) as image:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
      self.faults.append(f'names {name}, which is no readable image ({error})')
