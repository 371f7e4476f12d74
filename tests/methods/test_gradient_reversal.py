import numpy as np
import tensorflow as tf

from pixelda_tf.methods.gradient_reversal import (
  reversed_gradient,
  rising_strength,
)


def test_values_stay_and_gradients_turn_round():
  """d (3 x^2) / dx = 6 x, times -0.5."""
  x = tf.Variable([1.0, -2.0])
  with tf.GradientTape() as tape:
    values = reversed_gradient(x, tf.constant(0.5))
    loss = tf.reduce_sum(3.0 * values**2)
  np.testing.assert_array_equal(values, x)
  np.testing.assert_allclose(tape.gradient(loss, x), [-3.0, 6.0])


def test_the_strength_rises_as_in_the_paper():
  """p = 0, 1/2, 1 and above: 0, tanh(2.5), tanh(5)."""
  found = [
    float(rising_strength(tf.constant(step, tf.int64), 10))
    for step in (0, 5, 10, 15)
  ]
  expected = np.tanh([0.0, 2.5, 5.0, 5.0])
  np.testing.assert_allclose(found, expected, atol=1e-6)
