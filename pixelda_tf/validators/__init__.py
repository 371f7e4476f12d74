"""Which of several models is best on a target without labels of it."""

from pixelda_tf.validators import scores
from pixelda_tf.validators.callback import LogValidators
from pixelda_tf.validators.evidence import (
  Answers,
  Evidence,
  collect,
  compiled_answers,
)
from pixelda_tf.validators.named import (
  COMBINED,
  NAMES,
  VALIDATORS,
  Validator,
  check_name,
  check_scores_alone,
  needs_features,
  needs_source,
  score_all,
  score_one,
  scores_alone,
  without_features,
)

__all__ = [
  'Answers',
  'COMBINED',
  'Evidence',
  'LogValidators',
  'NAMES',
  'VALIDATORS',
  'Validator',
  'check_name',
  'check_scores_alone',
  'collect',
  'compiled_answers',
  'needs_features',
  'needs_source',
  'score_all',
  'score_one',
  'scores',
  'scores_alone',
  'without_features',
]
