"""CycleGAN-UDA: a task network trained on images that CycleGAN translated."""

from collections.abc import Callable, Iterable
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.cyclegan import generate
from pixelda_tf.methods.player import Batch, Losses, Player, Tensors
from pixelda_tf.methods.source_only import SourceOnly
from pixelda_tf.networks import NetworkBuilder, unet_generator
from pixelda_tf.networks.generators import build_generator

_SELECTED_ON = 2000


@gin.register
class CycleGANUDA(Method):
  """Basci, Unsupervised Domain Adaptation through CycleGAN, second step.

  The first step is `CycleGAN`, whose generator comes from there and no longer
  moves; here it stands in front of T and translates source images on the fly.
  The paper's other way, a translated data set written offline, is
  `TranslatedTask`. The paper's CNN is in Figure 8, which its text lacks; the
  default T is of the papers that it compares itself with.
  """

  needs: tuple[str, ...] = ('source_to_target',)

  def __init__(
    self, *, generator: NetworkBuilder = unet_generator, **kwargs: Any
  ):
    """Builds a generator, which waits for its weights, and T.

    Args:
      generator: builder, as that of the `CycleGAN` it comes from.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.source_to_target = build_generator(
      generator, self.network_shape, 0, self.image_shape
    )
    self.task = self.build_task()

  def players(self) -> tuple[Player, ...]:
    """T alone."""
    return (Player('task', (self.task,), self.task_losses),)

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class."""
    del noise
    return generate(self.source_to_target, images)

  def task_losses(self, batch: Batch, shared: None) -> Losses:
    """The task loss on translated images."""
    del shared
    images = tf.stop_gradient(self.translate(batch['source']['image']))
    return self.task_terms(self.task, images, batch['source']), {}


@gin.register
class TwoWayCycleGANUDA(CycleGANUDA):
  """The paper's future work (Sect. 7): both directions at test time.

  T predicts of target images, and `source_task`, trained on source images as
  they are, of target images translated to source:

    p(y | x) = w softmax(T(x)) + (1 - w) softmax(T_s(F(x)))

  w is `combination_weight`. No target label chooses it: after training each
  network counts by what its predictions of unlabelled target training images
  tell of the images, their mutual information I, w = I(T) / (I(T) + I(T_s)).
  (The w under which the combined predictions have the most would not do: it is
  0 or 1, since mutual information is convex in the predictions.)
  """

  translates_back = True
  needs = ('source_to_target', 'target_to_source')

  def __init__(
    self, *, generator: NetworkBuilder = unet_generator, **kwargs: Any
  ):
    """As `CycleGANUDA`; `task` builds both task networks."""
    super().__init__(generator=generator, **kwargs)
    self.target_to_source = build_generator(
      generator, self.network_shape, 0, self.image_shape
    )
    self.source_task = self.build_task()
    self.combination_weight = tf.Variable(0.5, trainable=False)

  def players(self) -> tuple[Player, ...]:
    """T, then the source's."""
    return (
      *super().players(),
      Player('source_task', (self.source_task,), self.source_task_losses),
    )

  def translate_back(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """See the base class."""
    del noise
    return generate(self.target_to_source, images)

  def source_task_losses(self, batch: Batch, shared: None) -> Losses:
    """The task loss on source images."""
    del shared
    source = batch['source']
    return self.task_terms(self.source_task, source['image'], source), {}

  def call(self, images: tf.Tensor, training: bool = False) -> Tensors:
    """The combined prediction; its logits are log-probabilities."""
    outputs = self.task(images, training=training)
    back = self.source_task(self.translate_back(images), training=training)
    forward, backward = map(self.problem.probabilities, (outputs, back))
    weight = self.combination_weight
    combined = weight * forward + (1.0 - weight) * backward
    logits = tf.math.log(tf.maximum(combined, 1e-30))
    return outputs | {'logits': logits}

  def select_without_labels(
    self, target_images: Callable[[int], Iterable[np.ndarray]]
  ) -> dict[str, float]:
    """Chooses `combination_weight`; see the class."""
    probabilities = self.problem.probabilities
    forward = mutual_information(
      probabilities(self.task(batch)) for batch in target_images(_SELECTED_ON)
    )
    backward = mutual_information(
      probabilities(self.source_task(self.translate_back(batch)))
      for batch in target_images(_SELECTED_ON)
    )
    both = forward + backward
    weight = forward / both if both else 0.5
    self.combination_weight.assign(weight)
    return {'combination_weight': weight}


@gin.register
class TranslatedTask(SourceOnly):
  """The offline way: T trained on a translated data set as its source."""

  adapts = True


def mutual_information(batches: Iterable[np.ndarray]) -> float:
  """Of images, or their pixels, and their classes, from predictions alone.

  Args:
    batches: float `[..., n_classes]`, probabilities of one image or pixel or
      more, which sum to 1; one batch is in memory at a time.

  Returns:
    float in [0, log(n_classes)], nats: H(mean prediction) - mean H(prediction).
  """

  def entropy(p):
    return -np.sum(p * np.log(np.maximum(p, 1e-30)), axis=-1)

  count, total, entropies = 0, np.zeros(()), 0.0
  for batch in batches:
    predictions = np.asarray(batch, np.float64)
    predictions = predictions.reshape(-1, predictions.shape[-1])
    count += len(predictions)
    total = total + predictions.sum(axis=0)
    entropies += entropy(predictions).sum()
  return float(entropy(total / count) - entropies / count)
