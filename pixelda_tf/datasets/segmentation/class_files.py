"""Reads a user's file of classes: ids or colours, and names."""

import pathlib

from pixelda_tf.datasets.folders import csv_listing
from pixelda_tf.datasets.segmentation import coding, label_files
from pixelda_tf.errors import UserError

COLUMNS = ('name', 'id', 'r', 'g', 'b')


def read(path: pathlib.Path) -> tuple[bool, dict[int, str]]:
  """Reads the classes of label map files.

  Args:
    path: UTF-8 CSV with the columns name, and either id or r, g and b. A name
      may stand on several lines; a line without one is of what is ignored.
      Classes are in the order in which their names first stand there.

  Returns:
    whether these are colours, and a dict of code to name, '' for ignored.

  Raises:
    UserError: the file is something else, or names no class, or too many.
  """
  rows = csv_listing.read_rows(path, COLUMNS, ('name',))
  columns = rows[0][1].keys() - {'name'}
  if columns not in ({'id'}, {'r', 'g', 'b'}):
    raise UserError(
      f'{path}: the first line must name the columns name and id, or name, r, '
      'g and b'
    )
  in_colours = 'id' not in columns
  names: dict[int, str] = {}
  for line, row in rows:
    place = f'{path}: line {line}'
    code = _code(place, row, in_colours)
    if code in names:
      what = label_files.text(code, 'colours' if in_colours else 'ids')
      raise UserError(f'{place}: {what} is on an earlier line already')
    if not row['name'].isprintable():
      raise UserError(f'{place}: {row["name"]!r} is no printable name')
    names[code] = row['name']
  n_classes = len(coding.unique(names.values()))
  if not 0 < n_classes <= coding.MOST_CLASSES:
    raise UserError(
      f'{path}: names {n_classes} classes; 1 to {coding.MOST_CLASSES} are '
      'needed'
    )
  return in_colours, names


def _code(place, row, in_colours):
  columns, largest = (('r', 'g', 'b'), 255) if in_colours else (('id',), 65535)
  values = []
  for column in columns:
    text = row[column]
    if not (text.isascii() and text.isdigit() and int(text) <= largest):
      raise UserError(
        f'{place}: {column} is {text!r}, must be a number in 0..{largest}'
      )
    values.append(int(text))
  return label_files.code_of(*values) if in_colours else values[0]
