"""What answers tell of images, without labels."""

import tensorflow as tf

_EPSILON = 1e-5


def information_maximization(probabilities: tf.Tensor) -> tf.Tensor:
  """Returns -L_IM, Eq. 4 of SHOT (Liang et al., 2020): H(mean p) - mean H(p).

  Args:
    probabilities: float32 `[..., n_classes]`, of which the means are taken.

  Returns:
    float32 scalar in nats, from 0 to log(n_classes).
  """
  n_classes = probabilities.shape[-1]
  flat = tf.reshape(tf.cast(probabilities, tf.float32), [-1, n_classes])
  each = tf.reduce_mean(_entropy(flat))
  return _entropy(tf.reduce_mean(flat, axis=0)) - each


def _entropy(probabilities):
  """Returns -sum p log p over the last axis; of p = 0 the term is 0."""
  logs = tf.math.log(probabilities + _EPSILON)
  return -tf.reduce_sum(probabilities * logs, axis=-1)
