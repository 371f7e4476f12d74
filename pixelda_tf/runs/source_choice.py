"""The weights that a row ends with, chosen by labels of the source alone.

That is how LSD-seg chooses (Sect. 4.1 and 4.2: 100 images of SYNTHIA and 1,000
of GTA5 are kept "for validation"). No image of the target has a say: what fits
the source best need not fit the target best.
"""

from typing import Any

from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import Predict, score
from pixelda_tf.runs import checkpoints


def check(pair: OpenPair, name: str) -> None:
  """Checks that a pair's source has what to choose by.

  Args:
    pair: that the row learns from.
    name: of the row, for the message.

  Raises:
    UserError: it has no validation split.
  """
  if pair.source.validation is None:
    raise UserError(
      f"Row.chosen_by_source of '{name}': source {pair.source.name} has no "
      'validation split: name one in source/Domain.validation, that is no part '
      'of source/Domain.train'
    )


def choose(
  state: checkpoints.RowState, directory: str, pair: OpenPair, predict: Predict
) -> dict[str, Any]:
  """Gives a method the weights of the checkpoint that is best on the source.

  Args:
    state: of the method, at its last step.
    directory: of the row's checkpoints, all of which were kept.
    pair: whose source has a validation split.
    predict: of the method, see `evaluate.compiled_predictions`.

  Returns:
    {'chosen_step', 'source_validation': the first of the problem's metrics by
    step}; of equal ones the first step is chosen.
  """
  method, metric = state.method, pair.problem.metrics[0]
  last, seconds = int(method.step.numpy()), float(state.wall_seconds)
  sign = 1 if metric.higher_is_better else -1

  def restore(step):
    checkpoints.restore(directory, state, step)
    method.finalize()

  scores = {}
  for step in checkpoints.steps(directory):
    restore(step)
    batches = pair.test_batches('source', pair.source.validation)
    scorer = pair.problem.scorer(pair.class_names)
    scores[step] = score(predict, batches, scorer).result()[metric.key]
  chosen = max(scores, key=lambda step: sign * scores[step])
  restore(chosen)
  method.step.assign(last)  # It is finished, whatever it ends with.
  state.wall_seconds.assign(seconds)
  return {
    'chosen_step': chosen,
    'source_validation': {str(step): value for step, value in scores.items()},
  }
