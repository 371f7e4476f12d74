"""Wasserstein critics: what one says of an example, and what it minimises."""

import functools

import tensorflow as tf

from pixelda_tf.losses.adversarial import (
  wasserstein_critic_loss,
  wasserstein_generator_loss,
)
from pixelda_tf.losses.penalty import gradient_penalty
from pixelda_tf.methods.player import Tensors

_EPSILON = 1e-6  # Of a mean square: codes may be 0.


def critic_value(critic: tf.keras.Model, examples: tf.Tensor) -> tf.Tensor:
  """Returns float32 `[batch]`, each the mean of a critic's decisions.

  Args:
    critic: model of examples to {'domain': float32 `[batch, ...]`}.
    examples: images or features.
  """
  decisions = critic(examples, training=True)['domain']
  return tf.reduce_mean(decisions, axis=list(range(1, decisions.shape.rank)))


def normalized(codes: tf.Tensor) -> tf.Tensor:
  """Returns codes `[..., d]` divided by their root mean square over d."""
  mean_square = tf.reduce_mean(codes**2, axis=-1, keepdims=True)
  return codes * tf.math.rsqrt(mean_square + _EPSILON)


def fooling_loss(critic: tf.keras.Model, fake: tf.Tensor) -> tf.Tensor:
  """Returns what moves fake examples to where a critic's values are high.

  Args:
    critic: see `critic_value`.
    fake: float32 `[batch, ...]`; they and the critic get a gradient.
  """
  return wasserstein_generator_loss(critic_value(critic, fake))


def critic_terms(
  critic: tf.keras.Model,
  real: tf.Tensor,
  fake: tf.Tensor,
  *,
  penalty_weight: float,
  random: tf.random.Generator,
  name: str,
) -> Tensors:
  """Returns a critic's loss and penalty (Gulrajani et al., 2017, Eq. 3).

  Nothing but the critic gets a gradient of them.

  Args:
    critic: see `critic_value`.
    real: float32 `[batch, ...]`.
    fake: the same shape; mixed with the real example of the same place.
    penalty_weight: 10 in the paper; 0 leaves the penalty out.
    random: where the mixes are drawn.
    name: start of the terms' names, `<name>_domain` and `<name>_penalty`.
  """
  real, fake = tf.stop_gradient(real), tf.stop_gradient(fake)
  value = functools.partial(critic_value, critic)
  terms = {f'{name}_domain': wasserstein_critic_loss(value(real), value(fake))}
  if penalty_weight:
    mix = random.uniform([tf.shape(real)[0]])
    penalty = gradient_penalty(value, real, fake, mix)
    terms[f'{name}_penalty'] = penalty_weight * penalty
  return terms
