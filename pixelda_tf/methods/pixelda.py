"""PixelDA: a generator makes labelled target images out of source images."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.losses.adversarial import AdversarialLoss, sigmoid_loss
from pixelda_tf.losses.content import ContentLoss, masked_pairwise_mse
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  mean_terms,
)
from pixelda_tf.networks import (
  NetworkBuilder,
  pyramid_discriminator,
  residual_generator,
)
from pixelda_tf.networks.classifiers import private_copy
from pixelda_tf.networks.generators import build_generator, noise_vectors


@gin.register
class PixelDA(Method):
  """Bousmalis et al., Unsupervised Pixel-Level Domain Adaptation with GANs.

  CVPR 2017, arXiv:1612.05424. The objective, Eq. 4:

    min_{G,T} max_D  alpha L_d(D, G) + beta L_t(T, G) + gamma L_c(G)

  alpha, beta and gamma are `domain_weight`, `task_weight`, `content_weight`; z
  is `noise`, U(-1, 1). D and T move first, then G, all on the same translated
  images (Sect. 3).

  Deviations: G minimises -log D(fake), not log(1 - D(fake)). The released code
  weighs D's, T's and G's losses apart; under Adam only the ratio within G
  matters, and there its recipe is 1.12 to 1, so alpha = beta is close to it.
  Its private first layers of T, which the paper does not have, are there with
  `private_task_layers`; its weight decay, which never reached a loss, is not.
  """

  def __init__(
    self,
    *,
    generator: NetworkBuilder = residual_generator,
    discriminator: NetworkBuilder = pyramid_discriminator,
    adversarial_loss: Callable[[], AdversarialLoss] = sigmoid_loss,
    content_loss: ContentLoss = masked_pairwise_mse,
    domain_weight: float = 1.0,
    task_weight: float = 1.0,
    content_weight: float = 0.0,
    source_task_weight: float = 1.0,
    generator_task_weight: float | None = None,
    class_head_weight: float = 0.0,
    noise_size: int = 10,
    private_task_layers: bool = False,
    task_repeats: int = 1,
    semi_supervised: bool = False,
    **kwargs: Any,
  ):
    """Builds the three networks.

    Args:
      generator: builder of G, called with (image_shape, noise_size).
      discriminator: builder of D, called with (image_shape, n_classes of its
        class head).
      adversarial_loss: function that returns the pair of losses L_d.
      content_loss: L_c, function of (source, translated, mask) to `[batch]`.
      domain_weight: alpha.
      task_weight: beta.
      content_weight: gamma; 0 as in the paper's digits leaves L_c out.
      source_task_weight: weight of source images beside translated ones within
        L_t; 0 trains T on translated images alone (Table 5).
      generator_task_weight: beta where G minimises it; None for `task_weight`,
        0 for a G that does not see L_t (Table 5).
      class_head_weight: weight of D's auxiliary class head (ACGAN); 0 for none.
      noise_size: length of z, 10 in the paper.
      private_task_layers: whether T has a first stage of its own for source
        images, as the released code; target images go through the one that
        translated images train.
      task_repeats: how many times T moves in a step, on the step's images
        translated with fresh noise each time; once in the paper. T is small
        beside G and D, and what it needs is many images.
      semi_supervised: whether T also learns from labelled target images
        (Sect. 4.5).
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    head = self.n_classes if class_head_weight else 0
    self.generator = build_generator(
      generator, self.network_shape, noise_size, self.image_shape
    )
    self.discriminator = discriminator(self.network_shape, head)
    self.task = self.build_task()
    self.private_task = private_copy(self.task) if private_task_layers else None
    self.adversarial_loss = adversarial_loss()
    self.content_loss = content_loss
    self.domain_weight = domain_weight
    self.task_weight = task_weight
    self.content_weight = content_weight
    self.source_task_weight = source_task_weight
    self.generator_task_weight = (
      task_weight if generator_task_weight is None else generator_task_weight
    )
    self.class_head_weight = class_head_weight
    self.noise_size = noise_size
    self.task_repeats = task_repeats
    if semi_supervised:
      self.role = 'semi_supervised'

  def players(self) -> tuple[Player, ...]:
    """D and T, then G."""
    tasks = tuple(filter(None, (self.task, self.private_task)))
    return (
      Player('discriminator', (self.discriminator,), self.discriminator_losses),
      Player('task', tasks, self.task_losses, repeats=self.task_repeats),
      Player('generator', (self.generator,), self.generator_losses),
    )

  def shared(self, batch: Batch) -> tf.Tensor:
    """The translated images G(x_s, z), Eq. 1."""
    return self.translate(batch['source']['image'], training=True)

  def noise(self, count: int | tf.Tensor, seed: int | None = None) -> tf.Tensor:
    """z, each element from U(-1, 1): float32 `[count, noise_size]`."""
    return noise_vectors(self.random, count, self.noise_size, seed)

  def translate(
    self,
    images: tf.Tensor,
    noise: tf.Tensor | None = None,
    training: bool = False,
  ) -> tf.Tensor:
    """See the base class; noise is float32 `[batch, noise_size]`."""
    if noise is None:
      noise = self.noise(tf.shape(images)[0])
    return self.generator([images, noise], training=training)

  def discriminator_losses(self, batch: Batch, translated: tf.Tensor) -> Losses:
    """-L_d, Eq. 2, and the class head on translated images."""
    real = self.discriminator(batch['target']['image'], training=True)
    fake = self.discriminator(tf.stop_gradient(translated), training=True)
    terms = {
      'domain': self.domain_weight
      * self.adversarial_loss.discriminator(real['domain'], fake['domain'])
    }
    monitors = self.adversarial_loss.accuracies(real['domain'], fake['domain'])
    return terms | self._class_head(batch, fake), monitors

  def task_losses(self, batch: Batch, translated: tf.Tensor) -> Losses:
    """L_t, Eq. 3 or 6: on source images and on translated ones."""
    source = batch['source']
    weight = self.task_weight
    fake = tf.stop_gradient(translated)
    terms = self.task_terms(self.task, fake, source, weight, 'translated_')
    if self.source_task_weight:
      terms |= self.task_terms(
        self.private_task or self.task,
        source['image'],
        source,
        weight * self.source_task_weight,
        'source_',
      )
    if self.role == 'semi_supervised':  # Sect. 4.5
      labelled = batch.get('labelled_target')
      if labelled is None:
        raise UserError(
          'PixelDA.semi_supervised is set, but the batches have no '
          'labelled_target: name one in Pair.labelled_target'
        )
      terms |= self.task_terms(
        self.task, labelled['image'], labelled, weight, 'target_'
      )
    return terms, {}

  def generator_losses(self, batch: Batch, translated: tf.Tensor) -> Losses:
    """G's part of Eq. 4."""
    source = batch['source']
    decisions = self.discriminator(translated, training=True)
    terms = {
      'domain': self.domain_weight
      * self.adversarial_loss.generator(decisions['domain'])
    }
    if self.generator_task_weight:
      weight = self.generator_task_weight
      terms |= self.task_terms(
        self.task, translated, source, weight, 'translated_'
      )
    if self.content_weight:
      mask = self._mask(source)
      content = self.content_loss(source['image'], translated, mask)  # Eq. 5
      terms['content'] = self.content_weight * tf.reduce_mean(content)
    return terms | self._class_head(batch, decisions), {}

  def _mask(self, source):
    if 'mask' not in source and getattr(self.content_loss, 'needs_mask', False):
      raise UserError(
        'PixelDA.content_loss is masked_pairwise_mse, but the source has no '
        'masks: choose pairwise_mse, l1 or l2, or prepare the data with masks'
      )
    return source.get('mask')

  def _class_head(self, batch, decisions):
    if not self.class_head_weight:
      return {}
    losses = self.problem.head_losses(batch['source'], decisions['class'])
    return mean_terms({'class_head': losses}, self.class_head_weight)
