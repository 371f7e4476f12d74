"""CDAN: a discriminator that sees features together with predictions."""

import math
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.methods.feature_alignment import DiscriminatorBuilder
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
class CDAN(FeatureLevel):
  """Long et al., Conditional Adversarial Domain Adaptation, NeurIPS 2018.

  arXiv:1705.10667. As DANN, but D sees f (x) g, features by probabilities:

    L_y(source) - lambda [L_d(source) + L_d(target)]                    (Eq. 3)

  where an example counts `1 + exp(-H(g))`, H the entropy of its probabilities
  (CDAN+E, Eq. 8), brought to a mean of 1 in each domain. Where f (x) g has more
  than 4,096 values, D sees `(R_f f) * (R_g g) / sqrt(d)` of as many, R fixed
  random matrices of normal values (Eq. 6, 7). As in the released code, g and
  the weights have no gradient, and lambda rises as DANN's.
  """

  largest = 4096

  def __init__(
    self,
    *,
    feature_discriminator: DiscriminatorBuilder = feature_discriminator,
    domain_weight: float = 1.0,
    by_entropy: bool = True,
    random_size: int = 1024,
    reversal_steps: int,
    **kwargs: Any,
  ):
    """Builds T and D.

    Args:
      feature_discriminator: builder of D, called with the number of values.
      domain_weight: of L_d.
      by_entropy: whether sure examples count more: CDAN+E, else CDAN.
      random_size: d, how many values D sees where there are too many.
      reversal_steps: steps in which lambda rises, the row's.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.domain_weight = domain_weight
    self.by_entropy = by_entropy
    self.reversal_steps = reversal_steps
    n_features = self.task.output['features'].shape[-1]
    n_classes = self.task.output['logits'].shape[-1]
    size = n_features * n_classes
    self.projections = None
    if size > self.largest:
      size = random_size
      self.projections = [
        tf.Variable(
          tf.random.stateless_normal([rows, size], (self._seed, rows)),
          trainable=False,
          name=f'{name}_projection',
        )
        for name, rows in (('feature', n_features), ('class', n_classes))
      ]
    self.feature_discriminator = feature_discriminator(size)

  def players(self) -> tuple[Player, ...]:
    """All networks, by one optimizer."""
    networks = self.task, self.feature_discriminator
    return (Player('task', networks, self.task_losses),)

  def task_losses(self, batch: Batch, shared: dict[str, Tensors]) -> Losses:
    """Eq. 3, the gradient of L_d turned round on its way to T."""
    losses = self.problem.losses(batch['source'], shared['source'])
    strength = rising_strength(self.step, self.reversal_steps)
    shares = {
      name: tf.stop_gradient(tf.nn.softmax(each['logits']))
      for name, each in shared.items()
    }
    seen = {
      name: self.joint(each['features'], shares[name])
      for name, each in shared.items()
    }
    weights = {name: self.example_weights(p) for name, p in shares.items()}
    loss, monitors = domain_loss(
      self.feature_discriminator, seen, strength, weights
    )
    terms = mean_terms(losses, 1.0)
    return terms | {'domain': self.domain_weight * loss}, monitors

  def joint(self, features: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Returns what D sees.

    Args:
      features: float32 `[n, d_f]`.
      probabilities: float32 `[n, n_classes]`.
    """
    if self.projections is None:
      product = features[:, :, None] * probabilities[:, None]
      return tf.reshape(product, [-1, math.prod(product.shape[1:])])
    of_features, of_classes = self.projections
    size = float(of_classes.shape[-1])
    product = (features @ of_features) * (probabilities @ of_classes)
    return product / tf.sqrt(size)

  def example_weights(self, probabilities: tf.Tensor) -> tf.Tensor:
    """Returns how much each example counts, float32 `[n]`, 1 in the mean."""
    if not self.by_entropy:
      return tf.ones_like(probabilities[:, 0])
    logs = tf.math.log(probabilities + 1e-5)
    entropy = -tf.reduce_sum(probabilities * logs, 1)
    weights = 1.0 + tf.exp(-entropy)
    return weights / tf.reduce_mean(weights)
