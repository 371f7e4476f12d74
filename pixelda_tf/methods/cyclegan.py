"""CycleGAN: translation in both directions, without pairs and without labels.

The two cycle-consistent methods, CycleGAN-UDA and CyCADA, are built on it.
"""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.losses.adversarial import AdversarialLoss, least_squares_loss
from pixelda_tf.losses.cycle import reconstruction
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.image_pool import ImagePool
from pixelda_tf.methods.player import Batch, Losses, Player, Tensors
from pixelda_tf.networks import (
  NetworkBuilder,
  patch_discriminator,
  unet_generator,
)
from pixelda_tf.networks.generators import build_generator
from pixelda_tf.networks.layers import drawing_from


@gin.register
class CycleGAN(Method):
  """Zhu et al., Unpaired Image-to-Image Translation using Cycle-Consistent ...

  ICCV 2017, arXiv:1703.10593, as CycleGAN-UDA (Basci), Sect. 4.1.3, has it:

    L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda_1 L_cyc(G, F)
      + lambda_2 L_identity(G, F)

  G and F are `source_to_target` and `target_to_source`, D_Y and D_X
  `target_discriminator` and `source_discriminator`, lambda_1 and lambda_2
  `cycle_weight` and `identity_weight`. The generators move first, then the
  discriminators, on the same translated images.

  The papers halve the discriminators' objective (`discriminator_weight`) to
  slow them. Under Adam a factor on a player's whole loss changes next to
  nothing; a lower learning rate would.
  """

  predicts = False
  translates_back = True

  def __init__(
    self,
    *,
    generator: NetworkBuilder = unet_generator,
    discriminator: NetworkBuilder = patch_discriminator,
    adversarial_loss: Callable[[], AdversarialLoss] = least_squares_loss,
    target_domain_weight: float = 1.0,
    source_domain_weight: float = 1.0,
    cycle_weight: float = 8.0,
    identity_weight: float = 0.8,
    discriminator_weight: float = 0.5,
    pool_size: int = 0,
    dropout_when_translating: bool = False,
    **kwargs: Any,
  ):
    """Builds two generators and two discriminators.

    Args:
      generator: builder, called with (image_shape, noise_size 0).
      discriminator: builder, called with (image_shape, n_classes 0).
      adversarial_loss: function that returns the pair of losses L_GAN.
      target_domain_weight: of L_GAN(G, D_Y).
      source_domain_weight: of L_GAN(F, D_X).
      cycle_weight: lambda_1; 0 leaves the reconstruction out.
      identity_weight: lambda_2; 0 leaves it out.
      discriminator_weight: of the discriminators' whole objective.
      pool_size: earlier translated images that the discriminators see again;
        0 for none, 50 in the released codes.
      dropout_when_translating: whether the generators' dropout, if they have
        any, is on when they are used, as in Sect. 4.3.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.source_to_target = build_generator(
      generator, self.network_shape, 0, self.image_shape
    )
    self.target_to_source = build_generator(
      generator, self.network_shape, 0, self.image_shape
    )
    self.target_discriminator = discriminator(self.network_shape, 0)
    self.source_discriminator = discriminator(self.network_shape, 0)
    self.adversarial_loss = adversarial_loss()
    self.target_domain_weight = target_domain_weight
    self.source_domain_weight = source_domain_weight
    self.cycle_weight = cycle_weight
    self.identity_weight = identity_weight
    self.discriminator_weight = discriminator_weight
    self.dropout_when_translating = dropout_when_translating
    self.pools = None
    if pool_size:
      self.pools = {
        name: ImagePool(self.train_shape, pool_size, (self._seed, number))
        for number, name in enumerate(('target', 'source'))
      }

  def players(self) -> tuple[Player, ...]:
    """Both generators, then both discriminators."""
    generators = self.source_to_target, self.target_to_source
    discriminators = self.target_discriminator, self.source_discriminator
    return (
      Player('generators', generators, self.generator_losses),
      Player('discriminators', discriminators, self.discriminator_losses),
    )

  def shared(self, batch: Batch) -> Tensors:
    """The images translated in both directions, G(x) and F(y)."""
    source, target = batch['source']['image'], batch['target']['image']
    return {
      'target': generate(self.source_to_target, source, training=True),
      'source': generate(self.target_to_source, target, training=True),
    }

  def noise(
    self, count: int | tf.Tensor, seed: int | None = None
  ) -> tf.Tensor | None:
    """None, or where dropout stays on an int64 scalar that decides it."""
    del count
    if not self.dropout_when_translating:
      return None
    if seed is None:
      return self.random.uniform_full_int([], tf.int64)
    return tf.constant(seed, tf.int64)

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class; noise as from `noise`."""
    return self._translate(self.source_to_target, images, noise)

  def translate_back(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class; noise as from `noise`."""
    return self._translate(self.target_to_source, images, noise)

  def generator_losses(self, batch: Batch, translated: Tensors) -> Losses:
    """The whole objective but for the discriminators' half."""
    source, target = batch['source']['image'], batch['target']['image']
    adversarial = self.adversarial_loss.generator
    fake_target = self.target_discriminator(translated['target'], training=True)
    fake_source = self.source_discriminator(translated['source'], training=True)
    terms = {
      'target_domain': self.target_domain_weight
      * adversarial(fake_target['domain']),
      'source_domain': self.source_domain_weight
      * adversarial(fake_source['domain']),
    }
    if self.cycle_weight:
      back = generate(self.target_to_source, translated['target'], True)
      forth = generate(self.source_to_target, translated['source'], True)
      terms['source_cycle'] = self._distance(self.cycle_weight, source, back)
      terms['target_cycle'] = self._distance(self.cycle_weight, target, forth)
    if self.identity_weight:
      same_target = generate(self.source_to_target, target, True)
      same_source = generate(self.target_to_source, source, True)
      weight = self.identity_weight
      terms['target_identity'] = self._distance(weight, target, same_target)
      terms['source_identity'] = self._distance(weight, source, same_source)
    return terms, {}

  def discriminator_losses(self, batch: Batch, translated: Tensors) -> Losses:
    """The discriminators' half of both L_GAN, and how often they are right."""
    terms: Tensors = {}
    monitors: Tensors = {}
    for name, discriminator in (
      ('target', self.target_discriminator),
      ('source', self.source_discriminator),
    ):
      images = tf.stop_gradient(translated[name])
      if self.pools:
        images = self.pools[name](images)
      real = discriminator(batch[name]['image'], training=True)['domain']
      fake = discriminator(images, training=True)['domain']
      loss = self.adversarial_loss.discriminator(real, fake)
      terms[f'{name}_domain'] = self.discriminator_weight * loss
      monitors |= self.adversarial_loss.accuracies(real, fake, f'{name}_')
    return terms, monitors

  def _distance(self, weight, images, others):
    return weight * tf.reduce_mean(reconstruction(images, others))

  def _translate(self, generator, images, noise):
    if not self.dropout_when_translating:
      return generate(generator, images)
    if noise is None:
      noise = self.noise(tf.shape(images)[0])
    with drawing_from(generator, noise):
      return generate(generator, images, training=True)


def generate(
  generator: tf.keras.Model, images: tf.Tensor, training: bool = False
) -> tf.Tensor:
  """Applies a generator without noise to float32 images in [-1, 1]."""
  no_noise = tf.zeros([tf.shape(images)[0], 0])
  return generator([images, no_noise], training=training)
