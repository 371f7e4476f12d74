import numpy as np
import pytest

from pixelda_tf.evaluation import priors


def answers(labels, sure, source, random):
  """Answers of a model that is calibrated under the source's shares.

  It sees the class through a channel that is right in `sure` of the cases.
  """
  n_classes = len(source)
  channel = np.full((n_classes, n_classes), (1 - sure) / (n_classes - 1))
  np.fill_diagonal(channel, sure)
  seen = np.array([random.choice(n_classes, p=channel[y]) for y in labels])
  joint = channel[:, seen].T * source
  return joint / joint.sum(axis=1, keepdims=True)


@pytest.mark.parametrize('sure', [0.7, 0.95])
def test_shares_are_found_from_calibrated_answers(sure):
  """Their mean is biased to the source's shares, the estimate is not."""
  random = np.random.default_rng(0)
  source, target = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])
  labels = random.choice(3, 20_000, p=target)
  probabilities = answers(labels, sure, source, random)
  found = priors.target_shares(probabilities, source)
  np.testing.assert_allclose(found, target, atol=0.02)
  assert found.sum() == pytest.approx(1)
  mean_error = np.abs(probabilities.mean(axis=0) - target).max()
  assert np.abs(found - target).max() < mean_error / 2


def test_certain_answers_are_counted():
  probabilities = np.eye(3)[[0, 0, 0, 1]]
  found = priors.target_shares(probabilities, np.full(3, 1 / 3))
  np.testing.assert_allclose(found, [0.75, 0.25, 0.0], atol=1e-6)
