"""The weights that a row ends with, chosen among its checkpoints.

A validator chooses, without a label of the target. With 'source_score' that is
how LSD-seg chooses (Sect. 4.1 and 4.2: 100 images of SYNTHIA and 1,000 of GTA5
are kept "for validation"); what fits the source best need not fit the target
best.
"""

from typing import Any

import numpy as np
from absl import logging

from pixelda_tf import fields, validators
from pixelda_tf.data.domains import OpenDomain
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import Predict, score
from pixelda_tf.fields.images import at_once
from pixelda_tf.runs import checkpoints

# Images that validators look at, of each split: as many as there are, but for
# maps of pixels, of which each has many.
IMAGES, IMAGES_WITH_MAPS = 4000, 400


def check(pair: OpenPair, name: str, by: str) -> None:
  """Checks that there is what a validator needs.

  Args:
    pair: that the row learns from.
    name: of the row, for the message.
    by: the validator.

  Raises:
    UserError: it is none, or needs a validation split of the source, which has
      none.
  """
  parameter = f"Row.chosen_by of '{name}'"
  validators.check_name(by, parameter)
  if validators.needs_source(by) and pair.source.validation is None:
    raise UserError(
      f'{parameter} is {by}: source {pair.source.name} has no validation '
      'split: name one in source/Domain.validation, that is no part of '
      'source/Domain.train'
    )


def choose(
  state: checkpoints.RowState,
  directory: str,
  pair: OpenPair,
  predict: Predict,
  by: str,
) -> dict[str, Any]:
  """Gives a method the weights of the checkpoint that a validator prefers.

  Args:
    state: of the method, at its last step.
    directory: of the row's checkpoints, all of which were kept.
    pair: that it was trained on.
    predict: of the method, see `evaluate.compiled_predictions`.
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
  answer, looked_at = validators.compiled_answers(method), _looked_at(pair)
  candidates, tests = {}, {}
  for step in checkpoints.steps(directory):
    _restore(state, directory, step)
    evidence = _evidence(answer, pair, predict, looked_at)
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
      tests[str(step)] = _first_metric(pair, predict, batches)
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


def drawn(pair: OpenPair, domain: OpenDomain, limit: int) -> np.ndarray:
  """Returns so many images of a domain's training split, always the same.

  The first that are stored may be of one class.

  Args:
    pair: whose domain it is.
    domain: source or target.
    limit: how many; all where there are fewer.

  Returns:
    float32 `[n, *image_shape]` in [-1, 1].
  """
  count = min(limit, domain.count(domain.train))
  examples = domain.stored(domain.train, seed=0).take(count)
  batches = examples.batch(at_once(pair.image_shape))
  prepared = [
    fields.prepare({'image': batch['image']}, pair.image_shape)['image']
    for batch in batches
  ]
  return np.concatenate([images.numpy() for images in prepared])


def _restore(state, directory, step):
  checkpoints.restore(directory, state, step)
  state.method.finalize()


def _first_metric(pair, predict, batches):
  scorer = pair.problem.scorer(pair.class_names)
  return score(predict, batches, scorer).result()[pair.problem.metrics[0].key]


def _looked_at(pair):
  """Returns the images that are looked at, the same of all checkpoints.

  Images of the target, of the source, and of the source's validation split with
  labels; both of the source are None where it has no such split.
  """
  limit = IMAGES_WITH_MAPS if pair.problem.maps else IMAGES
  target = drawn(pair, pair.target, limit)
  if pair.source.validation is None:
    return target, None, None
  kept, count = [], 0
  for batch in pair.test_batches('source', pair.source.validation):
    kept.append({name: values.numpy() for name, values in batch.items()})
    count += len(batch['image'])
    if count >= limit:
      break
  return target, drawn(pair, pair.source, limit), kept


def _evidence(answer, pair, predict, looked_at):
  target, source, kept = looked_at
  of_target = validators.collect(answer, target)
  if source is None:
    return validators.Evidence(of_target)
  label = pair.problem.targets[0]
  parts = [
    validators.collect(answer, batch['image'], batch[label]) for batch in kept
  ]
  features = [part.features for part in parts]
  validation = validators.Answers(
    np.concatenate([part.probabilities for part in parts]),
    None if features[0] is None else np.concatenate(features),
    np.concatenate([part.labels for part in parts]),
  )
  metric = pair.problem.metrics[0]
  batches = pair.test_batches('source', pair.source.validation)
  found = _first_metric(pair, predict, batches)
  return validators.Evidence(
    of_target,
    validators.collect(answer, source),
    validation,
    found if metric.higher_is_better else -found,
  )
