"""Reads a CSV that lists a user's images."""

import csv
import pathlib
import unicodedata
from collections.abc import Sequence

from pixelda_tf.datasets import base, names
from pixelda_tf.datasets.folders import entries
from pixelda_tf.errors import UserError

COLUMNS = ('path', 'label', 'split', 'mask')
_FILES = ('path', 'mask', 'label_map')
# May be empty.
_OPTIONAL = ('label_map',)


def list_csv(
  csv_file: pathlib.Path,
  folder: pathlib.Path | None = None,
  columns: Sequence[str] = COLUMNS,
) -> list[entries.Entry]:
  """Lists a CSV whose first line names columns.

  Args:
    csv_file: UTF-8 file with a column `path`, and where they apply `label`
      (name of the class), `split` (one of `base.SPLITS`), `mask` (path) and
      `label_map` (path, or nothing).
    folder: what paths are relative to; None for the CSV's own folder.
    columns: those that it may have.
  """
  folder = folder or csv_file.parent
  listed: list[entries.Entry] = []
  lines: dict[pathlib.Path, int] = {}
  for line, row in read_rows(csv_file, columns, ('path',)):
    entry = _entry_of_row(f'{csv_file}: line {line}', row, folder)
    first = lines.setdefault(entry.path.resolve(), line)
    if first != line:
      raise UserError(
        f'{csv_file}: line {line}: {entry.key} is on line {first} already'
      )
    listed.append(entry)
  return listed


def read_rows(
  csv_file: pathlib.Path, columns: Sequence[str], needed: Sequence[str]
) -> list[tuple[int, dict[str, str]]]:
  """Returns (number of the line, value by column) of a CSV's lines.

  Values are in NFC; those that are missing, see `names.is_missing`, are ''.

  Args:
    csv_file: UTF-8 file whose first line names its columns.
    columns: those that it may have.
    needed: those that it has to have.

  Raises:
    UserError: the file is something else, or empty.
  """
  try:
    with csv_file.open(encoding='utf-8-sig', newline='') as file:
      reader = csv.DictReader(file, strict=True)
      _check_columns(csv_file, reader.fieldnames, columns, needed)
      rows = [(reader.line_num, row) for row in reader]
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise UserError(f'{csv_file}: not a readable UTF-8 CSV: {error}') from error
  if not rows:
    raise UserError(f'{csv_file}: has no line after the names of its columns')
  for line, row in rows:
    if None in row or None in row.values():
      raise UserError(
        f'{csv_file}: line {line}: has more or fewer values than columns'
      )
  return [
    (line, {column: _value(text) for column, text in row.items()})
    for line, row in rows
  ]


def _value(text):
  return '' if names.is_missing(text) else names.nfc(text.strip())


def _check_columns(csv_file, header, columns, needed):
  header = header or []
  wrong = [repr(name) for name in header if name not in columns]
  if wrong or set(needed) - set(header) or len(set(header)) != len(header):
    problem = f'unknown {", ".join(wrong)}' if wrong else f'not {header}'
    *others, last = [name for name in columns if name not in needed]
    raise UserError(
      f'{csv_file}: the first line must name the columns '
      f'{" and ".join(needed)} and, where they apply, {", ".join(others)} and '
      f'{last}: {problem}'
    )


def _entry_of_row(place, row, folder):
  for column, value in row.items():
    if not value and column != 'split' and column not in _OPTIONAL:
      raise UserError(f'{place}: {column} is empty, or nan')
  split = row.get('split', 'train')
  if split not in base.SPLITS:
    raise UserError(
      f'{place}: split is {split!r}, must be one of {", ".join(base.SPLITS)}'
    )
  files = {name: _find(folder, row[name]) for name in _FILES if row.get(name)}
  for path in files.values():
    if not path.is_file():
      raise UserError(f'{place}: {path}: no such file')
  return entries.Entry(
    key=row['path'],
    path=files['path'],
    label=row.get('label'),
    split=split,
    mask=files.get('mask'),
    label_map=files.get('label_map'),
  )


def _find(folder, name):
  """Returns a file's path, in the form of Unicode that its folder has."""
  decomposed = folder / unicodedata.normalize('NFD', name)
  return decomposed if decomposed.is_file() else folder / name
