"""A search among settings, or seeds, ranked without labels of the target."""

from collections.abc import Sequence
from typing import Any

from pixelda_tf import validators
from pixelda_tf.errors import UserError
from pixelda_tf.runs import choosing
from pixelda_tf.studies.training import Runs, metrics_by_row


def search(
  runs: Runs,
  settings: Sequence[str],
  *,
  seeds: int,
  validator: str,
  row: str | None,
) -> dict[str, Any]:
  """Trains a run for each setting, and ranks what they end with.

  Args:
    runs: of the study.
    settings: of each, bindings with ';' between them; none for the config as it
      is, with one seed after another.
    seeds: how many seeds, where there are no settings.
    validator: that ranks, see `validators.NAMES`.
    row: that is ranked; None for a run's adapted one.

  Returns:
    By run, the best one first: its 'setting'; 'score', the validator's;
    'scores' of the others; and, where the target's test split has labels,
    'target_test_uses_labels', which ranked nothing.

  Raises:
    UserError: there is nothing to compare, the validator is none, or it needs
      what there is not.
  """
  validators.check_name(validator, '--validator')
  tried = list(settings) or [f'Experiment.seed = {n}' for n in range(seeds)]
  if len(tried) < 2:
    raise UserError(
      f'--setting={tried[0]}: there is nothing to compare it with: give '
      'another --setting'
    )
  alone = validators.scores_alone(validator)
  candidates, tests = [], []
  for number, setting in enumerate(tried):
    name = f'setting_{number}'
    params = [part.strip() for part in setting.split(';') if part.strip()]
    # So that images are held back, where it needs some.
    params.append(f'Experiment.validators = {list(alone)}')
    result = runs.train(name, [], params)
    opened = choosing.predicting(runs.reopen(name).rows, row)
    candidates.append(opened.evidence())
    labelled = any(each['target_test'] for each in result['rows'])
    tests.append(metrics_by_row(result)[opened.name] if labelled else None)
  scores = validators.score_all(candidates, validator)
  table = {}
  ranked = sorted(range(len(tried)), key=lambda n: -scores[validator][n])
  for number in ranked:
    entry: dict[str, Any] = {
      'setting': tried[number],
      'score': scores[validator][number],
      'scores': {
        name: values[number]
        for name, values in scores.items()
        if name != validator
      },
    }
    if tests[number]:
      entry['target_test_uses_labels'] = tests[number]
    table[f'setting_{number}'] = entry
  return table
