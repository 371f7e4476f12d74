import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from pixelda_tf.evaluation import metrics


def test_by_hand():
  """Class 0: 1 of 2 right, class 1: 0 of 1, class 2 never: 1 of 3 in all."""
  labels, predicted = [0, 0, 1], [0, 2, 0]
  assert metrics.accuracy(labels, predicted) == 1 / 3
  np.testing.assert_array_equal(
    metrics.confusion_matrix(labels, predicted, 3),
    [[1, 0, 1], [1, 0, 0], [0, 0, 0]],
  )
  np.testing.assert_array_equal(
    metrics.per_class_accuracy(labels, predicted, 3), [0.5, 0.0, np.nan]
  )


@pytest.mark.parametrize('form', ['classes', 'scores'])
def test_equal_sklearns(form):
  random = np.random.default_rng(0)
  labels = random.integers(5, size=200)
  scores = random.normal(size=(200, 5)) + np.eye(5)[labels]
  predicted = scores.argmax(-1)
  given = {'classes': predicted, 'scores': scores}[form]
  matrix = sklearn_metrics.confusion_matrix(labels, predicted)
  accuracy = metrics.accuracy(labels, given)
  assert isinstance(accuracy, float)
  assert accuracy == sklearn_metrics.accuracy_score(labels, predicted)
  np.testing.assert_array_equal(
    metrics.confusion_matrix(labels, given, 5), matrix
  )
  np.testing.assert_allclose(
    metrics.per_class_accuracy(labels, given, 5),
    sklearn_metrics.recall_score(labels, predicted, average=None),
  )
