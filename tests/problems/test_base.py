import types

import numpy as np
import pytest

from pixelda_tf import problems
from pixelda_tf.errors import UserError
from pixelda_tf.problems import Case, ClassAndPose, Classification, Segmentation
from pixelda_tf.problems.base import Worst


def domain(*fields):
  return types.SimpleNamespace(name='photos', fields=('image', *fields))


POSES = ClassAndPose(pose_weight=1.0)
LACKING = {
  'labels of the source': (
    Classification(),
    'source',
    (),
    'source photos has no labels; prepare it from one folder a class, or from '
    'a CSV with a column label; of label maps learn Experiment.problem = '
    '@Segmentation()',
  ),
  'poses of the source': (
    POSES,
    'source',
    ('label',),
    'source photos has no poses; prepare the data with poses, or learn the '
    'class alone: Experiment.problem = @Classification()',
  ),
  'labels of the target': (
    POSES,
    'target',
    ('pose',),
    'target photos has no labels to train on; leave methods out that learn '
    'from them',
  ),
  'poses of labelled target images': (
    POSES,
    'labelled_target',
    ('label',),
    'target photos has no poses to train on; leave methods out that learn from '
    'them',
  ),
}


@pytest.mark.parametrize('name', LACKING)
def test_a_domain_that_lacks_what_is_learnt_from_is_told(name):
  problem, role, fields, message = LACKING[name]
  with pytest.raises(UserError) as raised:
    problem.check(domain(*fields), role)
  assert raised.value.message == message


@pytest.mark.parametrize('role', ['source', 'target', 'labelled_target'])
def test_a_domain_that_has_it_is_taken(role):
  Classification().check(domain('label'), role)
  POSES.check(domain('pose', 'mask', 'label'), role)


def test_a_domain_can_be_tested_on_with_the_first_target():
  assert POSES.can_test(domain('label'))
  assert not POSES.can_test(domain('pose'))


def test_a_problem_is_found_by_what_its_models_predict():
  for problem in (Classification, ClassAndPose, Segmentation):
    names = set(problem.outputs) - set(problem.on_request)
    assert type(problems.predicting(names)) is problem
  with pytest.raises(
    UserError, match='no problem of pixelda_tf predicts boxes'
  ):
    problems.predicting(['boxes'])


@pytest.mark.parametrize('batch', [1, 3, 7, 50])
def test_the_worst_while_streaming_are_the_worst_of_all(batch):
  """Scores of few values, so that equal ones are kept in order, too."""
  scores = np.random.default_rng(0).integers(6, size=50).astype(float)
  scores[scores == 5] = -np.inf
  drawn = []

  def case_from(start):
    def case(index):
      drawn.append(start + index)
      return Case(np.zeros((1, 1, 3), np.uint8), (str(start + index),))

    return case

  for n in (0, 1, 4, 30, 99):
    worst, drawn[:] = Worst(n), []
    for start in range(0, 50, batch):
      worst.add(scores[start : start + batch], case_from(start))
    order = np.argsort(-scores, kind='stable')
    expected = order[scores[order] > -np.inf][:n]
    found = [int(case.texts[0]) for case in worst.cases()]
    assert found == expected.tolist()
    # What is not kept is not drawn either, but for what falls out later.
    assert len(drawn) <= len(expected) + 5 * n
