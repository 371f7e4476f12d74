"""I2I Adapt: one framework of six losses, others' methods as its weights."""

from typing import Any

import gin
import tensorflow as tf
from absl import logging

from pixelda_tf.losses.cycle import reconstruction
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.critic import critic_terms, fooling_loss, normalized
from pixelda_tf.methods.feature_alignment import DiscriminatorBuilder
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  mean_terms,
  up_to_features,
)
from pixelda_tf.networks import (
  NetworkBuilder,
  TaskBuilder,
  feature_discriminator,
  lenet_classifier,
  patch_discriminator,
  vector_decoders,
)
from pixelda_tf.networks.decoders import DecodersBuilder, check_size
from pixelda_tf.networks.segmentation.maps import crop_to


@gin.register
class I2IAdapt(Method):
  """Murez et al., Image to Image Translation for Domain Adaptation.

  CVPR 2018, arXiv:1712.00479. Of source images x with labels c and target
  images y:

    Q = lambda_c Q_c + lambda_z Q_z + lambda_tr Q_tr + lambda_id Q_id
      + lambda_cyc Q_cyc + lambda_trc Q_trc                            (Eq. 7)

  f and h are one network, `task`: f = f_x = f_y up to its 'features', which are
  z, and h behind them. g_x and g_y are `source_decoder` and `target_decoder`,
  d_x, d_y and d_z `source_critic`, `target_critic` and `feature_critic`. The
  weights are `class_weight` (lambda_c), `feature_weight` (z),
  `translation_weight` (tr), `source_identity_weight` and
  `target_identity_weight` (id, which Tables 1 to 3 tell apart), `cycle_weight`
  (cyc) and `translated_class_weight` (trc). A term of weight 0 is not computed,
  and a network that no term needs is not built; so Table 1 has prior methods as
  weights: gin/studies/i2i_*.gin. (They are so with the losses of this paper:
  ADDA's cross entropy, say, is a Wasserstein distance here.)

  The paper's code was never released. Where its text leaves something open:

  * "l_a is an appropriate loss", and discriminators are trained by Improved
    WGAN (Sect. 4): they are critics, which maximise the difference of their
    means over real and fake, less `penalty_weight` times the penalty between a
    real and a fake example of the same place in the batch. To d_z, f(x) is
    real: target images are to be mapped "to the same distribution as the source
    images, not vice versa". Where a critic decides on patches, its value is the
    mean over them.
  * d_z sees z over its root mean square. Else what fools it most is a longer z:
    on MNIST and USPS Q_c was at 957 after 200 steps, with one critic step or 5.
  * "The discriminator is trained to maximize this loss while the discriminator
    is trained to minimize it": the second one is the encoder.
  * Q_z reaches f through target images alone. Q_trc reaches "the second encoder
    and classifier", and as f is shared, f by the pass over the translated image
    alone. Nothing restricts the others: Q_tr moves f and the decoders, Q_cyc f
    by both of its passes.
  * "alternating": the critics move first, `critic_steps` times; then f, h and
    the decoders, all at once.
  * Sums over images are means over a batch, L1 is a mean over pixels, too.

  f's batch normalisation, if any, follows source, target and translations.
  """

  translates_back = True

  def __init__(
    self,
    *,
    task: TaskBuilder = lenet_classifier,
    decoders: DecodersBuilder = vector_decoders,
    critic: NetworkBuilder = patch_discriminator,
    feature_critic: DiscriminatorBuilder = feature_discriminator,
    class_weight: float = 1.0,
    feature_weight: float = 0.05,
    translation_weight: float = 0.02,
    source_identity_weight: float = 0.1,
    target_identity_weight: float = 0.1,
    cycle_weight: float = 0.1,
    translated_class_weight: float = 0.1,
    penalty_weight: float = 10.0,
    critic_steps: int = 1,
    encoder_apart: bool = False,
    **kwargs: Any,
  ):
    """Builds f and h, and of the others what a term needs.

    Args:
      task: builder of f and h, whose outputs have 'features'.
      decoders: builder of g_x and g_y, called with the shape of z and of an
        image.
      critic: builder of d_x and d_y, called with (image_shape, n_classes 0);
        without batch normalisation, as the next.
      feature_critic: builder of d_z, called with the length of z.
      class_weight: lambda_c, Eq. 1.
      feature_weight: lambda_z, Eq. 3.
      translation_weight: lambda_tr, Eq. 4.
      source_identity_weight: lambda_id of source images, Eq. 2.
      target_identity_weight: lambda_id of target images.
      cycle_weight: lambda_cyc, Eq. 5.
      translated_class_weight: lambda_trc, Eq. 6.
      penalty_weight: of the critics' gradient penalty, 10 in Improved WGAN.
      critic_steps: how often the critics move in a step.
      encoder_apart: whether f has an optimizer of its own, 'encoder': one that
        starts from ImageNet is to stay near it (Sect. 4.2).
      **kwargs: see `Method`.

    Raises:
      ValueError: nothing trains h, or g_y of which Q_trc needs images; or
        something does in an `I2ITranslation`; or decoders make images of
        another size.
    """
    super().__init__(task=task, **kwargs)
    self.class_weight = class_weight
    self.feature_weight = feature_weight
    self.translation_weight = translation_weight
    self.source_identity_weight = source_identity_weight
    self.target_identity_weight = target_identity_weight
    self.cycle_weight = cycle_weight
    self.translated_class_weight = translated_class_weight
    self.penalty_weight = penalty_weight
    self.critic_steps = critic_steps
    self.encoder_apart = encoder_apart
    both = bool(translation_weight or cycle_weight)
    has_g_x = both or bool(source_identity_weight)
    self.translates = has_g_y = both or bool(target_identity_weight)
    self.translates_back = has_g_x and has_g_y
    self._check_weights()

    self.task = self.build_task()
    if not self.predicts:
      outputs = {'features': self.task.output['features']}
      self.task = tf.keras.Model(self.task.input, outputs, name='task')
    code_shape = tuple(self.task.output['features'].shape[1:])
    if has_g_x or has_g_y:
      g_x, g_y = decoders(code_shape, self.network_shape)
      if has_g_x:
        self.source_decoder = g_x
      if has_g_y:
        self.target_decoder = g_y
      check_size(self.task, g_y, self.train_shape)
    if translation_weight:
      self.source_critic = critic(self.network_shape, 0)
      self.target_critic = critic(self.network_shape, 0)
    if feature_weight:
      self.feature_critic = feature_critic(code_shape[-1])

  def players(self) -> tuple[Player, ...]:
    """The critics, then f, h and the decoders."""
    networks = self._built('task', 'source_decoder', 'target_decoder')
    apart = {'encoder': up_to_features(self.task)} if self.encoder_apart else {}
    model = Player('model', networks, self.model_losses, apart=apart)
    critics = self._built('source_critic', 'target_critic', 'feature_critic')
    if not critics:
      return (model,)
    steps = self.critic_steps
    return (
      Player('critics', critics, self.critic_losses, repeats=steps),
      model,
    )

  def shared(self, batch: Batch) -> Tensors:
    """What f, h, g_y and g_x make of both domains' images."""
    x, y = batch['source']['image'], batch['target']['image']
    shared = dict(self.task(x, training=True))
    shared['source'] = shared.pop('features')
    translates = self.translation_weight or self.cycle_weight
    if translates or self.feature_weight or self.target_identity_weight:
      shared['target'] = self._encode(y)
    if translates or self.translated_class_weight:
      fake = self._decode(self.target_decoder, shared['source'], x)
      shared['fake_target'] = fake
    if translates:
      fake = self._decode(self.source_decoder, shared['target'], y)
      shared['fake_source'] = fake
    return shared

  def model_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """Eq. 7 but for the critics' part."""
    x, y = batch['source']['image'], batch['target']['image']
    terms: Tensors = {}
    if self.class_weight:  # Eq. 1
      losses = self.problem.losses(batch['source'], shared)
      terms |= mean_terms(losses, self.class_weight)
    if self.source_identity_weight:  # Eq. 2
      same = self._decode(self.source_decoder, shared['source'], x)
      distance = _distance(x, same)
      terms['source_identity'] = self.source_identity_weight * distance
    if self.target_identity_weight:
      same = self._decode(self.target_decoder, shared['target'], y)
      distance = _distance(y, same)
      terms['target_identity'] = self.target_identity_weight * distance
    if self.feature_weight:  # Eq. 3: of target images alone
      codes = normalized(shared['target'])
      loss = fooling_loss(self.feature_critic, codes)
      terms['feature_domain'] = self.feature_weight * loss
    if self.translation_weight:  # Eq. 4
      weight = self.translation_weight
      loss = fooling_loss(self.target_critic, shared['fake_target'])
      terms['target_domain'] = weight * loss
      loss = fooling_loss(self.source_critic, shared['fake_source'])
      terms['source_domain'] = weight * loss
    if self.cycle_weight:  # Eq. 5
      codes = self._encode(shared['fake_target'])
      back = self._decode(self.source_decoder, codes, x)
      codes = self._encode(shared['fake_source'])
      forth = self._decode(self.target_decoder, codes, y)
      terms['source_cycle'] = self.cycle_weight * _distance(x, back)
      terms['target_cycle'] = self.cycle_weight * _distance(y, forth)
    if self.translated_class_weight:  # Eq. 6: neither g_y nor f's first pass
      images = tf.stop_gradient(shared['fake_target'])
      weight = self.translated_class_weight
      terms |= self.task_terms(
        self.task, images, batch['source'], weight, 'translated_'
      )
    return terms, {}

  def critic_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """What d_z, d_y and d_x minimise; to d_z the source's z are real."""
    judged = {}
    if self.feature_weight:
      codes = shared['source'], shared['target']
      judged['feature'] = tuple(map(normalized, codes))
    if self.translation_weight:
      for name in ('target', 'source'):
        judged[name] = batch[name]['image'], shared[f'fake_{name}']
    terms: Tensors = {}
    how = {'penalty_weight': self.penalty_weight, 'random': self.random}
    for name, (real, fake) in judged.items():
      critic = getattr(self, f'{name}_critic')
      terms |= critic_terms(critic, real, fake, name=name, **how)
    return terms, {}

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """Returns g_y(f(images))."""
    del noise
    codes = self.task(images)['features']
    return self._decode(self.target_decoder, codes, images, training=False)

  def translate_back(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """Returns g_x(f(images))."""
    del noise
    codes = self.task(images)['features']
    return self._decode(self.source_decoder, codes, images, training=False)

  def _encode(self, images):
    return self.task(images, training=True)['features']

  def _decode(self, decoder, codes, images, training=True):
    """Returns a decoder's images, as large as those that were encoded.

    Maps are of places that the last rows and columns may not fill.
    """
    return crop_to(decoder(codes, training=training), images)

  def _built(self, *names):
    return tuple(getattr(self, name) for name in names if hasattr(self, name))

  def _check_weights(self):
    """Raises ValueError for weights by which a network cannot learn."""
    if self.predicts != bool(self.class_weight or self.translated_class_weight):
      raise ValueError(
        'class_weight and translated_class_weight: I2IAdapt needs one above 0, '
        'I2ITranslation has none; set them, or name the other'
      )
    if self.translated_class_weight and not self.translates:
      raise ValueError(
        'translated_class_weight: nothing trains the decoder of these images; '
        'set it to 0, or target_identity_weight, translation_weight or '
        'cycle_weight above 0'
      )
    others = self.source_identity_weight, self.feature_weight
    if not (self.translates or any(others)):
      logging.log_first_n(
        logging.WARNING,
        'I2IAdapt: all adapting terms have a weight of 0: it is source-only',
        1,
      )


def _distance(images, others):
  return tf.reduce_mean(reconstruction(images, others))
