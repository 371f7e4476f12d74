"""A discriminator behind a layer that turns its gradient round."""

from collections.abc import Mapping

import tensorflow as tf

from pixelda_tf.losses.adversarial import fraction
from pixelda_tf.methods.player import Tensors


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


def domain_loss(
  discriminator: tf.keras.Model,
  seen: Mapping[str, tf.Tensor],
  strength: tf.Tensor,
  weights: Mapping[str, tf.Tensor] | None = None,
) -> tuple[tf.Tensor, Tensors]:
  """Cross entropy of both domains; what made the features gets it reversed.

  Args:
    discriminator: model of `seen` to {'domain': float32 `[batch, ..., 1]`
      logits, above 0 is source}.
    seen: 'source' and 'target', float32 `[batch, ...]`.
    strength: of the reversed gradient, a scalar.
    weights: float32 `[batch]` of the examples, by domain; None for equal ones.

  Returns:
    The sum of both domains' means, and monitors.
  """
  means, right = [], []
  for name, sign in (('source', 1.0), ('target', -1.0)):
    values = reversed_gradient(seen[name], strength)
    decisions = sign * discriminator(values, training=True)['domain']
    losses = tf.nn.softplus(-decisions)
    if weights is not None:
      ones = [1] * (losses.shape.rank - 1)
      losses *= tf.reshape(weights[name], [-1, *ones])
    means.append(tf.reduce_mean(losses))
    right.append(tf.reshape(decisions > 0.0, [-1]))
  accuracy = fraction(tf.concat(right, 0))
  return tf.add_n(means), {'strength': strength, 'accuracy': accuracy}
