"""LSD-seg: embeddings whose images a discriminator cannot tell apart."""

from collections.abc import Callable, Sequence
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.losses import four_way
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.embedding import Embedding, Maps
from pixelda_tf.methods.player import Batch, Losses, Player, mean_terms
from pixelda_tf.networks import (
  ImageShape,
  NetworkBuilder,
  TaskBuilder,
  embedding_generator,
  fcn8s_segmenter,
  residual_discriminator,
)

# Of the maps' (rows, columns, channels), and the images' channels.
GeneratorBuilder = Callable[[Sequence[ImageShape], int], tf.keras.Model]


@gin.register
class LSDSeg(Method):
  """Sankaranarayanan et al., Learning from Synthetic Data: Addressing ...

  CVPR 2018, arXiv:1711.06969. F and C are one network, `task`: F, all up to the
  layer `embedding`, and C behind it. G, `generator`, makes an image of an
  embedding. D, `discriminator`, tells of each patch one of the four kinds of
  Table 1 (`losses.four_way`), and its class. In a step (Sect. 3.3) they move in
  this order:

    L_D = L_adv,D^s + L_adv,D^t + L_aux^s
    L_G = L_adv,G^s + L_adv,G^t + L_rec^s + L_rec^t
    L_F = L_seg + alpha L_aux^s + beta (L_adv,F^s + L_adv,F^t)

  C has L_seg alone, of source images alone: L_aux and L_adv,F run from D back
  through G to F, and move neither of the two. alpha is `auxiliary_weight`, beta
  `adversarial_weight`; the paper gives neither. With both 0 nothing of G and D
  reaches F: they are left out, and what remains is `SourceOnly`.

  Every term is a mean: over counted pixels, over D's decisions, or over the
  pixels and channels of images in [-1, 1]. The released code has alpha = beta =
  0.1 and sums, L_seg over pixels and D's over decisions of 8x8 pixels: see
  `of_sums`. Its L1 is a mean beside sums, and so next to nothing; the paper
  calls it crucial. Of its images, in [0, 1], it is half as large.

  In the paper L_aux of D is of generated source images (Sect. 3.2), in the
  released code of real ones, as here. Three more of its choices are options: G
  has L_aux, too (`generator_auxiliary_weight`), and weighs L_adv by 0.1
  (`generator_adversarial_weight`), and sees FCN8s's pool4 and pool3 beside the
  embedding. As there, images are generated once a step, before any network
  moves; D judges them anew for each player.

  What lies in F beside the way to the embedding, such as a U-Net's skips into
  C, is aligned only as far as it is part of that way, unless `embedding` names
  it. Averages of F's batch normalisation follow both domains, C's the source,
  or with `target_as_answered` all the source.

  It translates in that G makes images of what F knows: of source images such
  as D should take for real ones of the target, and the reverse.
  """

  translates_back = True

  def __init__(
    self,
    *,
    task: TaskBuilder = fcn8s_segmenter,
    generator: GeneratorBuilder = embedding_generator,
    discriminator: NetworkBuilder = residual_discriminator,
    embedding: Sequence[str] = ('features',),
    auxiliary_weight: float = 0.1,
    adversarial_weight: float = 0.1,
    reconstruction_weight: float = 1.0,
    generator_adversarial_weight: float = 1.0,
    generator_auxiliary_weight: float = 0.0,
    auxiliary_on_generated: bool = False,
    target_as_answered: bool = False,
    **kwargs: Any,
  ):
    """Builds the task network, then G and D where they have a say.

    Args:
      task: builder of F and C.
      generator: builder of G, called with the shapes of the maps of `embedding`
        and the number of an image's channels.
      discriminator: builder of D, called with (image_shape, n_classes), 0
        classes where `auxiliary_weight` is 0.
      embedding: names of layers of `task`: F's last, which G sees, then others
        before it which G sees, too, each larger than the one before.
      auxiliary_weight: alpha; 0 leaves D's class head out.
      adversarial_weight: beta.
      reconstruction_weight: of G's L_rec.
      generator_adversarial_weight: of G's L_adv, 0.1 in the released code.
      generator_auxiliary_weight: of G's L_aux, none in the paper and 1 in the
        released code.
      auxiliary_on_generated: whether D learns classes from generated source
        images, as in Sect. 3.2, or from real ones.
      target_as_answered: whether F sees target images in training as it does
        when it answers: by its averages of batch normalisation, which are of
        the source alone then, and without dropout.
      **kwargs: see `Method`.

    Raises:
      ValueError: `task` has no such layers, or G makes no images of them.
    """
    super().__init__(task=task, **kwargs)
    self.task = self.build_task()
    self.plays = bool(auxiliary_weight or adversarial_weight)
    self.translates = self.plays
    self.auxiliary_weight = auxiliary_weight
    self.adversarial_weight = adversarial_weight
    self.reconstruction_weight = reconstruction_weight
    self.generator_adversarial_weight = generator_adversarial_weight
    self.generator_auxiliary_weight = generator_auxiliary_weight
    self.auxiliary_on_generated = auxiliary_on_generated
    self.target_as_answered = target_as_answered
    if not self.plays:
      return
    self.embedding = Embedding(self.task, embedding)
    shapes, channels = self.embedding.shapes, self.image_shape[-1]
    self.generator = generator(shapes, channels)
    self.embedding.check(self.generator, [self.train_shape, self.image_shape])
    self.discriminator = discriminator(
      self.network_shape, self.n_classes if auxiliary_weight else 0
    )

  def players(self) -> tuple[Player, ...]:
    """D, G, then F and C."""
    task = Player('task', (self.task,), self.task_losses)
    if not self.plays:
      return (task,)
    return (
      Player('discriminator', (self.discriminator,), self.discriminator_losses),
      Player('generator', (self.generator,), self.generator_losses),
      task,
    )

  def shared(self, batch: Batch) -> Any:
    """Outputs of C on source images, and the images out of embeddings."""
    source, target = batch['source']['image'], batch['target']['image']
    if not self.plays:
      return self.task(source, training=True), None
    outputs, maps = self.embedding.embed_and_classify(source, training=True)
    of_target = self.embedding.embed(
      target, training=not self.target_as_answered
    )
    made = {
      'source_fake': self.reconstruct(maps, source, training=True),
      'target_fake': self.reconstruct(of_target, target, training=True),
    }
    return outputs, made

  def reconstruct(
    self, maps: Maps, images: tf.Tensor, training: bool = False
  ) -> tf.Tensor:
    """Returns G's images of embeddings, `[batch, height, width, channels]`.

    Args:
      maps: of the images' embeddings.
      images: of whose size they are to be.
      training: whether dropout is on.
    """
    height, width = tf.unstack(tf.shape(images)[1:3])
    made = self.generator(maps, training=training)[:, :height, :width]
    return tf.ensure_shape(made, images.shape)

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """Returns G(F(images)), see the class."""
    del noise
    return self.reconstruct(
      self.embedding.embed(images, training=False), images
    )

  def translate_back(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """The same: G is not told the domain."""
    return self.translate(images, noise)

  def discriminator_losses(self, batch: Batch, shared: Any) -> Losses:
    """L_D, and how often D is right about each kind of image."""
    _, made = shared
    made = {kind: tf.stop_gradient(images) for kind, images in made.items()}
    real = {
      'source_real': batch['source']['image'],
      'target_real': batch['target']['image'],
    }
    decisions = self._judge(real | made)
    logits = {kind: outputs['domain'] for kind, outputs in decisions.items()}
    terms = four_way.losses('discriminator', logits)
    kind = 'source_fake' if self.auxiliary_on_generated else 'source_real'
    terms |= self._auxiliary(1.0, batch, decisions[kind])
    return terms, four_way.accuracies(logits)

  def generator_losses(self, batch: Batch, shared: Any) -> Losses:
    """L_G."""
    _, made = shared
    decisions = self._judge(made)
    terms = self._adversarial(
      'generator', self.generator_adversarial_weight, decisions
    )
    for domain in ('source', 'target'):
      difference = made[f'{domain}_fake'] - batch[domain]['image']
      terms[f'{domain}_reconstruction'] = (
        self.reconstruction_weight * tf.reduce_mean(tf.abs(difference))
      )
    terms |= self._auxiliary(
      self.generator_auxiliary_weight, batch, decisions['source_fake']
    )
    return terms, {}

  def task_losses(self, batch: Batch, shared: Any) -> Losses:
    """L_F: L_seg for F and C, the other terms for F."""
    outputs, made = shared
    terms = mean_terms(self.problem.losses(batch['source'], outputs), 1.0)
    if not self.plays:
      return terms, {}
    decisions = self._judge(made)
    terms |= self._auxiliary(
      self.auxiliary_weight, batch, decisions['source_fake']
    )
    terms |= self._adversarial('embedding', self.adversarial_weight, decisions)
    return terms, {}

  def _judge(self, images):
    """Returns D's outputs by kind of image."""
    return {
      kind: self.discriminator(values, training=True)
      for kind, values in images.items()
    }

  def _adversarial(self, player, weight, decisions):
    """Returns a player's row of Table 1, weighted."""
    if not weight:
      return {}
    logits = {kind: outputs['domain'] for kind, outputs in decisions.items()}
    terms = four_way.losses(player, logits)
    return {kind: weight * loss for kind, loss in terms.items()}

  def _auxiliary(self, weight, batch, decisions):
    """Returns L_aux^s of D's class head, weighted; nothing without either."""
    if not weight or 'class' not in decisions:
      return {}
    losses = self.problem.head_losses(batch['source'], decisions['class'])
    return mean_terms({'class': losses}, weight)


@gin.register
def of_sums(weight: float, pixels: int = 64) -> float:
  """Returns a weight of means that does what one of sums does.

  Beside a sum over an image's pixels, as the released code's L_seg, a sum over
  D's decisions has fewer terms.

  Args:
    weight: of the sums, 0.1 for alpha and beta in the released code.
    pixels: that one decision is of, 8x8 there.
  """
  return weight / pixels
