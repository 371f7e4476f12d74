import json

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.metrics import rotation_error_degrees
from pixelda_tf.problems import ClassAndPose

NAMES = ('ape', 'cat', 'cow')
HALF = np.sqrt(0.5)
PROBLEM = ClassAndPose(pose_weight=2.5)
BASIC = {'accuracy', 'count', 'correct', 'per_class_accuracy'}


def random_quaternions(n, seed=0):
  values = np.random.default_rng(seed).normal(size=(n, 4))
  values /= np.linalg.norm(values, axis=1, keepdims=True)
  return values.astype(np.float32)


def test_class_and_pose_are_terms_of_their_own_with_xi():
  examples = {
    'label': tf.constant([1, 0]),
    'pose': tf.constant([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]),
  }
  outputs = {
    'logits': tf.constant([[0.0, np.log(3.0)]] * 2),
    'pose': tf.constant([[0, 0, 0, 1.0], [HALF, -HALF, 0, 0]], tf.float32),
  }
  losses = PROBLEM.losses(examples, outputs)
  assert set(losses) == {'class', 'pose'}
  np.testing.assert_allclose(
    losses['class'], [np.log(4 / 3), np.log(4)], rtol=1e-6
  )
  np.testing.assert_allclose(
    losses['pose'], 2.5 * np.log([1.0001, 1.0001 - HALF]), atol=1e-5
  )


def test_each_term_reaches_its_own_output_alone():
  examples = {'label': tf.constant([1]), 'pose': random_quaternions(1)}
  outputs = {
    'logits': tf.Variable([[0.0, 1.0]]),
    'pose': tf.Variable(random_quaternions(1, seed=1)),
  }
  with tf.GradientTape(persistent=True) as tape:
    losses = PROBLEM.losses(examples, outputs)
  for term, output in (('class', 'logits'), ('pose', 'pose')):
    gradients = tape.gradient(losses[term], outputs)
    reached = {name for name, value in gradients.items() if value is not None}
    assert reached == {output}
    assert np.all(gradients[output] != 0)


def test_examples_without_poses_are_told():
  outputs = {'logits': tf.zeros([1, 2]), 'pose': tf.zeros([1, 4])}
  with pytest.raises(UserError, match='no poses: choose Classification, or'):
    PROBLEM.losses({'label': tf.constant([1])}, outputs)


def test_predicted_poses_have_a_first_number_that_is_not_negative():
  poses = random_quaternions(20)
  outputs = {'logits': tf.zeros([20, 2]), 'pose': poses}
  predictions = PROBLEM.predictions(outputs)
  assert tuple(predictions) == PROBLEM.outputs
  np.testing.assert_array_equal(
    predictions['pose'], np.where(poses[:, :1] < 0, -poses, poses)
  )
  np.testing.assert_array_equal(predictions['probabilities'], [[0.5, 0.5]] * 20)
  pseudo = PROBLEM.pseudo_labels(outputs)
  assert tuple(pseudo) == PROBLEM.targets
  np.testing.assert_array_equal(pseudo['pose'], poses)


def turn(degrees):
  """Quaternion of a turn about z."""
  half = np.radians(degrees) / 2
  return np.array([np.cos(half), 0, 0, np.sin(half)], np.float32)


def scored(labels, predicted, true, said, batch, n_worst=0):
  """Scores poses `true` and `said`, the former maybe None."""
  scorer = PROBLEM.scorer(NAMES, n_worst)
  for start in range(0, len(labels), batch):
    part = slice(start, start + batch)
    numbers = np.arange(len(labels))[part, None, None, None]
    examples = {
      'image': np.tile(numbers, (1, 2, 2, 3)).astype(np.uint8),
      'label': np.array(labels)[part],
    }
    if true is not None:
      examples['pose'] = np.array(true)[part]
    scorer.update(
      examples,
      {
        'probabilities': np.eye(3, dtype=np.float32)[predicted][part],
        'pose': np.array(said)[part],
      },
    )
  return scorer


NO_TURN = [[-1.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize('batch', [1, 2, 5])
def test_angle_errors_count_all_examples_rightly_named_or_not(batch):
  """Errors 10, 20, 60 of class 0, 30 and 90 of class 2; none of class 1."""
  true = [turn(degrees) for degrees in (10, -20, 30, 60, 90)]
  scorer = scored([0, 0, 2, 0, 2], [0, 1, 0, 2, 2], true, NO_TURN * 5, batch)
  result = scorer.result()
  assert json.loads(json.dumps(result)) == result
  assert (result['count'], result['correct']) == (5, 2)
  for name, expected in {
    'mean_angle_error': 42,
    'median_angle_error': 30,
    'per_class_mean_angle_error': [30, None, 60],
    'per_class_median_angle_error': [20, None, 60],
  }.items():
    found = result.pop(name)
    if isinstance(expected, list):
      assert found.pop(1) is expected.pop(1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, err_msg=name)
  assert set(result) == BASIC


@pytest.mark.parametrize('batch', [16, 97, 1000])
def test_angles_equal_those_of_all_examples_at_once_to_the_bit(batch):
  labels = np.random.default_rng(1).integers(3, size=1000)
  true, said = random_quaternions(1000), random_quaternions(1000, seed=1)
  result = scored(labels, labels, true, said, batch).result()
  errors = rotation_error_degrees(true, said)
  for name, statistic in (('mean', np.mean), ('median', np.median)):
    assert result[f'{name}_angle_error'] == statistic(errors)
    assert result[f'per_class_{name}_angle_error'] == [
      statistic(errors[labels == label]) for label in range(3)
    ]


def test_data_without_poses_have_no_angles():
  scorer = scored([0, 1], [1, 1], None, NO_TURN * 2, 1, n_worst=2)
  assert set(scorer.result()) == BASIC
  assert scorer.lines()[0] == '1 of 2   50.00%'
  (case,) = scorer.worst()
  assert case.texts == ('is ape', 'said cat 100%')


@pytest.mark.parametrize('batch', [1, 2, 5])
def test_the_worst_are_the_farthest_off_right_or_wrong(batch):
  true = [turn(degrees) for degrees in (3, 50, 170, 3, 0)]
  scorer = scored([0] * 5, [0, 1, 0, 0, 1], true, NO_TURN * 5, batch, n_worst=4)
  worst = scorer.worst()
  assert [case.image[0, 0, 0] for case in worst] == [2, 1, 0, 3]
  assert worst[1].texts == ('is ape', 'said cat 100%', '50.0 deg off')


def test_lines_by_hand():
  true = [turn(degrees) for degrees in (5, 5, 5, 105)]
  scorer = scored([0, 0, 2, 2], [0, 1, 2, 1], true, NO_TURN * 4, 4)
  assert scorer.lines() == [
    '2 of 4   50.00%   mean  30.00 deg   median   5.00 deg',
    'ape      50.00%   mean   5.00 deg   median   5.00 deg',
    'cat     no examples',
    'cow      50.00%   mean  55.00 deg   median  55.00 deg',
  ]
