"""The two halves of an adversarial loss, always in pairs.

Logits may have any shape `[batch, ...]`: one decision an image or a grid of
decisions (patches); each half is the mean over all decisions.
"""

from typing import NamedTuple, Protocol

import gin
import tensorflow as tf


class Half(Protocol):
  """One player's half: float32 logits in, a float32 scalar out."""

  def __call__(self, *logits: tf.Tensor) -> tf.Tensor:
    """Returns the loss of the logits."""


class AdversarialLoss(NamedTuple):
  """A pair of losses.

  Attributes:
    discriminator: function of (real logits, fake logits).
    generator: function of (fake logits).
    threshold: an output above it says real; None where none decides, as a
      critic's.
  """

  discriminator: Half
  generator: Half
  threshold: float | None = None

  def accuracies(
    self, real: tf.Tensor, fake: tf.Tensor, prefix: str = ''
  ) -> dict[str, tf.Tensor]:
    """Returns how often a discriminator is right; nothing of a critic.

    Args:
      real: float32 logits of any shape.
      fake: the same.
      prefix: of the names.

    Returns:
      {'accuracy_real', 'accuracy_fake'}, float32 scalars in [0, 1].
    """
    if self.threshold is None:
      return {}
    return {
      f'{prefix}accuracy_real': fraction(real > self.threshold),
      f'{prefix}accuracy_fake': fraction(fake <= self.threshold),
    }


def fraction(decisions: tf.Tensor) -> tf.Tensor:
  """Returns the fraction of a bool tensor that is true, a float32 scalar."""
  return tf.reduce_mean(tf.cast(decisions, tf.float32))


def sigmoid_discriminator_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
  """Cross entropy of telling real (1) from fake (0), Eq. 2 of PixelDA.

  Args:
    real: float32 `[batch, ...]` logits of target images.
    fake: float32 `[batch, ...]` logits of translated images.

  Returns:
    float32 scalar `-E[log D(real)] - E[log(1 - D(fake))]`.
  """
  return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(
    tf.nn.softplus(fake)
  )


def sigmoid_generator_loss(fake: tf.Tensor) -> tf.Tensor:
  """The non-saturating half, `-E[log D(fake)]` (Goodfellow et al., 2014).

  PixelDA's Eq. 2 has the generator minimise `log(1 - D(fake))`; like the
  released code this takes the form with the same fixed point and a gradient
  that does not vanish where D is sure.
  """
  return tf.reduce_mean(tf.nn.softplus(-fake))


def least_squares_discriminator_loss(
  real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
  """`E[(D(real) - 1)^2] + E[D(fake)^2]` (LSGAN, Mao et al., 2017)."""
  return tf.reduce_mean((real - 1.0) ** 2) + tf.reduce_mean(fake**2)


def least_squares_generator_loss(fake: tf.Tensor) -> tf.Tensor:
  """`E[(D(fake) - 1)^2]` (LSGAN, Mao et al., 2017)."""
  return tf.reduce_mean((fake - 1.0) ** 2)


def wasserstein_critic_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
  """`E[D(fake)] - E[D(real)]` (WGAN, Arjovsky et al., 2017); any sign."""
  return tf.reduce_mean(fake) - tf.reduce_mean(real)


def wasserstein_generator_loss(fake: tf.Tensor) -> tf.Tensor:
  """`-E[D(fake)]` (WGAN, Arjovsky et al., 2017); any sign."""
  return -tf.reduce_mean(fake)


@gin.register
def sigmoid_loss() -> AdversarialLoss:
  """The pair of cross entropies that PixelDA uses; logits decide at 0."""
  return AdversarialLoss(
    sigmoid_discriminator_loss, sigmoid_generator_loss, threshold=0.0
  )


@gin.register
def least_squares_loss() -> AdversarialLoss:
  """The pair of squared errors (LSGAN); outputs decide at 0.5."""
  return AdversarialLoss(
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    threshold=0.5,
  )


@gin.register
def wasserstein_loss() -> AdversarialLoss:
  """A critic's pair: goes with `gradient_penalty` and `Player.repeats`."""
  return AdversarialLoss(wasserstein_critic_loss, wasserstein_generator_loss)
