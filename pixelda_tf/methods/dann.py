"""DANN: features of which a discriminator cannot tell the domain."""

from typing import Any

import gin

from pixelda_tf.methods.feature_alignment import (
  DiscriminatorBuilder,
  Representation,
  features,
)
from pixelda_tf.methods.feature_level import FeatureLevel
from pixelda_tf.methods.gradient_reversal import domain_loss, rising_strength
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  mean_terms,
)
from pixelda_tf.networks import feature_discriminator


@gin.register
class DANN(FeatureLevel):
  """Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016.

  arXiv:1505.07818. Of G_f and G_y, T up to its features and behind them, and
  the discriminator G_d:

    L_y(source) - lambda (L_d(source) + L_d(target))               (Eq. 9, 10)

  G_d minimises L_d, a cross entropy; all move at once, by one optimizer, and a
  layer between G_f and G_d turns the gradient round and weighs it by lambda,
  which rises from 0 to 1 (`reversal_steps`). The paper's stochastic gradient
  descent, of a rate that falls by (1 + 10 p)^-0.75, is the config's business.
  """

  def __init__(
    self,
    *,
    feature_discriminator: DiscriminatorBuilder = feature_discriminator,
    representation: Representation = features,
    domain_weight: float = 1.0,
    reversal_steps: int,
    **kwargs: Any,
  ):
    """Builds T and G_d.

    Args:
      feature_discriminator: builder of G_d, called with the number of features.
      representation: what G_d sees.
      domain_weight: of L_d, for G_d and G_f.
      reversal_steps: steps in which lambda rises, the row's.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.representation = representation
    self.domain_weight = domain_weight
    self.reversal_steps = reversal_steps
    size = representation(self.task.output).shape[-1]
    self.feature_discriminator = feature_discriminator(size)

  def players(self) -> tuple[Player, ...]:
    """All networks, by one optimizer."""
    networks = self.task, self.feature_discriminator
    return (Player('task', networks, self.task_losses),)

  def task_losses(self, batch: Batch, shared: dict[str, Tensors]) -> Losses:
    """Eq. 9, the gradient of L_d turned round on its way to G_f."""
    losses = self.problem.losses(batch['source'], shared['source'])
    strength = rising_strength(self.step, self.reversal_steps)
    seen = {name: self.representation(each) for name, each in shared.items()}
    loss, monitors = domain_loss(self.feature_discriminator, seen, strength)
    terms = mean_terms(losses, 1.0)
    return terms | {'domain': self.domain_weight * loss}, monitors
