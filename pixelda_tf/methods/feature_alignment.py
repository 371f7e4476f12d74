"""Adversarial alignment of a task network's features, with CyCADA's gate."""

from collections.abc import Callable

import gin
import tensorflow as tf

from pixelda_tf.losses.adversarial import fraction, sigmoid_loss
from pixelda_tf.methods.player import Batch, Losses, Player, Tensors
from pixelda_tf.networks import feature_discriminator

Representation = Callable[[Tensors], tf.Tensor]
# Of the length of a feature vector, or of that at each place of a map.
DiscriminatorBuilder = Callable[[int], tf.keras.Model]


@gin.register
def features(outputs: Tensors) -> tf.Tensor:
  """The task network's last features, float32 `[batch, d]`.

  Of label maps they are `[batch, rows, columns, d]`: FCN8s's fc7.
  """
  return outputs['features']


@gin.register
def scores(outputs: Tensors) -> tf.Tensor:
  """Its class scores, float32 `[batch, n_classes]` (the released code).

  Of label maps they are those of every pixel, `[batch, height, width,
  n_classes]`.
  """
  return outputs['logits']


class FeatureAlignment(tf.Module):
  """The feature level's GAN, Eq. 5 of CyCADA (ADDA, Tzeng et al., 2017).

  D_feat tells features of source images from those of target images, f_T moves
  so that its features of target images are taken for the source's: inverted
  labels. f_T moves only while D_feat is right often enough (Sect. 6.1): in the
  mean over a window of batches, 1 for digits and 100 for label maps, where it
  decides at every place of a map. Batches that are still to come count as 0, so
  that D_feat has seen a good part of the first window when the gate opens. (The
  released code takes the mean of those that were.)
  """

  def __init__(
    self,
    task: tf.keras.Model,
    *,
    representation: Representation,
    threshold: float,
    window: int,
    patience: int | None,
    weight: float = 1.0,
    discriminator: DiscriminatorBuilder = feature_discriminator,
  ):
    """Builds D_feat.

    Args:
      task: f_T, a model of images to a dict with the representation.
      representation: function of the outputs of `task` to `[batch, ..., d]`.
      threshold: f_T moves while D_feat's accuracy is above it, in [0, 1].
      window: number of last batches over which that accuracy is the mean.
      patience: steps in which f_T did not once move after which it is over; an
        epoch in the paper. None for never.
      weight: of f_T's loss; 0.1 for label maps, whose D_feat is too weak else
        (Sect. 6.1.2).
      discriminator: builder of D_feat, called with d.
    """
    super().__init__()
    self.representation = representation
    self.threshold = threshold
    self.patience = patience
    self.weight = weight
    output = representation(task.output)
    # Without the class layer, where the representation lies before it.
    self.aligned_layers = tf.keras.Model(task.input, output)
    self.discriminator = discriminator(output.shape[-1])
    self.loss = sigmoid_loss()
    # The same on every replica.
    mean = {
      'trainable': False,
      'aggregation': tf.VariableAggregation.MEAN,
    }
    self.accuracies = tf.Variable(tf.zeros([window]), **mean)
    self.closed_steps = tf.Variable(0.0, **mean)

  def players(self) -> tuple[Player, ...]:
    """D_feat, then f_T; shared['reference'] and ['aligned'] are features."""
    return (
      Player(
        'feature_discriminator',
        (self.discriminator,),
        self.discriminator_losses,
      ),
      Player(
        'alignment',
        (self.aligned_layers,),
        self.task_losses,
        when=self.gate_is_open,
      ),
    )

  def gate_is_open(self) -> tf.Tensor:
    """Whether D_feat is right often enough for f_T to move."""
    return tf.reduce_mean(self.accuracies) > self.threshold

  def stopped(self) -> str | None:
    """Returns the reason to stop, or None."""
    if self.patience is None or self.closed_steps < self.patience:
      return None
    return (
      f'the feature discriminator was not once above {self.threshold:.0%} in '
      f'{self.patience:,} steps'
    )

  def discriminator_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """D_feat's half; counts how often it is right."""
    del batch
    reference, aligned = (
      self.discriminator(tf.stop_gradient(shared[name]), training=True)
      for name in ('reference', 'aligned')
    )
    reference, aligned = reference['domain'], aligned['domain']
    accuracy = fraction(tf.concat([reference > 0.0, aligned <= 0.0], axis=0))
    self.accuracies.assign(tf.concat([self.accuracies[1:], [accuracy]], axis=0))
    self.closed_steps.assign(
      tf.where(self.gate_is_open(), 0.0, self.closed_steps + 1.0)
    )
    loss = self.loss.discriminator(reference, aligned)
    return {'domain': loss}, {'accuracy': accuracy}

  def task_losses(self, batch: Batch, shared: Tensors) -> Losses:
    """f_T's half: its target features are to be taken for the source's."""
    del batch
    decisions = self.discriminator(shared['aligned'], training=True)
    gate_open = tf.cast(self.gate_is_open(), tf.float32)
    loss = self.weight * self.loss.generator(decisions['domain'])
    return {'domain': loss}, {'gate_open': gate_open}
