"""CyCADA's feature stage, which follows the pixel stage of `cycada`."""

from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.cyclegan import generate
from pixelda_tf.methods.feature_alignment import (
  DiscriminatorBuilder,
  FeatureAlignment,
  Representation,
  features,
)
from pixelda_tf.methods.player import Batch, Losses, Player, Tensors
from pixelda_tf.networks import (
  NetworkBuilder,
  TaskBuilder,
  downsampling_residual_generator,
  feature_discriminator,
  lenet_classifier,
)
from pixelda_tf.networks.generators import build_generator


@gin.register
class CyCADAFeatures(Method):
  """CyCADA's feature stage, after the pixel stage or without it.

  Eq. 5: features of translated source images under a fixed network
  (`reference_task`, f_S of Eq. 5) against those of target images under f_T
  (`task`), which starts as the same network. Both start as the pixel stage left
  them, and so does its generator; without a generator D_feat sees source images
  as they are: those of the ablation "feature only", or a translated source that
  was written before (`Row.translated_by`).

  For label maps (Sect. 6.1.2) source and target images go through one network
  (`shares_weights`), and when the gate is open f_T moves twice: to fool D_feat
  with target images, then by the labels of source images. In the released code
  one optimizer takes both steps, here each player has its own. Averages of
  batch normalisation follow both domains' batches, whatever the gate.

  The released code aligns class scores, the paper features.
  """

  def __init__(
    self,
    *,
    generator: NetworkBuilder | None = downsampling_residual_generator,
    task: TaskBuilder = lenet_classifier,
    task_weight: float = 0.0,
    alignment_weight: float = 1.0,
    shares_weights: bool = False,
    feature_discriminator: DiscriminatorBuilder = feature_discriminator,
    representation: Representation = features,
    threshold: float = 0.6,
    window: int = 1,
    patience: int | None = None,
    **kwargs: Any,
  ):
    """Builds the networks, all but D_feat waiting for their weights.

    Args:
      generator: builder of G_S->T, or None for none.
      task: builder of the task networks.
      task_weight: of L_task on (translated) source images, behind the same gate
        as the alignment; none in the released code's digits.
      alignment_weight: of f_T's part of L_GAN; 0.1 for label maps.
      shares_weights: whether source images go through f_T, too, in the place of
        a fixed `reference_task`.
      feature_discriminator: builder of D_feat, called with the length of a
        feature vector; `feature_map_discriminator` for label maps.
      representation: what D_feat sees, `features` or `scores`.
      threshold: see `FeatureAlignment`, as the next two.
      window: batches of D_feat's accuracy, 1 for digits.
      patience: steps without a move after which the stage ends, an epoch's.
      **kwargs: see `Method`.
    """
    super().__init__(task=task, **kwargs)
    self.translates = generator is not None
    self.needs = ('task',)
    if generator:
      self.needs += ('source_to_target',)
      self.source_to_target = build_generator(
        generator, self.network_shape, 0, self.image_shape
      )
    self.task = self.build_task()
    self.reference_task = None
    if not shares_weights:
      self.needs += ('reference_task',)
      self.reference_task = self.build_task()
    self.task_weight = task_weight
    self.alignment = FeatureAlignment(
      self.task,
      representation=representation,
      threshold=threshold,
      window=window,
      patience=patience,
      weight=alignment_weight,
      discriminator=feature_discriminator,
    )

  def players(self) -> tuple[Player, ...]:
    """D_feat and f_T, and f_T with labels where asked: one gate for both."""
    players = self.alignment.players()
    if self.task_weight:
      gate = self.alignment.gate_is_open
      players += (Player('task', (self.task,), self.task_losses, when=gate),)
    return players

  def stopped(self) -> str | None:
    """No suitable D_feat for too long (Sect. 6.1)."""
    return self.alignment.stopped()

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class."""
    del noise
    return generate(self.source_to_target, images)

  def shared(self, batch: Batch) -> Tensors:
    """Features of (translated) source images and of target images."""
    images = batch['source']['image']
    if self.translates:
      images = self.translate(images)
    represent = self.alignment.representation
    # Both with dropout: else D_feat could tell them by that.
    network = self.reference_task or self.task
    reference = network(images, training=True)
    aligned = self.task(batch['target']['image'], training=True)
    return {
      'images': images,
      'reference': represent(reference),
      'aligned': represent(aligned),
    }

  def task_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """L_task on (translated) source images."""
    images = tf.stop_gradient(shared['images'])
    prefix = 'translated_' if self.translates else 'source_'
    terms = self.task_terms(
      self.task, images, batch['source'], self.task_weight, prefix
    )
    return terms, {}
