"""DAN and Deep CORAL: a distance of features is minimised beside L_task."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.losses import discrepancy
from pixelda_tf.methods.feature_alignment import (
  Representation,
  features,
  scores,
)
from pixelda_tf.methods.feature_level import FeatureLevel
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  mean_terms,
)


class DistanceMatching(FeatureLevel):
  """L_task on the source, and a weighted distance of both domains' features.

  Attributes:
    distance: function of source and target features float32 `[n, d]` to a
      float32 scalar.
  """

  distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

  def __init__(
    self,
    *,
    representation: Representation = features,
    distance_weight: float = 1.0,
    **kwargs: Any,
  ):
    """Builds T.

    Args:
      representation: what is brought together, `features` or `scores`.
      distance_weight: of the distance.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.representation = representation
    self.distance_weight = distance_weight

  def players(self) -> tuple[Player, ...]:
    """T alone."""
    return (Player('task', (self.task,), self.task_losses),)

  def task_losses(self, batch: Batch, shared: dict[str, Tensors]) -> Losses:
    """L_task and the distance."""
    losses = self.problem.losses(batch['source'], shared['source'])
    seen = {name: self.representation(each) for name, each in shared.items()}
    distance = type(self).distance(seen['source'], seen['target'])
    terms = mean_terms(losses, 1.0)
    return terms | {'distance': self.distance_weight * distance}, {}


@gin.register
class DAN(DistanceMatching):
  """Long et al., Learning Transferable Features, ICML 2015: multi-kernel MMD.

  arXiv:1502.02791, Eq. 4. The paper matches all dense layers, and learns how
  its kernels weigh; here they weigh the same and match one layer, the last but
  one.
  """

  distance = staticmethod(discrepancy.maximum_mean_discrepancy)


@gin.register
class DeepCORAL(DistanceMatching):
  """Sun and Saenko, Deep CORAL, ECCV 2016 workshops: covariances (Eq. 5, 6).

  arXiv:1607.01719. It matches class scores.
  """

  distance = staticmethod(discrepancy.coral)

  def __init__(self, *, representation: Representation = scores, **kwargs: Any):
    """See `DistanceMatching`."""
    super().__init__(representation=representation, **kwargs)
