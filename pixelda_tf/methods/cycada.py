"""CyCADA: pixels, cycles and semantics; with features all at once."""

from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.methods.cyclegan import CycleGAN
from pixelda_tf.methods.feature_alignment import (
  FeatureAlignment,
  Representation,
  features,
)
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  mean_terms,
)
from pixelda_tf.networks import (
  NetworkBuilder,
  TaskBuilder,
  downsampling_residual_generator,
  lenet_classifier,
)

_CLASSIFIER_LEARNT = 1.0  # the released code's largest loss of a teacher


@gin.register
class CyCADA(CycleGAN):
  """Hoffman et al., CyCADA: Cycle-Consistent Adversarial Domain Adaptation.

  ICML 2018, arXiv:1711.03213. The pixel stage (Sect. 6.1), and with
  `align_features` the whole of Eq. 6 at once:

    L_task(f_T, G_S->T(X_S), Y_S) + L_GAN(G_S->T, D_T) + L_GAN(G_T->S, D_S)
      + L_GAN(f_T, D_feat) + L_cyc + L_sem(f_S)

  f_S is `source_task`, a source-only row's network, fixed; f_T is `task`. As in
  Eq. 7, G_S->T minimises the task loss too.

  Deviations: least squares for the pixel GANs, as the released code. With
  `joint_classifier` the semantic loss is that of the released code: f_S learns
  from source images meanwhile, the labels of translated source images are the
  true ones, and the loss is left out while f_S's own is above 1. Trained at
  once, D_feat compares target images with translated ones under f_T, not f_S:
  the two networks' features have nothing to do with each other.
  """

  predicts = True

  def __init__(
    self,
    *,
    generator: NetworkBuilder = downsampling_residual_generator,
    task: TaskBuilder = lenet_classifier,
    task_weight: float = 1.0,
    generator_task_weight: float | None = None,
    semantic_weight: float = 1.0,
    cycle_weight: float = 1.0,
    identity_weight: float = 0.0,
    joint_classifier: bool = False,
    align_features: bool = False,
    representation: Representation = features,
    threshold: float = 0.6,
    window: int = 1,
    **kwargs: Any,
  ):
    """Builds generators, discriminators and task networks.

    Args:
      generator: builder, called with (image_shape, noise_size 0).
      task: builder of f_T and f_S, called with (image_shape, n_classes).
      task_weight: of L_task for f_T.
      generator_task_weight: of L_task for G_S->T; None for `task_weight`, 0 as
        in the released code.
      semantic_weight: of L_sem, Eq. 4; 0 leaves it out.
      cycle_weight: of L_cyc, Eq. 3; 0 leaves it out.
      identity_weight: of CycleGAN's identity loss, none in the paper.
      joint_classifier: whether f_S is trained meanwhile.
      align_features: whether stage 3 goes on at the same time.
      representation: what D_feat sees, `features` or `scores`.
      threshold: see `FeatureAlignment`, as the next.
      window: batches of D_feat's accuracy.
      **kwargs: see `CycleGAN`.
    """
    super().__init__(
      generator=generator,
      task=task,
      cycle_weight=cycle_weight,
      identity_weight=identity_weight,
      **kwargs,
    )
    self.task = self.build_task()
    self.source_task = self.build_task()
    self.task_weight = task_weight
    self.generator_task_weight = (
      task_weight if generator_task_weight is None else generator_task_weight
    )
    self.semantic_weight = semantic_weight
    self.joint_classifier = joint_classifier
    if semantic_weight and not joint_classifier:
      self.needs = ('source_task',)
    self.alignment = None
    if align_features:
      self.alignment = FeatureAlignment(
        self.task,
        representation=representation,
        threshold=threshold,
        window=window,
        patience=None,
      )

  def players(self) -> tuple[Player, ...]:
    """Generators, discriminators, f_T, and who else is asked for."""
    players = super().players()
    players += (Player('task', (self.task,), self.task_losses),)
    if self.joint_classifier:
      networks = (self.source_task,)
      players += (Player('source_task', networks, self.source_task_losses),)
    if self.alignment:
      players += self.alignment.players()
    return players

  def shared(self, batch: Batch) -> Tensors:
    """The translated images, and f_T's features of both domains."""
    shared = super().shared(batch)
    if self.alignment:
      represent = self.alignment.representation
      for name, images in (
        ('reference', tf.stop_gradient(shared['target'])),
        ('aligned', batch['target']['image']),
      ):
        shared[name] = represent(self.task(images, training=True))
    return shared

  def task_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """L_task(f_T, G_S->T(X_S), Y_S), Eq. 1 on translated images."""
    images = tf.stop_gradient(shared['target'])
    terms = self.task_terms(
      self.task, images, batch['source'], self.task_weight, 'translated_'
    )
    return terms, {}

  def source_task_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """L_task(f_S, X_S, Y_S), Eq. 1, for a classifier trained meanwhile."""
    del shared
    source = batch['source']
    return self.task_terms(self.source_task, source['image'], source), {}

  def generator_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """Eq. 6 without the task networks' and discriminators' own parts."""
    terms, monitors = super().generator_losses(batch, shared)
    if self.generator_task_weight:
      weight, images = self.generator_task_weight, shared['target']
      terms |= self.task_terms(
        self.task, images, batch['source'], weight, 'translated_'
      )
    if self.semantic_weight:
      terms |= self._semantic(batch, shared)
    return terms, monitors

  def _semantic(self, batch, shared):
    """Eq. 4: f_S says the same of an image before and after translation."""
    weight, problem = self.semantic_weight, self.problem

    def loss(examples, outputs):
      return tf.add_n(list(problem.losses(examples, outputs).values()))

    source = self.source_task(batch['source']['image'])
    target = self.source_task(batch['target']['image'])
    source_labels = problem.pseudo_labels(source)
    if self.joint_classifier:
      source_labels = batch['source']
      own = tf.reduce_mean(loss(source_labels, source))
      # Of the whole batch: the same on every replica.
      replica = tf.distribute.get_replica_context()
      own = replica.all_reduce(tf.distribute.ReduceOp.MEAN, own)
      weight *= tf.cast(own <= _CLASSIFIER_LEARNT, tf.float32)
    translated = self.source_task(shared['target'])
    back = self.source_task(shared['source'])
    losses = {
      'source_semantic': loss(source_labels, translated),
      'target_semantic': loss(problem.pseudo_labels(target), back),
    }
    return mean_terms(losses, weight)
