"""The layer that turns a gradient round, and how its strength rises."""

import tensorflow as tf


def reversed_gradient(values: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
  """Returns values as they are, whose gradient is `-strength` times theirs.

  Ganin and Lempitsky, 2015, Eq. 5 and 6.

  Args:
    values: float32 of any shape.
    strength: lambda, a float32 scalar.
  """

  @tf.custom_gradient
  def reverse(values):
    return tf.identity(values), lambda gradient: -strength * gradient

  return reverse(values)


def rising_strength(step: tf.Tensor, steps: int) -> tf.Tensor:
  """Returns lambda_p of Ganin et al., 2016, Sect. 5.2.2.

  `2 / (1 + exp(-10 p)) - 1` from 0 almost to 1, p the part of training that is
  over.

  Args:
    step: number of steps taken, a scalar.
    steps: after which p is 1, and stays so.
  """
  part = tf.minimum(tf.cast(step, tf.float32) / float(steps), 1.0)
  return 2.0 / (1.0 + tf.exp(-10.0 * part)) - 1.0
