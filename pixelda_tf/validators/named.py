"""Validators by name: what each needs, and how it comes to its score."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pixelda_tf.errors import UserError
from pixelda_tf.validators import scores
from pixelda_tf.validators.evidence import Evidence

# That of several others, see `scores.combined`: one of what was learnt of the
# source, one of the target's answers, one of its features.
COMBINED = 'combined'
OF_COMBINED = ('source_score', 'information_maximization', 'class_ami')
_ENSEMBLE = 'ensemble_agreement'
# Of images whose likeness is compared pair by pair.
_PAIRED = 2000
# Fewer examples than this, or than classes, are refused.
_LEAST = 3


@dataclasses.dataclass(frozen=True)
class Validator:
  """A score of one model; higher is better.

  Attributes:
    score: function of `Evidence`.
    needs_source: whether it needs labelled source images that are kept from
      training.
    needs_features: whether it needs features.
  """

  score: Callable[[Evidence], float]
  needs_source: bool = False
  needs_features: bool = False


def _deep_embedded_validation(evidence: Evidence) -> float:
  validation = evidence.source_validation
  wrong = np.argmax(validation.probabilities, axis=1) != validation.labels
  return scores.deep_embedded_validation(
    evidence.source_train.features,
    validation.features,
    evidence.target.features,
    wrong.astype(np.float64),
  )


def _reverse_validation(evidence: Evidence) -> float:
  target, validation = evidence.target, evidence.source_validation
  return scores.reverse_validation(
    target.features,
    target.probabilities,
    validation.features,
    validation.labels,
  )


VALIDATORS: Mapping[str, Validator] = {
  'source_score': Validator(
    lambda evidence: evidence.source_score, needs_source=True
  ),
  'entropy': Validator(lambda e: scores.entropy(e.target.probabilities)),
  'information_maximization': Validator(
    lambda e: scores.information_maximization(e.target.probabilities)
  ),
  'batch_nuclear_norm': Validator(
    lambda e: scores.batch_nuclear_norm(e.target.probabilities)
  ),
  'soft_neighborhood_density': Validator(
    lambda e: scores.soft_neighborhood_density(e.target.probabilities[:_PAIRED])
  ),
  'class_ami': Validator(
    lambda e: scores.class_ami(e.target.features, e.target.probabilities),
    needs_features=True,
  ),
  'deep_embedded_validation': Validator(
    _deep_embedded_validation, needs_source=True, needs_features=True
  ),
  'reverse_validation': Validator(
    _reverse_validation, needs_source=True, needs_features=True
  ),
}
NAMES = (*VALIDATORS, _ENSEMBLE, COMBINED)


def check_name(name: str, what: str) -> None:
  """Raises a `UserError` where no validator has a name; `what` has it."""
  if name not in NAMES:
    raise UserError(
      f'{what} is {name!r}: name a validator, one of {", ".join(NAMES)}'
    )


def check_scores_alone(name: str, what: str) -> None:
  """Checks that a validator scores a model without others beside it.

  Args:
    name: of the validator.
    what: has it, for what is raised.

  Raises:
    UserError: it is none, or compares models.
  """
  check_name(name, what)
  if name not in VALIDATORS:
    raise UserError(
      f'{what} has {name!r}, which compares several checkpoints: name it in '
      f'Row.chosen_by; here one of {", ".join(VALIDATORS)}'
    )


def scores_alone(name: str) -> tuple[str, ...]:
  """Returns those that score one model of what a validator is made of."""
  parts = OF_COMBINED if name == COMBINED else (name,)
  return tuple(part for part in parts if part in VALIDATORS)


def needs_source(name: str) -> bool:
  """Returns whether a validator of `NAMES` needs labelled source images."""
  return any(VALIDATORS[part].needs_source for part in scores_alone(name))


def needs_features(name: str) -> bool:
  """Returns whether a validator of `NAMES` needs features."""
  return any(VALIDATORS[part].needs_features for part in scores_alone(name))


def without_features() -> str:
  """Returns what is told where there are no features and one needs them."""
  others = [n for n, v in VALIDATORS.items() if not v.needs_features]
  return (
    "it needs features, and the task network has no output 'features'; "
    f'choose by another: {", ".join(others)}'
  )


def score_one(evidence: Evidence, names: Sequence[str]) -> dict[str, float]:
  """Returns the scores of a model by validators of `VALIDATORS`.

  Args:
    evidence: of the model.
    names: of the validators.

  Raises:
    UserError: one needs what there is not.
  """
  for name in names:
    if reason := lack(evidence, name):
      raise UserError(f'{name}: {reason}')
  return {name: float(VALIDATORS[name].score(evidence)) for name in names}


def score_all(
  candidates: Sequence[Evidence], of: str
) -> dict[str, list[float]]:
  """Returns the scores of models, by each validator that has what it needs.

  Args:
    candidates: of each model, all of the same images.
    of: a validator that is wanted, for what is raised.

  Raises:
    UserError: that one needs what there is not.
  """
  first = candidates[0]
  if reason := lack(first, of):
    raise UserError(f'{of}: {reason}')
  found = {
    name: [float(validator.score(evidence)) for evidence in candidates]
    for name, validator in VALIDATORS.items()
    if not lack(first, name)
  }
  answers = [evidence.target.probabilities for evidence in candidates]
  found[_ENSEMBLE] = scores.ensemble_agreement(answers)
  if not lack(first, COMBINED):
    found[COMBINED] = scores.combined({n: found[n] for n in OF_COMBINED})
  return found


def lack(evidence: Evidence, name: str) -> str | None:
  """Returns in words what a validator needs that there is not, or None."""
  if evidence.source_score is None and needs_source(name):
    return (
      'it needs labelled source images that are kept from training: name a '
      'split in source/Domain.validation'
    )
  if evidence.target.features is None and needs_features(name):
    return without_features()
  n, n_classes = evidence.target.probabilities.shape
  least = max(n_classes, _LEAST)
  counts = {'of the target': n}
  if needs_source(name) and evidence.source_validation is not None:
    counts['for validation'] = len(evidence.source_validation.probabilities)
  for what, count in counts.items():
    if scores_alone(name) and count < least:
      return f'it needs {least} images {what}, there are {count}'
  return None
