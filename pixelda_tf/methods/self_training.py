"""Self-training: a teacher labels target images, its student learns them."""

from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.cyclegan import generate
from pixelda_tf.methods.player import Batch, Losses, Player, Tensors, mean_terms
from pixelda_tf.methods.shares import ClassShares
from pixelda_tf.networks import NetworkBuilder
from pixelda_tf.networks.generators import build_generator, noise_vectors


@gin.register
class SelfTraining(Method):
  """Pseudo-labels of a teacher, on whatever a row has learnt before.

  The teacher is the moving average of the student's weights (Tarvainen and
  Valpola, 2017), and what predicts in the end. Of an image of the target it
  labels the weakly augmented view, where it is sure enough, and the student
  learns that of the strongly augmented one (FixMatch, Sohn et al., 2020, Eq. 3
  and 4; of label maps DACS, Tranheden et al., 2021), beside labelled source
  images:

    L = L_task(x_s, y_s) + target_weight mean(s L_task(A(x_t), y')) +
        mask_weight mean(s L_task(M(x_t), y'))

  y' are the teacher's answers, s is 1 where it is surer than `threshold`, else
  0; of a label map the part of pixels of which it is so, the others being
  ignored. A is `Pair.target_strong_augmentation`, which of label maps may move
  nothing. M hides blocks of the image (MIC, Hoyer et al., 2023, Eq. 3 to 6).
  Poses are the teacher's, of images whose class it is sure of.

  Names of this class and of `Row.initial_networks`: `task` is the student,
  `teacher` follows it from the first step on, when it is the student.
  `generator`, if any, comes trained from another row and translates source
  images on the fly; their labels are learnt beside those of the source as it
  is. (A source translated offline is `Row.translated_by`.)

  Distribution alignment (ReMixMatch, Berthelot et al., 2020, Sect. 3.1)
  multiplies the teacher's probabilities by how frequent it is that classes
  occur among the source's labels, over how frequently it answers them: it
  assumes that classes are as frequent in both domains, and is off.
  """

  strong_view = True
  shares: ClassShares | None

  def __init__(
    self,
    *,
    threshold: float = 0.9,
    target_weight: float = 1.0,
    momentum: float = 0.999,
    mask_weight: float = 0.0,
    mask_block: int = 32,
    mask_ratio: float = 0.5,
    distribution_alignment: bool = False,
    generator: NetworkBuilder | None = None,
    noise_size: int = 0,
    **kwargs: Any,
  ):
    """Builds student, teacher, and the generator, which waits for its weights.

    Args:
      threshold: probability of a class above which the teacher is sure.
      target_weight: of what is learnt of strongly augmented target images.
      momentum: of the teacher's average, which is min(momentum, 1 - 1 / t)
        after t steps: it has soon left what the student began with.
      mask_weight: of what is learnt of masked target images; 0 leaves them out.
      mask_block: side of a block that is hidden, pixels.
      mask_ratio: how many of the blocks are hidden.
      distribution_alignment: see the class.
      generator: builder of a generator that is trained; None for none.
      noise_size: length of its noise vector.
      **kwargs: see `Method`.

    Raises:
      ValueError: a number is out of its range.
    """
    super().__init__(**kwargs)
    for name, value in (
      ('threshold', threshold),
      ('momentum', momentum),
      ('mask_ratio', mask_ratio),
    ):
      if not 0.0 <= value <= 1.0:
        raise ValueError(f'SelfTraining.{name} is {value}: from 0 to 1')
    if mask_block < 1:
      raise ValueError(f'SelfTraining.mask_block is {mask_block}: 1 or more')
    self.threshold = threshold
    self.target_weight = target_weight
    self.momentum = momentum
    self.mask_weight = mask_weight
    self.mask_block = mask_block
    self.mask_ratio = mask_ratio
    self.noise_size = noise_size
    self.task = self.build_task()
    self.teacher = self.build_task()
    self.teacher.trainable = False
    self.teacher.set_weights(self.task.get_weights())
    self.shares = (
      ClassShares(self.n_classes) if distribution_alignment else None
    )
    self.translates = generator is not None
    if generator is not None:
      self.needs = ('generator',)
      self.generator = build_generator(
        generator, self.network_shape, noise_size, self.image_shape
      )

  def players(self) -> tuple[Player, ...]:
    """The student alone."""
    return (Player('task', (self.task,), self.task_losses),)

  def shared(self, batch: Batch) -> Tensors:
    """What the teacher answers, and where it is sure: 'sure' and labels."""
    outputs = self.teacher(batch['target']['image'], training=False)
    outputs = tf.nest.map_structure(tf.stop_gradient, outputs)
    probabilities = tf.cast(self.problem.probabilities(outputs), tf.float32)
    if self.shares is not None:
      labels = batch['source'][self.problem.targets[0]]
      probabilities = self.shares.align(probabilities, labels)
      outputs = outputs | {'logits': tf.math.log(probabilities + 1e-30)}
    sure = tf.reduce_max(probabilities, axis=-1) > self.threshold
    # The teacher of the first step is not the student yet.
    sure = sure & (self.step > 0)
    return {'sure': sure} | self.problem.pseudo_labels(outputs, sure)

  def task_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """L of the class's docstring."""
    source, target = batch['source'], batch['target']
    terms = self.task_terms(self.task, source['image'], source)
    if self.translates:
      images = tf.stop_gradient(self.translate(source['image']))
      terms |= self.task_terms(self.task, images, source, prefix='translated_')
    sure = tf.cast(shared['sure'], tf.float32)
    share = tf.reduce_mean(sure, axis=list(range(1, sure.shape.rank)))
    views = {'target_': (target['strong_image'], self.target_weight)}
    if self.mask_weight:
      views['masked_'] = self._masked(target['image']), self.mask_weight
    for prefix, (images, weight) in views.items():
      outputs = self.task(images, training=True)
      losses = self.problem.losses(shared, outputs)
      of_sure = {name: share * values for name, values in losses.items()}
      terms |= mean_terms(of_sure, weight, prefix)
    return terms, {'sure': tf.reduce_mean(share)}

  def after_step(self) -> None:
    """Moves the teacher, averages of batch normalisation as well."""
    steps = tf.cast(self.step, tf.float32)
    momentum = tf.minimum(self.momentum, 1.0 - 1.0 / (steps + 1.0))
    pairs = zip(self.teacher.weights, self.task.weights, strict=True)
    for average, weight in pairs:
      if average.dtype.is_floating:
        average.assign(momentum * average + (1.0 - momentum) * weight)

  def noise(
    self, count: int | tf.Tensor, seed: int | None = None
  ) -> tf.Tensor | None:
    """See `noise_vectors`; None for a generator without noise."""
    if not self.noise_size:
      return None
    return noise_vectors(self.random, count, self.noise_size, seed)

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class; noise is float32 `[batch, noise_size]`."""
    if noise is None:
      noise = self.noise(tf.shape(images)[0])
    if noise is None:
      return generate(self.generator, images)
    return self.generator([images, noise])

  def call(self, images: tf.Tensor, training: bool = False) -> Tensors:
    """The teacher's outputs."""
    return self.teacher(images, training=training)

  def _masked(self, images):
    """Returns images of which blocks are 0, the middle of the range."""
    count, height, width = tf.unstack(tf.shape(images)[:3])
    rows, columns = -(-height // self.mask_block), -(-width // self.mask_block)
    draws = self.random.uniform([count, rows, columns, 1])
    seen = tf.cast(draws >= self.mask_ratio, images.dtype)
    for axis in (1, 2):
      seen = tf.repeat(seen, self.mask_block, axis=axis)
    return images * seen[:, :height, :width]
