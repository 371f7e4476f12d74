"""Losses of the task network: one value an example."""

import gin
import tensorflow as tf


def cross_entropy(labels, logits):
  """Classification loss, the terms of Eq. 3 of PixelDA.

  Args:
    labels: int32 `[batch]` in [0, n_classes).
    logits: float32 `[batch, n_classes]`.

  Returns:
    float32 `[batch]`, `-log softmax(logits)[label]`.
  """
  return tf.nn.sparse_softmax_cross_entropy_with_logits(
    labels=labels, logits=logits
  )


def patch_cross_entropy(labels, logits):
  """The auxiliary class head's loss over a grid of decisions.

  Args:
    labels: int32 `[batch]` in [0, n_classes): one label for all patches.
    logits: float32 `[batch, rows, columns, n_classes]`.

  Returns:
    float32 `[batch]`, the mean cross entropy of an image's patches.
  """
  grid = tf.ones(tf.shape(logits)[:3], labels.dtype)
  losses = cross_entropy(labels[:, tf.newaxis, tf.newaxis] * grid, logits)
  return tf.reduce_mean(losses, axis=[1, 2])


@gin.register
def classification(examples, outputs):
  """The task loss of a classifier, by term.

  Args:
    examples: dict with 'label', int32 `[batch]` in [0, n_classes).
    outputs: the task network's dict with 'logits', `[batch, n_classes]`.

  Returns:
    {'class': float32 `[batch]`}.
  """
  return {'class': cross_entropy(examples['label'], outputs['logits'])}
