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
    threshold: an output above it says real.
  """

  discriminator: Half
  generator: Half
  threshold: float


def sigmoid_discriminator_loss(real, fake):
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


def sigmoid_generator_loss(fake):
  """The non-saturating half, `-E[log D(fake)]` (Goodfellow et al., 2014).

  PixelDA's Eq. 2 has the generator minimise `log(1 - D(fake))`; like the
  released code this takes the form with the same fixed point and a gradient
  that does not vanish where D is sure.
  """
  return tf.reduce_mean(tf.nn.softplus(-fake))


def least_squares_discriminator_loss(real, fake):
  """`E[(D(real) - 1)^2] + E[D(fake)^2]` (LSGAN, Mao et al., 2017)."""
  return tf.reduce_mean((real - 1.0) ** 2) + tf.reduce_mean(fake**2)


def least_squares_generator_loss(fake):
  """`E[(D(fake) - 1)^2]` (LSGAN, Mao et al., 2017)."""
  return tf.reduce_mean((fake - 1.0) ** 2)


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
