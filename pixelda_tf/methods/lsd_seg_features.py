"""The ablation of LSD-seg whose discriminator sees embeddings, not images."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.losses.adversarial import fraction, sigmoid_loss
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.embedding import Embedding
from pixelda_tf.methods.feature_alignment import DiscriminatorBuilder
from pixelda_tf.methods.player import Batch, Losses, Player, mean_terms
from pixelda_tf.networks import (
  TaskBuilder,
  fcn8s_segmenter,
  feature_map_discriminator,
)


@gin.register
class LSDSegFeatures(Method):
  """The "feature space based D" of LSD-seg (Sect. 5.3, Table 4).

  Without G, D tells the domain of each place of an embedding, and F takes each
  domain's for the other's (as the global alignment of FCNs in the Wild, Hoffman
  et al., 2016):

    L_D = H(D F X_s, source) + H(D F X_t, target)
    L_F = L_seg + beta (H(D F X_s, target) + H(D F X_t, source))

  beta is `adversarial_weight`; terms are means over decisions. What is not said
  here is as in `LSDSeg`.
  """

  translates = False

  def __init__(
    self,
    *,
    task: TaskBuilder = fcn8s_segmenter,
    feature_discriminator: DiscriminatorBuilder = feature_map_discriminator,
    embedding: Sequence[str] = ('features',),
    adversarial_weight: float = 0.1,
    target_as_answered: bool = False,
    **kwargs: Any,
  ):
    """Builds the task network and D.

    Args:
      task: builder of F and C.
      feature_discriminator: builder of D, called with the embedding's depth.
      embedding: as that of `LSDSeg`; D sees the first one.
      adversarial_weight: beta.
      target_as_answered: as that of `LSDSeg`.
      **kwargs: see `Method`.

    Raises:
      ValueError: `task` has no such layer.
    """
    super().__init__(task=task, **kwargs)
    self.task = self.build_task()
    self.adversarial_weight = adversarial_weight
    self.target_as_answered = target_as_answered
    self.embedding = Embedding(self.task, embedding)
    self.feature_discriminator = feature_discriminator(
      self.embedding.shapes[0][-1]
    )
    self.adversarial_loss = sigmoid_loss()

  def players(self) -> tuple[Player, ...]:
    """D, then F and C."""
    discriminator = self.feature_discriminator
    return (
      Player(
        'feature_discriminator', (discriminator,), self.discriminator_losses
      ),
      Player('task', (self.task,), self.task_losses),
    )

  def shared(self, batch: Batch) -> Any:
    """Outputs of C on source images, and both domains' embeddings."""
    outputs, source = self.embedding.embed_and_classify(
      batch['source']['image'], training=True
    )
    target = self.embedding.embed(
      batch['target']['image'], training=not self.target_as_answered
    )
    return outputs, source[0], target[0]

  def discriminator_losses(self, batch: Batch, shared: Any) -> Losses:
    """L_D, and how often D is right."""
    del batch
    source, target = (
      self._judge(tf.stop_gradient(maps)) for maps in shared[1:]
    )
    loss = self.adversarial_loss.discriminator(source, target)
    monitors = {
      'accuracy_source': fraction(source > 0.0),
      'accuracy_target': fraction(target <= 0.0),
    }
    return {'domain': loss}, monitors

  def task_losses(self, batch: Batch, shared: Any) -> Losses:
    """L_F."""
    outputs, *maps = shared
    source, target = (self._judge(values) for values in maps)
    terms = mean_terms(self.problem.losses(batch['source'], outputs), 1.0)
    # Decisions are above 0 for the source.
    terms['source_domain'] = (
      self.adversarial_weight * self.adversarial_loss.generator(-source)
    )
    terms['target_domain'] = (
      self.adversarial_weight * self.adversarial_loss.generator(target)
    )
    return terms, {}

  def _judge(self, maps):
    return self.feature_discriminator(maps, training=True)['domain']
