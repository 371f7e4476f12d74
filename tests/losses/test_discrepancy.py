import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.discrepancy import (
  classifier_discrepancy,
  coral,
  maximum_mean_discrepancy,
)


def points(seed, count, size=3):
  values = np.random.default_rng(seed).normal(size=(count, size))
  return values.astype(np.float32)


def mmd_by_loops(source, target, scales):
  """Gretton's unbiased estimate, a pair at a time, in float64."""
  everyone = np.concatenate([source, target]).astype(np.float64)
  pairs = [
    np.sum((a - b) ** 2)
    for i, a in enumerate(everyone)
    for j, b in enumerate(everyone)
    if i != j
  ]
  mean = np.mean(pairs)

  def k(a, b):
    distance = np.sum((a.astype(np.float64) - b) ** 2)
    return sum(np.exp(-distance / (2 * scale * mean)) for scale in scales)

  def within(values):
    return np.mean(
      [
        k(a, b)
        for i, a in enumerate(values)
        for j, b in enumerate(values)
        if i != j
      ]
    )

  between = np.mean([k(a, b) for a in source for b in target])
  return within(source) + within(target) - 2 * between


@pytest.mark.parametrize('scales', [(1.0,), (0.125, 0.25, 0.5, 1.0, 2.0)])
@pytest.mark.parametrize('shift', [0.0, 2.0])
def test_mmd_equals_loops_over_pairs(scales, shift):
  source, target = points(0, 5), points(1, 4) + np.float32(shift)
  found = maximum_mean_discrepancy(source, target, scales)
  expected = mmd_by_loops(source, target, scales)
  np.testing.assert_allclose(found, expected, atol=1e-5)


def test_mmd_tells_other_points_from_points_alike():
  source, alike, other = points(0, 300), points(1, 300), points(2, 300) + 2
  assert abs(maximum_mean_discrepancy(source, alike)) < 0.02
  assert maximum_mean_discrepancy(source, other) > 1.0


def test_mmd_of_two_pairs_by_hand():
  """x = 0, 0, y = 1, 1: of 12 ordered pairs 8 have the square 1, m = 2/3.

  Within both k = 1, between exp(-1 / (2 * 2/3)) = exp(-0.75).
  """
  source, target = tf.zeros([2, 1]), tf.ones([2, 1])
  found = maximum_mean_discrepancy(source, target, (1.0,))
  np.testing.assert_allclose(found, 2 - 2 * np.exp(-0.75), rtol=1e-6)


def test_mmd_moves_the_target_to_the_source():
  source, target = tf.constant(points(0, 20)), tf.Variable(points(1, 20) + 1.0)
  with tf.GradientTape() as tape:
    loss = maximum_mean_discrepancy(source, target)
  gradient = tape.gradient(loss, target)
  assert np.all(np.mean(gradient, axis=0) > 0)  # Downwards is to the source.


def test_mmd_of_equal_points_is_zero_and_has_a_finite_gradient():
  value = tf.Variable(tf.ones([3, 2]))
  with tf.GradientTape() as tape:
    loss = maximum_mean_discrepancy(value, tf.ones([4, 2]))
  np.testing.assert_allclose(loss, 0.0, atol=1e-5)
  assert np.all(np.isfinite(tape.gradient(loss, value)))


def test_coral_equals_numpys_covariances():
  source, target = points(0, 7, 4), 2 * points(1, 5, 4)
  difference = np.cov(source.T) - np.cov(target.T)
  expected = np.sum(difference**2) / (4 * 4**2)
  np.testing.assert_allclose(coral(source, target), expected, rtol=1e-5)


def test_coral_by_hand():
  """Of one feature: variances 2 and 8 over n - 1, (2 - 8)^2 / 4 = 9."""
  source, target = tf.constant([[0.0], [2.0]]), tf.constant([[0.0], [4.0]])
  np.testing.assert_allclose(coral(source, target), 9.0, rtol=1e-6)


def test_classifier_discrepancy_by_hand():
  """(1/2, 1/2) against (3/4, 1/4): mean |difference| 1/4, then 0."""
  logits = tf.zeros([2, 2])
  others = tf.constant([[np.log(3.0), 0.0], [5.0, 5.0]], tf.float32)
  found = classifier_discrepancy(logits, others)
  np.testing.assert_allclose(found, 0.125, rtol=1e-6)
