"""The two bounds: trained on one domain's labels, tested on the target."""

from typing import Any

import gin

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.player import (
  Batch,
  Losses,
  Player,
  Tensors,
  up_to_features,
)


@gin.register
class SourceOnly(Method):
  """No adaptation: the lower bound ("Source Only", Table 1 of PixelDA)."""

  adapts = False
  translates = False

  def __init__(self, *, encoder_apart: bool = False, **kwargs: Any):
    """Builds the task network.

    Args:
      encoder_apart: whether its part up to its 'features' has an optimizer of
        its own, 'encoder'.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.encoder_apart = encoder_apart
    self.task = self.build_task()

  def players(self) -> tuple[Player, ...]:
    """The task network alone."""
    apart = {'encoder': up_to_features(self.task)} if self.encoder_apart else {}
    return (Player('task', (self.task,), self.task_losses, apart=apart),)

  def task_losses(self, batch: Batch, shared: None) -> Losses:
    """The task loss on labelled images as they are."""
    del shared
    terms: Tensors = {}
    for name, prefix in (('source', ''), ('labelled_target', 'target_')):
      if name in batch:
        images, examples = batch[name]['image'], batch[name]
        terms |= self.task_terms(self.task, images, examples, prefix=prefix)
    return terms, {}


@gin.register
class TargetOnly(SourceOnly):
  """Trained on the target's labels: the upper bound ("Target-only")."""

  role = 'supervised_target'


@gin.register
class LabelledTargetOnly(SourceOnly):
  """Trained on a few labelled target images ("1000-only", Table 6)."""

  role = 'labelled_target'


@gin.register
class SourceAndLabelledTarget(SourceOnly):
  """Trained on the source and them, unadapted ("Synth+1000", Table 6)."""

  role = 'semi_supervised'
