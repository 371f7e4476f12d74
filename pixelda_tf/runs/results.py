"""The files that tell what a run reached."""

import json
import os

from pixelda_tf.errors import UserError


def read(path):
  """Returns the content of a JSON file, or None where there is none.

  Raises:
    UserError: it is not JSON.
  """
  if not os.path.exists(path):
    return None
  try:
    with open(path) as file:
      return json.load(file)
  except ValueError as error:
    raise UserError(
      f'{path}: damaged ({error}): delete it and train its row again, which '
      'goes on from its checkpoint'
    ) from error


def table(result):
  """Returns a run's rows as lines of text to print."""
  cells = [_cells(row) for row in result['rows']]
  columns = ['method', 'target test', 'right / count', 'steps', 'minutes']
  if any('mean angle' in row for row in cells):
    columns.insert(2, 'mean angle')
  rows = [columns, *([row.get(name, '') for name in columns] for row in cells)]
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  lines = [
    f'{result["source"]} -> {result["target"]}, seed {result["seed"]}, '
    f'{result["precision"]}'
  ]
  for row in rows:
    padded = [row[0].ljust(widths[0])]
    padded += [
      cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
    ]
    lines.append('   '.join(padded))
  lines += [
    f'{row["method"]}: {row[key]}'
    for row in result['rows']
    for key in ('stopped', 'note')
    if row.get(key)
  ]
  return '\n'.join(lines)


def _cells(row):
  """Returns a row's cells by column; without labels there are no results."""
  cells = {
    'method': row['method'],
    'target test': 'no labels'
    if row.get('answers', True)
    else 'translates only',
    'steps': f'{row["steps"]:,}',
    'minutes': f'{row["wall_seconds"] / 60:.1f}',
  }
  test = row['target_test']
  if test:
    cells['target test'] = f'{test["accuracy"]:.2%}'
    cells['right / count'] = f'{test["correct"]:,} / {test["count"]:,}'
    if 'mean_angle_error' in test:
      cells['mean angle'] = f'{test["mean_angle_error"]:.2f} deg'
  return cells
