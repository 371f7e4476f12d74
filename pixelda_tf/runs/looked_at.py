"""What validators look at in a run: images of splits that are not for tests."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from pixelda_tf import fields, validators
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import Predict, score
from pixelda_tf.fields.images import at_once
from pixelda_tf.methods.base import Method
from pixelda_tf.runs.row_settings import Row

# Images of each split: as many as there are, but for maps of pixels, of which
# each has many.
IMAGES, IMAGES_WITH_MAPS = 4000, 400


class LookedAt:
  """Images of a pair, the same whenever a method is looked at.

  Those of the target and of the source are of the training splits; with labels
  are those of the source's validation split, where it has one.
  """

  def __init__(self, pair: OpenPair):
    """Reads the images.

    Args:
      pair: that the method learns from.
    """
    self._pair = pair
    limit = IMAGES_WITH_MAPS if pair.problem.maps else IMAGES
    self._target = drawn(pair, pair.target, limit)
    self._source, self._kept = None, []
    if pair.source.validation is None:
      return
    self._source, count = drawn(pair, pair.source, limit), 0
    batches = pair.test_batches('source', pair.source.validation)
    assert batches is not None  # A source has labels.
    for batch in batches:
      self._kept.append(
        {name: values.numpy() for name, values in batch.items()}
      )
      count += len(batch['image'])
      if count >= limit:
        break

  def scores(
    self,
    names: Sequence[str],
    answer: Callable[[tf.Tensor], Any],
    predict: Predict,
  ) -> dict[str, float]:
    """Returns a method's scores by validators that look at one method.

    Args:
      names: of the validators.
      answer: see `evidence`.
      predict: see `evidence`.

    Raises:
      UserError: a validator needs what there is not.
    """
    return validators.score_one(self.evidence(answer, predict), names)

  def evidence(
    self, answer: Callable[[tf.Tensor], Any], predict: Predict
  ) -> validators.Evidence:
    """Returns what a method answers to them.

    Args:
      answer: of the method, see `validators.compiled_answers`.
      predict: of the method, see `evaluate.compiled_predictions`.
    """
    of_target = validators.collect(answer, self._target)
    if self._source is None:
      return validators.Evidence(of_target)
    pair = self._pair
    label = pair.problem.targets[0]
    parts = [
      validators.collect(answer, batch['image'], batch[label])
      for batch in self._kept
    ]
    features = [part.features for part in parts]
    validation = validators.Answers(
      np.concatenate([part.probabilities for part in parts]),
      None if features[0] is None else np.concatenate(features),
      np.concatenate([part.labels for part in parts]),
    )
    metric = pair.problem.metrics[0]
    batches = pair.test_batches('source', pair.source.validation)
    found = first_metric(pair, predict, batches)
    return validators.Evidence(
      of_target,
      validators.collect(answer, self._source),
      validation,
      found if metric.higher_is_better else -found,
    )


def prepare(pair: OpenPair, rows: Iterable[Row], names: Sequence[str]) -> None:
  """Sees to it that a pair has what validators look at.

  Where one needs images of the source that are kept from training, and there is
  no such split, a tenth of the training split is held back, from all rows.

  Args:
    pair: whose source is changed so.
    rows: that may be chosen by a validator.
    names: of validators that score rows as they train.

  Raises:
    UserError: one of these compares models that are trained already, or is
      none; or there are too few images to hold some back.
  """
  if isinstance(names, str):
    raise UserError(
      f"Experiment.validators is {names!r}: a list is needed, as ['{names}']"
    )
  for name in names:
    validators.check_scores_alone(name, 'Experiment.validators')
  needing = [
    f'Experiment.validators ({n})' for n in names if validators.needs_source(n)
  ]
  needing += [
    f"Row.chosen_by of '{row.name}' ({row.chosen_by})"
    for row in rows
    if row.chosen_by and validators.needs_source(row.chosen_by)
  ]
  source = pair.source
  if not needing or source.validation is not None:
    return
  n_train, n_validation = source.hold_back()
  logging.info(
    'source/Domain.validation is not set, and %s needs it: %s of the %s '
    'training images of %s are held back, from all rows',
    needing[0],
    f'{n_validation:,}',
    f'{n_train + n_validation:,}',
    source.name,
  )


def check(method: Method, row: Row, names: Sequence[str]) -> None:
  """Checks before a row trains that its method tells what validators need.

  Args:
    method: of the row.
    row: which may be chosen by one.
    names: of validators that score rows as they train.

  Raises:
    UserError: one needs features, of which the task network tells none.
  """
  asked = {f'Experiment.validators, row {row.name!r}: {n}': n for n in names}
  if row.chosen_by:
    asked[f'Row.chosen_by of {row.name!r}: {row.chosen_by}'] = row.chosen_by
  needing = [w for w, name in asked.items() if validators.needs_features(name)]
  if not (needing and method.predicts):
    return
  answer: Any = validators.compiled_answers(method)
  _, features = answer.get_concrete_function().structured_outputs
  if features is None:
    raise UserError(f'{needing[0]}: {validators.without_features()}')


def first_metric(pair: OpenPair, predict: Predict, batches: Any) -> float:
  """Returns the problem's first metric of predictions.

  Args:
    pair: whose images they are.
    predict: see `LookedAt.evidence`.
    batches: of `OpenPair.test_batches`.
  """
  scorer = pair.problem.scorer(pair.class_names)
  return score(predict, batches, scorer).result()[pair.problem.metrics[0].key]


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
