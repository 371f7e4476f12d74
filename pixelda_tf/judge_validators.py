"""Tells how well validators chose checkpoints, by labels of the target.

python -m pixelda_tf.judge_validators runs/*/result.json

Of each row that was trained with Row.chosen_by and whose target has a labelled
test split: the rank correlation of a validator's scores with the test metric,
and its regret, the best checkpoint's metric less the chosen one's, in points.
Last come the means over all rows. It looks at target labels: what it tells is
about validators, and chooses no model.
"""

import json
import pathlib
import sys
from typing import Any

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

_TESTS = 'target_test_by_step_uses_labels'


def judged(row: dict[str, Any]) -> dict[str, Any]:
  """Returns a `validators.judging.Judged` for each validator of a row.

  Args:
    row: its result, with the scores of validators and the metrics of tests by
      step; of the metrics that come first, accuracy and mIoU, more is better.
  """
  from pixelda_tf.validators import judging

  steps = sorted(row[_TESTS], key=int)
  metrics = [100.0 * row[_TESTS][step] for step in steps]
  return {
    name: judging.judge([scores[step] for step in steps], metrics)
    for name, scores in row['validators'].items()
  }


def rows(path: str) -> dict[str, dict[str, Any]]:
  """Returns the rows of a result.json that can be judged, by a title.

  Raises:
    UserError: it is none.
  """
  try:
    result = json.loads(pathlib.Path(path).read_text())
    name = f'{result["source"]} to {result["target"]}, seed {result["seed"]}'
    return {
      f'{name}, {row["method"]} ({path})': row
      for row in result['rows']
      if 'validators' in row and _TESTS in row
    }
  except (ValueError, TypeError, KeyError) as error:
    raise UserError(f"{path}: not a run's result.json") from error


def table(title: str, by_validator: dict[str, Any]) -> str:
  """Returns a title, and a line for each validator."""
  width = max(map(len, by_validator))
  lines = [
    f'  {name:{width}}  {found.rank_correlation:6.2f}  {found.regret:6.2f}'
    for name, found in by_validator.items()
  ]
  return '\n'.join([f'{title}: rank correlation, regret', *lines])


def main(*paths: str) -> None:
  """Prints a table for each row, and that of their means."""
  from pixelda_tf.validators import judging

  if not paths:
    raise UserError('which results? give their files, as runs/*/result.json')
  cases = {
    title: judged(row) for path in paths for title, row in rows(path).items()
  }
  if not cases:
    raise UserError(
      f'{", ".join(paths)}: no row that was trained with Row.chosen_by and '
      'whose target has a labelled test split'
    )
  for title, found in cases.items():
    print(table(title, found))
  if len(cases) > 1:
    found = judging.means(list(cases.values()))
    print(table(f'mean of {len(cases)} rows', found))


if __name__ == '__main__':
  command_line.run(main, n_arguments=sys.maxsize)
