"""Losses between two images that should be the same: one value an example."""

import tensorflow as tf


def reconstruction(images: tf.Tensor, reconstructed: tf.Tensor) -> tf.Tensor:
  """L1 distance, the terms of Eq. 3 of CyCADA and of CycleGAN's losses.

  The papers' norm is a sum; as in the released codes it is a mean, so that a
  weight means the same at every image size.

  Args:
    images: float32 `[batch, height, width, channels]` in [-1, 1].
    reconstructed: the same shape and range.

  Returns:
    float32 `[batch]`, in [0, 2].
  """
  return tf.reduce_mean(tf.abs(images - reconstructed), axis=[1, 2, 3])
