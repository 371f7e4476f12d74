"""Validators against closed forms and loops."""

import numpy as np
import pytest

from pixelda_tf.validators import scores

N, K = 12, 4
SURE = np.eye(K)[np.arange(N) % K]  # Certain, all classes alike.
COLLAPSED = np.eye(K)[np.zeros(N, int)]
UNSURE = np.full((N, K), 1 / K)


@pytest.fixture
def answers():
  random = np.random.default_rng(0)
  return random.dirichlet(np.ones(K), N)


def test_accuracy_is_of_the_likeliest_class(answers):
  labels = np.argmax(answers, axis=1)
  labels[:3] = (labels[:3] + 1) % K
  assert scores.accuracy(answers, labels) == (N - 3) / N


@pytest.mark.parametrize(
  ('score', 'sure', 'collapsed', 'unsure'),
  [
    (scores.entropy, 0.0, 0.0, -np.log(K)),
    (scores.information_maximization, np.log(K), 0.0, 0.0),
    # Singular values: K of sqrt(N / K); one of sqrt(N); one of sqrt(N / K).
    (scores.batch_nuclear_norm, 1.0, 1 / np.sqrt(K), 1 / K),
  ],
)
def test_known_answers(score, sure, collapsed, unsure):
  found = [score(array) for array in (SURE, COLLAPSED, UNSURE)]
  np.testing.assert_allclose(found, [sure, collapsed, unsure], atol=1e-12)


def test_entropy_and_information_by_loops(answers):
  def of(p):
    return -sum(x * np.log(x) for x in p)

  mean = sum(of(p) for p in answers) / N
  assert scores.entropy(answers) == pytest.approx(-mean)
  expected = of(answers.mean(axis=0)) - mean
  assert scores.information_maximization(answers) == pytest.approx(expected)


@pytest.mark.parametrize('at_once', [5, 1024])
def test_neighbours_by_loops(answers, monkeypatch, at_once):
  """In blocks of rows, whose own places are left out."""
  monkeypatch.setattr(scores, '_ROWS_AT_ONCE', at_once)
  total = 0.0
  for i in range(N):
    likeness = [
      answers[i]
      @ answers[j]
      / np.linalg.norm(answers[i])
      / np.linalg.norm(answers[j])
      for j in range(N)
      if j != i
    ]
    powers = np.exp(np.array(likeness) / 0.1)
    p = powers / powers.sum()
    total -= (p * np.log(p)).sum()
  found = scores.soft_neighborhood_density(answers, temperature=0.1)
  assert found == pytest.approx(total / N)


def test_equal_points_have_all_others_as_neighbours():
  found = scores.soft_neighborhood_density(UNSURE)
  assert found == pytest.approx(np.log(N - 1))
  # 2 others of the same class of 3, the rest 20 temperatures away.
  found = scores.soft_neighborhood_density(SURE)
  assert found == pytest.approx(np.log(2), abs=1e-6)


def test_two_points_have_no_choice_of_neighbours():
  with pytest.raises(ValueError, match='3 points are needed, there are 2'):
    scores.soft_neighborhood_density(UNSURE[:2])


def test_clusters_agree_with_answers_where_they_are_the_same():
  features = 100.0 * SURE + np.random.default_rng(0).uniform(size=(N, K))
  assert scores.class_ami(features, SURE) == pytest.approx(1.0)
  shifted = np.roll(SURE, 1, axis=1)  # Other names for the same clusters.
  assert scores.class_ami(features, shifted) == pytest.approx(1.0)
  assert scores.class_ami(features, COLLAPSED) == pytest.approx(0.0)


def test_equal_weights_give_the_mean_loss():
  losses = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
  found = scores.weighted_risk(np.ones(5), losses)
  assert found == pytest.approx(-0.6)


def test_the_weighted_risk_by_hand():
  """w = 1, 3; l = 1, 0: w l = 1, 0; cov = -1, var = 2, eta = 1 / 2."""
  found = scores.weighted_risk(np.array([1.0, 3.0]), np.array([1.0, 0.0]))
  assert found == pytest.approx(-(0.5 + 0.5 * 2.0 - 0.5))


def test_the_embedded_risk_is_that_where_the_target_is():
  """The target is like the source above 0, where the model is right or wrong.

  There two thirds of the source have the weight of all.
  """
  random = np.random.default_rng(0)
  train, validation = random.normal(size=(2, 600, 1))
  target = np.abs(random.normal(size=(600, 1)))
  right_there = (validation[:, 0] < 0).astype(float)
  wrong_there = 1.0 - right_there
  right, wrong = (
    scores.deep_embedded_validation(train, validation, target, losses)
    for losses in (right_there, wrong_there)
  )
  assert right > -0.35 and wrong < -0.65
  for losses in (right_there, wrong_there):
    assert -losses.mean() == pytest.approx(-0.5, abs=0.06)


def test_the_target_teaches_the_source_back():
  random = np.random.default_rng(0)
  labels = np.arange(40) % 2
  source, target = (
    labels[:, np.newaxis] * 4.0 + random.normal(size=(40, 1)) for _ in range(2)
  )
  true = np.eye(2)[labels]
  assert scores.reverse_validation(target, true, source, labels) > 0.9
  wrong = true[:, ::-1]
  assert scores.reverse_validation(target, wrong, source, labels) < 0.1
  one = np.eye(2)[np.zeros(40, int)]
  assert scores.reverse_validation(target, one, source, labels) == 0.5


def test_an_ensemble_outvotes_the_one_that_differs():
  other = np.roll(SURE, 1, axis=1)
  found = scores.ensemble_agreement([SURE, SURE, SURE, other])
  assert found == [1.0, 1.0, 1.0, 0.0]


def test_an_ensemble_hears_how_sure_each_is():
  """Two that are unsure of class 0 against one that is sure of class 1."""
  unsure, sure = np.array([[0.6, 0.4]]), np.array([[0.1, 0.9]])
  assert scores.ensemble_agreement([unsure, unsure, sure]) == [0.0, 0.0, 1.0]


def test_ranks_are_combined_whatever_their_units():
  """Ties share a rank, and what is no number is last."""
  found = scores.combined(
    {'a': [0.1, 0.3, 0.2], 'b': [100.0, 300.0, -5.0], 'c': [1.0, 1.0, np.nan]}
  )
  expected = np.mean([[0, 2, 1], [1, 2, 0], [1.5, 1.5, 0]], axis=0) / 2
  np.testing.assert_allclose(found, expected)
  assert scores.combined({'a': [0.3]}) == [0.0]


def test_features_of_a_collapsed_model_are_one_cluster():
  """Fewer than classes: no warning, and answers that tell nothing of them."""
  answers = np.eye(3)[[0, 1, 2, 0, 1, 2]]
  assert scores.class_ami(np.ones((6, 4)), answers) == pytest.approx(
    0, abs=1e-9
  )
