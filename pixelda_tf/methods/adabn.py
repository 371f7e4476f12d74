"""AdaBN: a domain's own statistics of batch normalisation, and nothing else."""

from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import Batch, Player


@gin.register
class AdaBN(Method):
  """Adaptive Batch Normalization (Li et al., 2016).

  T (`task`) comes from another row, trained on source images. Its weights stay
  as they are; each mean and variance by which its layers normalise becomes that
  of the target's training images, seen batch by batch, a batch a step, as the
  layers see them in training: what is below is normalised by the batch's own.

  After n batches of mean m_k and variance v_k a layer has their mean m, and the
  mean of v_k + (m_k - m)^2: the variance of all n together, but that Keras, on
  one replica, divides v_k by one pixel less. The paper takes them over the
  whole target set: a row's steps times the batch should be that or more.

  Nothing has a gradient, and there are no players.
  """

  translates = False
  needs = ('task',)

  def __init__(self, **kwargs: Any):
    """Builds the task network, waiting for its weights.

    Args:
      **kwargs: see `Method`.

    Raises:
      ValueError: it normalises no batches.
    """
    super().__init__(**kwargs)
    self.task = self.build_task()
    if not self._normalizations():
      raise ValueError(
        'AdaBN: the task network has no batch normalisation; name another one '
        'as AdaBN.task, or leave the row out'
      )
    for layer in self._normalizations():
      # A step in training leaves the batch's own statistics.
      layer.momentum = 0.0

  def players(self) -> tuple[Player, ...]:
    """Nobody."""
    return ()

  def shared(self, batch: Batch) -> None:
    """Takes a batch of target images into the statistics."""
    # Of this batch among all that were seen.
    weight = 1.0 / tf.cast(self.step + 1, tf.float32)
    normalizations = self._normalizations()
    before = [
      (tf.identity(layer.moving_mean), tf.identity(layer.moving_variance))
      for layer in normalizations
    ]
    self.task(batch['target']['image'], training=True)
    for layer, (mean, variance) in zip(normalizations, before, strict=True):
      own_mean, own_variance = layer.moving_mean, layer.moving_variance
      distance = tf.square(own_mean - mean)
      layer.moving_variance.assign(
        (1.0 - weight) * (variance + weight * distance) + weight * own_variance
      )
      layer.moving_mean.assign((1.0 - weight) * mean + weight * own_mean)

  def _normalizations(self):
    """Returns the layers whose statistics are the target's in the end."""
    return [
      layer
      for layer in self.task.submodules
      if isinstance(layer, tf.keras.layers.BatchNormalization)
    ]
