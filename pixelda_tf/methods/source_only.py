"""The two bounds: trained on one domain's labels, tested on the target."""

import gin

from pixelda_tf.losses.task import classification
from pixelda_tf.methods.base import Method, Player, mean_terms
from pixelda_tf.networks import mnist_classifier


@gin.register
class SourceOnly(Method):
  """No adaptation: the lower bound ("Source Only", Table 1 of PixelDA)."""

  adapts = False
  translates = False

  def __init__(
    self,
    *,
    image_shape,
    n_classes,
    task=mnist_classifier,
    task_loss=classification,
    seed=0,
  ):
    """Builds the task network.

    Args:
      image_shape: (height, width, channels).
      n_classes: number of classes.
      task: builder of T, called with (image_shape, n_classes).
      task_loss: function of (examples, outputs) to a dict of `[batch]` losses.
      seed: start of the method's random stream.
    """
    super().__init__(image_shape=image_shape, n_classes=n_classes, seed=seed)
    self.task = task(image_shape, n_classes)
    self.task_loss = task_loss

  def players(self):
    """The task network alone."""
    return (Player('task', (self.task,), self.task_losses),)

  def task_losses(self, batch, shared):
    """The task loss on labelled images as they are."""
    del shared
    terms = {}
    for name, prefix in (('source', ''), ('labelled_target', 'target_')):
      if name in batch:
        outputs = self.task(batch[name]['image'], training=True)
        losses = self.task_loss(batch[name], outputs)
        terms |= mean_terms(losses, 1.0, prefix)
    return terms, {}

  def call(self, images, training=False):
    """Returns the task network's outputs."""
    return self.task(images, training=training)


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
