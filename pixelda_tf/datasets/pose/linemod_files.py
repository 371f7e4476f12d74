"""Reads the text files of cropped LineMod: poses, and the training images."""

import math
import pathlib
import re

import numpy as np

from pixelda_tf.datasets.names import nfc
from pixelda_tf.errors import UserError

POSES = 'poses.txt'


def read_poses(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads quaternions by image name.

  Args:
    path: text file: for each image a line `# name.png` and a line of four
      numbers, the quaternion (w, x, y, z) with either sign.

  Returns:
    dict of name to float32 `[4]`, unit, w >= 0.

  Raises:
    UserError: a line is something else, or no unit quaternion.
  """
  poses, name = {}, None
  text = path.read_bytes().decode('utf-8', 'replace')
  for number, line in enumerate(text.splitlines(), 1):
    where = f'{path}, line {number}'
    if not line.strip():
      continue
    if line.startswith('#'):
      if name is not None:
        raise UserError(f'{where}: {name} before it has no pose')
      name = nfc(line[1:].strip())
      if name in poses:
        raise UserError(f'{where}: a second pose of {name}')
    elif name is None:
      raise UserError(f"{where}: a pose needs a line '# name.png' before it")
    else:
      poses[name] = parse_quaternion(line, where)
      name = None
  if name is not None:
    raise UserError(f'{path}: {name} at its end has no pose')
  return poses


def parse_quaternion(line: str, where: str) -> np.ndarray:
  """Returns float32 `[4]`, unit, w >= 0, of four numbers in a line of text.

  Raises:
    UserError: these are not four numbers, or their norm is not 1 (1 % off is
      taken for rounding).
  """
  try:
    values = [float(word) for word in line.split()]
  except ValueError:
    values = []
  norm = math.hypot(*values)
  if len(values) != 4 or not abs(norm - 1) < 0.01:
    raise UserError(
      f'{where}: {line.strip()[:80]!r} is no unit quaternion; expected four '
      'numbers w x y z of norm 1'
    )
  return np.array(values, np.float32) / norm * (-1 if values[0] < 0 else 1)


def read_training_split(path: pathlib.Path) -> set[int]:
  """Returns the set of numbers in a file, separated by commas or spaces.

  Raises:
    UserError: the file is missing or holds something else.
  """
  if not path.is_file():
    raise UserError(
      f'{path}: no such file; it has to list the numbers of the training '
      'images, separated by commas: all others are test images'
    )
  text = path.read_bytes().decode('utf-8', 'replace')
  words = text.replace(',', ' ').split()
  wrong = [word for word in words if not re.fullmatch(r'[0-9]{1,9}', word)]
  if wrong or not words:
    raise UserError(
      f'{path}: {wrong[0][:40]!r} is no number' if wrong else f'{path}: empty'
    )
  return {int(word) for word in words}
