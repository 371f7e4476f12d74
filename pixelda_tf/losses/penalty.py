"""What a critic pays for gradients that are not of length 1."""

from collections.abc import Callable

import tensorflow as tf


def gradient_penalty(
  critic: Callable[[tf.Tensor], tf.Tensor],
  real: tf.Tensor,
  fake: tf.Tensor,
  mix: tf.Tensor,
) -> tf.Tensor:
  """The penalty of "Improved WGAN" (Gulrajani et al., 2017, Eq. 3).

    E[(|grad D(x)| - 1)^2] at x = mix * real + (1 - mix) * fake

  The norm is Euclidean, over all of an example; D(x) is the sum of its
  decisions where there are several. The paper weighs it by 10. D must not mix
  the examples of a batch: batch normalisation does.

  Args:
    critic: D, function of examples to logits `[batch, ...]`.
    real: float32 `[batch, ...]`, images or features.
    fake: the same shape.
    mix: float32 `[batch]`, from U(0, 1) in the paper.

  Returns:
    float32 scalar, at least 0.
  """
  mix = tf.reshape(mix, [-1] + [1] * (real.shape.rank - 1))
  between = mix * real + (1.0 - mix) * fake
  with tf.GradientTape() as tape:
    tape.watch(between)
    logits = critic(between)
  gradients = tape.gradient(logits, between)
  squares = tf.reduce_sum(gradients**2, axis=list(range(1, real.shape.rank)))
  # The root's slope at 0 is not finite.
  norms = tf.sqrt(tf.maximum(squares, 1e-12))
  return tf.reduce_mean((norms - 1.0) ** 2)
