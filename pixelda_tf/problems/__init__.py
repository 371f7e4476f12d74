"""What is learnt: one problem, one file."""

from collections.abc import Iterable

from pixelda_tf.errors import UserError
from pixelda_tf.problems.base import Case, Metric, Problem, Scorer
from pixelda_tf.problems.class_and_pose import ClassAndPose
from pixelda_tf.problems.classification import Classification
from pixelda_tf.problems.common_classes import (
  CommonClasses,
  CommonClassesScorer,
)
from pixelda_tf.problems.segmentation import Segmentation

__all__ = [
  'Case',
  'ClassAndPose',
  'Classification',
  'CommonClasses',
  'CommonClassesScorer',
  'Metric',
  'Problem',
  'Scorer',
  'Segmentation',
  'predicting',
]


def predicting(outputs: Iterable[str]) -> Problem:
  """Returns the problem whose models predict such outputs, as an export does.

  Args:
    outputs: names, as those of the signature `predict`.

  Raises:
    UserError: there is none.
  """
  names = set(outputs)
  for problem in _subclasses(Problem):
    if set(problem.outputs) - set(problem.on_request) == names:
      return problem.of_export()
  raise UserError(
    f'no problem of pixelda_tf predicts {", ".join(sorted(names))}: is it an '
    'export of pixelda_tf?'
  )


def _subclasses(problem):
  for subclass in problem.__subclasses__():
    yield from (subclass, *_subclasses(subclass))
