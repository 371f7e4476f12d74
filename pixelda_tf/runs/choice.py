"""The weights that a row ends with, chosen among its checkpoints.

A validator chooses, without a label of the target. With 'source_score' that is
how LSD-seg chooses (Sect. 4.1 and 4.2: 100 images of SYNTHIA and 1,000 of GTA5
are kept "for validation"); what fits the source best need not fit the target
best.
"""

from typing import Any

import numpy as np
from absl import logging

from pixelda_tf import validators
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints
from pixelda_tf.runs.looked_at import first_metric
from pixelda_tf.runs.own_method import OwnMethod


def choose(
  own: OwnMethod,
  state: checkpoints.RowState,
  directory: str,
  pair: OpenPair,
  by: str,
) -> dict[str, Any]:
  """Gives a method the weights of the checkpoint that a validator prefers.

  Args:
    own: the method.
    state: of it, at its last step.
    directory: of the row's checkpoints, all of which were kept.
    pair: that it was trained on.
    by: name of the validator.

  Returns:
    {'chosen_step', 'chosen_by', 'validators': each one's score by step}; of
    equal ones the first step is chosen. Where the target's test split has
    labels also 'target_test_by_step_uses_labels', the first of the problem's
    metrics: it tells what was lost, and chooses nothing.

  Raises:
    UserError: the validator needs what there is not.
  """
  method = state.method
  last, seconds = int(method.step.numpy()), float(state.wall_seconds)
  answer, predict = validators.compiled_answers(method), own.predictions()
  assert predict is not None and method is own.method()
  candidates, tests = {}, {}
  for step in checkpoints.steps(directory):
    _restore(state, directory, step)
    evidence = own.looked_at().evidence(answer, predict)
    if not evidence.target.are_finite:
      logging.warning(
        '%s: step %s answers what is not finite: it is not chosen',
        directory,
        f'{step:,}',
      )
      continue
    candidates[step] = evidence
    batches = pair.test_batches()
    if batches is not None:
      tests[str(step)] = first_metric(pair, predict, batches)
  if not candidates:
    raise UserError(f'{directory}: no checkpoint has finite answers')
  steps = list(candidates)
  found = validators.score_all(list(candidates.values()), by)
  chosen = steps[int(np.argmax(found[by]))]
  _restore(state, directory, chosen)
  method.step.assign(last)  # It is finished, whatever it ends with.
  state.wall_seconds.assign(seconds)
  result: dict[str, Any] = {
    'chosen_step': chosen,
    'chosen_by': by,
    'validators': {
      name: dict(zip(map(str, steps), of_steps, strict=True))
      for name, of_steps in found.items()
    },
  }
  if tests:
    result['target_test_by_step_uses_labels'] = tests
  return result


def _restore(state, directory, step):
  checkpoints.restore(directory, state, step)
  state.method.finalize()
