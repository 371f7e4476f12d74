import json

import gin
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.problems import Classification

NAMES = ('ape', 'cat', 'cow')


@gin.register
def taken(problem):
  return problem


def test_gin_knows_problems():
  gin.parse_config(
    """
    taken.problem = @ClassAndPose()
    ClassAndPose.pose_weight = 0.5
    one/taken.problem = @Classification()
    """
  )
  find = gin.get_configurable('taken')
  assert find().pose_weight == 0.5
  with gin.config_scope('one'):
    assert type(find()) is Classification


def random_batch(n, seed=0, n_classes=3):
  random = np.random.default_rng(seed)
  logits = random.normal(size=(n, n_classes)).astype(np.float32)
  labels = random.integers(n_classes, size=n, dtype=np.int32)
  return {'label': labels}, {'logits': logits}


def test_losses_are_minus_log_of_the_softmax():
  examples, outputs = random_batch(20)
  logits = outputs['logits'].astype(np.float64)
  softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
  losses = Classification().losses(examples, outputs)
  assert set(losses) == {'class'}
  expected = -np.log(softmax[np.arange(20), examples['label']])
  np.testing.assert_allclose(losses['class'], expected, rtol=1e-5)


def test_head_losses_by_hand():
  """Two patches of an image, label 1: log 2 without a preference, log 4."""
  logits = np.log([[[[1.0, 1.0], [3.0, 1.0]]]]).astype(np.float32)
  losses = Classification().head_losses({'label': tf.constant([1])}, logits)
  np.testing.assert_allclose(losses, [np.log(8) / 2], rtol=1e-6)


def test_pseudo_labels_and_predictions():
  problem = Classification()
  outputs = {'logits': np.log([[1.0, 3.0], [4.0, 1.0]]), 'features': None}
  labels = problem.pseudo_labels(outputs)
  assert set(labels) == {'label'} and labels['label'].dtype == tf.int32
  np.testing.assert_array_equal(labels['label'], [1, 0])
  predictions = problem.predictions(outputs)
  assert tuple(predictions) == problem.outputs
  np.testing.assert_allclose(
    predictions['probabilities'], [[0.25, 0.75], [0.8, 0.2]]
  )


def test_the_keras_metric_is_the_accuracy():
  (metric,) = Classification().keras_metrics(2)
  metric.update_state([1, 0, 1], np.array([[0.0, 1], [0, 1], [2, 3]]))
  assert metric.name == 'accuracy'
  np.testing.assert_allclose(metric.result(), 2 / 3)


def images_of(n):
  """Grey images, each of one value, its number."""
  return np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones(
    (1, 2, 2, 1), np.uint8
  )


def scored(labels, probabilities, batch, n_worst=0, names=NAMES):
  scorer = Classification().scorer(names, n_worst)
  images, labels = images_of(len(labels)), np.array(labels)
  probabilities = np.array(probabilities, np.float32)
  for start in range(0, len(labels), batch):
    part = slice(start, start + batch)
    scorer.update(
      {'image': images[part], 'label': labels[part]},
      {'probabilities': probabilities[part]},
    )
  return scorer


@pytest.mark.parametrize('batch', [1, 2, 5])
def test_every_example_counts_once_whatever_the_batches(batch):
  """Right: 0, 0, 1; wrong: two of class 0. Class 2 has no examples."""
  scorer = scored([0, 0, 1, 0, 0], np.eye(3)[[0, 0, 1, 2, 1]], batch)
  result = scorer.result()
  assert result == {
    'accuracy': 3 / 5,
    'count': 5,
    'correct': 3,
    'per_class_accuracy': [0.5, 1.0, None],
  }
  assert json.loads(json.dumps(result)) == result
  np.testing.assert_array_equal(
    scorer.confusion, [[2, 1, 1], [0, 1, 0], [0, 0, 0]]
  )


@pytest.mark.parametrize('batch', [16, 97, 1000])
def test_scores_equal_those_of_all_examples_at_once_to_the_bit(batch):
  random = np.random.default_rng(1)
  labels = random.integers(3, size=1000)
  probabilities = random.dirichlet(np.ones(3), size=1000).astype(np.float32)
  scorer = scored(labels, probabilities, batch)
  predicted = np.argmax(probabilities, axis=-1)
  result = scorer.result()
  assert result['accuracy'] == np.mean(labels == predicted)
  assert result['correct'] == np.sum(labels == predicted)
  assert result['per_class_accuracy'] == [
    np.mean(predicted[labels == label] == label) for label in range(3)
  ]
  np.testing.assert_array_equal(
    scorer.confusion, sklearn.metrics.confusion_matrix(labels, predicted)
  )


@pytest.mark.parametrize('batch', [1, 2, 5])
def test_the_worst_are_the_wrong_answers_the_surest_first(batch):
  """Confidences .75, 1, .875, .625, .75; the fourth is right."""
  scorer = scored(
    [0, 0, 1, 1, 0],
    [[0.25, 0.75], [0, 1], [0.875, 0.125], [0.375, 0.625], [0.25, 0.75]],
    batch,
    n_worst=3,
    names=NAMES[:2],
  )
  worst = scorer.worst()
  assert [case.image[0, 0].tolist() for case in worst] == [
    [1] * 3,
    [2] * 3,
    [0] * 3,
  ]
  assert worst[1].texts == ('is cat', 'said ape 88%')


def test_nothing_is_bad_where_nothing_is_wrong():
  scorer = scored([0, 1], np.eye(3)[[0, 1]], 2, n_worst=3)
  assert scorer.worst() == []


def test_a_model_of_other_classes_is_a_mistake():
  with pytest.raises(UserError, match='model has 4 classes, the data set 3'):
    scored([0], [[1, 0, 0, 0]], 1)


def test_lines_by_hand():
  """Of 2,000: a quarter of 1,000 apes, no cat, 750 of 1,000 cows."""
  predicted = [0] * 250 + [1] * 750 + [2] * 750 + [0] * 250
  scorer = scored([0] * 1000 + [2] * 1000, np.eye(3)[predicted], 2000)
  assert scorer.lines() == [
    '1,000 of 2,000   50.00%',
    'ape              25.00%',
    'cat             no examples',
    'cow              75.00%',
  ]
