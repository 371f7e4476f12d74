"""Losses of the task network: one value an example."""

import tensorflow as tf


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  """Classification loss, the terms of Eq. 3 of PixelDA.

  Args:
    labels: int32 `[batch, ...]` in [0, n_classes).
    logits: float32 `[batch, ..., n_classes]`.

  Returns:
    float32 `[batch, ...]`, `-log softmax(logits)[label]`.
  """
  return tf.keras.losses.sparse_categorical_crossentropy(
    labels, logits, from_logits=True
  )


def patch_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
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


def mean_of_pixels(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
  """Returns the weighted mean of each map of a batch.

  Args:
    values: float32 `[batch, height, width]`.
    weights: the same shape, at least 0.

  Returns:
    float32 `[batch]`, 0 of a map whose weights are all 0.
  """
  return tf.math.divide_no_nan(
    tf.reduce_sum(weights * values, axis=[1, 2]),
    tf.reduce_sum(weights, axis=[1, 2]),
  )


def quaternion_log_loss(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
  """The log of a metric of rotations, the pose terms of Eq. 6 of PixelDA.

  q and -q are the same pose. The paper's log(1 - |<q, q^>|) has no minimum; as
  in the released code 1e-4 is added.

  Args:
    true: float32 `[batch, 4]`, unit quaternions.
    predicted: the same.

  Returns:
    float32 `[batch]`, `log(1e-4 + 1 - |<true, predicted>|)`, from log(1e-4) for
    equal poses to nearly 0 for half a turn.
  """
  cosine = tf.abs(tf.reduce_sum(true * predicted, axis=-1))
  return tf.math.log(1e-4 + 1.0 - tf.minimum(cosine, 1.0))
