"""How frequent classes are: in the source, and in what a teacher answers."""

import tensorflow as tf

from pixelda_tf.fields.label_maps import IGNORE

_MOMENTUM = 0.99
_EPSILON = 1e-6


class ClassShares(tf.Module):
  """Running means of the shares of classes, of labels and of answers."""

  def __init__(self, n_classes: int):
    """Starts with equal shares.

    Args:
      n_classes: number of classes.
    """
    super().__init__()
    equal = tf.fill([n_classes], 1.0 / n_classes)
    # The same on every replica.
    mean = {'trainable': False, 'aggregation': tf.VariableAggregation.MEAN}
    self.of_source = tf.Variable(equal, name='of_source', **mean)
    self.of_target = tf.Variable(equal, name='of_target', **mean)

  def align(self, probabilities: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Returns probabilities times the source's shares over the target's.

    The means move by this batch before.

    Args:
      probabilities: float32 `[..., n_classes]`, of target images.
      labels: int32, of source images; `IGNORE` is not counted.
    """
    n_classes = self.of_source.shape[0]
    one_hot = tf.one_hot(tf.reshape(labels, [-1]), n_classes)
    counted = tf.reshape(labels, [-1, 1]) != IGNORE
    counts = tf.reduce_sum(tf.where(counted, one_hot, 0.0), axis=0)
    found = tf.math.divide_no_nan(counts, tf.reduce_sum(counts))
    answers = tf.reshape(probabilities, [-1, n_classes])
    self._move(self.of_source, found)
    self._move(self.of_target, tf.reduce_mean(answers, axis=0))
    ratio = (self.of_source + _EPSILON) / (self.of_target + _EPSILON)
    weighted = probabilities * ratio
    return weighted / tf.reduce_sum(weighted, axis=-1, keepdims=True)

  def _move(self, mean, value):
    mean.assign(_MOMENTUM * mean + (1.0 - _MOMENTUM) * value)
