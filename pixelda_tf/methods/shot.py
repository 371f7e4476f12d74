"""SHOT: a source model adapted by what its answers tell of target images."""

from typing import Any

import gin

from pixelda_tf.losses.information import information_maximization
from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import Batch, Losses, Player, up_to_features


@gin.register
class SHOT(Method):
  """Liang et al., Do We Really Need to Access the Source Data?, ICML 2020.

  arXiv:2002.08546, Eq. 2 to 4, SHOT-IM: the classifier behind the features is
  the source's and stays, the encoder moves so that the answers to target images
  are sure, and all classes are answered. No source image is looked at: its
  network comes trained, as `task`, from another row. The paper's source model
  is trained with smoothed labels and a weight-normalised classifier; here it is
  any row's. Its pseudo-labels by nearest centroids (Eq. 5 to 7) are left out.

  The second term assumes that all classes are about equally frequent in the
  target.
  """

  translates = False
  needs = ('task',)

  def __init__(self, **kwargs: Any):
    """Builds the network, which waits for its weights.

    Args:
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.task = self.build_task()

  def players(self) -> tuple[Player, ...]:
    """The encoder alone."""
    encoder = up_to_features(self.task)
    return (Player('encoder', (encoder,), self.encoder_losses),)

  def encoder_losses(self, batch: Batch, shared: None) -> Losses:
    """-L_IM of a batch of target images."""
    del shared
    outputs = self.task(batch['target']['image'], training=True)
    probabilities = self.problem.probabilities(outputs)
    return {'information': -information_maximization(probabilities)}, {}
