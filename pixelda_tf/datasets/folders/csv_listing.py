"""Reads a CSV that lists a user's images."""

import csv
import pathlib

from pixelda_tf.datasets import base
from pixelda_tf.datasets.folders import entries
from pixelda_tf.errors import UserError

COLUMNS = ('path', 'label', 'split', 'mask')


def list_csv(
  csv_file: pathlib.Path, folder: pathlib.Path | None = None
) -> list[entries.Entry]:
  """Lists a CSV whose first line names columns of `COLUMNS`.

  Args:
    csv_file: UTF-8 file with a column `path`, and where they apply `label`
      (name of the class), `split` (one of `base.SPLITS`) and `mask` (path).
    folder: what paths are relative to; None for the CSV's own folder.
  """
  folder = folder or csv_file.parent
  try:
    with csv_file.open(encoding='utf-8-sig', newline='') as file:
      reader = csv.DictReader(file, strict=True)
      _check_columns(csv_file, reader.fieldnames)
      rows = [(reader.line_num, row) for row in reader]
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise UserError(f'{csv_file}: not a readable UTF-8 CSV: {error}') from error
  if not rows:
    raise UserError(f'{csv_file}: has no line after the names of its columns')
  listed: list[entries.Entry] = []
  lines: dict[str, int] = {}
  for line, row in rows:
    entry = _entry_of_row(f'{csv_file}: line {line}', row, folder)
    if entry.key in lines:
      raise UserError(
        f'{csv_file}: line {line}: {entry.key} is on line {lines[entry.key]} '
        'already'
      )
    lines[entry.key] = line
    listed.append(entry)
  return listed


def _check_columns(csv_file, columns):
  columns = columns or []
  wrong = [repr(name) for name in columns if name not in COLUMNS]
  if wrong or 'path' not in columns or len(set(columns)) != len(columns):
    problem = f'unknown {", ".join(wrong)}' if wrong else f'not {columns}'
    raise UserError(
      f'{csv_file}: the first line must name the columns path and, where they '
      f'apply, label, split and mask: {problem}'
    )


def _entry_of_row(place, row, folder):
  if None in row or None in row.values():
    raise UserError(f'{place}: has more or fewer values than columns')
  for column in ('path', 'label', 'mask'):
    if column in row and not row[column].strip():
      raise UserError(f'{place}: {column} is empty')
  row = {column: value.strip() for column, value in row.items()}
  split = row.get('split', 'train')
  if split not in base.SPLITS:
    raise UserError(
      f'{place}: split is {split!r}, must be one of {", ".join(base.SPLITS)}'
    )
  for column in ('path', 'mask'):
    if column in row and not (folder / row[column]).is_file():
      raise UserError(f'{place}: {folder / row[column]}: no such file')
  return entries.Entry(
    key=row['path'],
    path=folder / row['path'],
    label=row.get('label'),
    split=split,
    mask=folder / row['mask'] if 'mask' in row else None,
  )
