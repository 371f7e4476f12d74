"""What a run reached: the content of its file, and text of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pixelda_tf.data.pairs import OpenPair
from pixelda_tf.evaluation import columns


def content(
  pair: OpenPair,
  data: Mapping[str, Any],
  rows: Sequence[Mapping[str, Any]],
  *,
  seed: int,
  precision: str,
) -> dict[str, Any]:
  """Returns what `result.json` holds.

  Args:
    pair: of the run.
    data: its `known_data.Data`.
    rows: results of those that are finished.
    seed: of the run.
    precision: its policy.
  """
  source, target = pair.source, pair.target
  counts = {
    'source_count': source.count(source.train),
    'target_count': target.count(target.train),
  }
  if source.validation is not None:
    counts['source_validation_count'] = source.count(source.validation)
  return {
    'source': source.name,
    'target': target.name,
    **counts,
    'source_description': data['source']['description'],
    'target_description': data['target']['description'],
    'image_shape': list(pair.image_shape),
    'class_names': list(pair.class_names),
    'problem': columns.describe(pair.problem),
    'seed': seed,
    'precision': precision,
    'rows': list(rows),
  }


def table(result: Mapping[str, Any]) -> str:
  """Returns a run's rows as lines of text to print."""
  cells = [_cells(result, row) for row in result['rows']]
  titles = columns.titles([result])
  shown = titles[:1] + [
    title for title in titles[1:] if any(row.get(title) for row in cells)
  ]
  shown = ['method', *shown, 'steps', 'minutes']
  rows = [shown, *([row.get(title, '') for title in shown] for row in cells)]
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


def _cells(result, row):
  return {
    'method': row['method'],
    'steps': f'{row["steps"]:,}',
    'minutes': f'{row["wall_seconds"] / 60:.1f}',
  } | columns.cells(result, row)
