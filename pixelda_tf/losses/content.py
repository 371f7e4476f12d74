"""Losses that keep a translated image's content: one value an example."""

from collections.abc import Callable

import gin
import tensorflow as tf

# Of (source, translated, mask) to `[batch]`.
ContentLoss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor | None], tf.Tensor]


def _needs_mask(loss):
  """Marks a loss that is not meant for data without masks."""
  loss.needs_mask = True
  return loss


def _masked_difference(source, translated, mask):
  difference = source - translated
  return difference if mask is None else difference * mask


@gin.register
@_needs_mask
def masked_pairwise_mse(
  source: tf.Tensor, translated: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """Masked pairwise mean squared error, Eq. 5 of PixelDA.

  With d = (source - translated) * mask and k = height * width * channels:
  `1/k * sum(d^2) - 1/k^2 * (sum d)^2`, that is the variance of d. Adding the
  same value to every pixel costs nothing where there is no mask. k counts all
  pixels, not only the masked ones. Eq. 5 as printed leaves the mask out of its
  first term; its text says that only the foreground counts, so both have it.
  The released code's loss is 2 * batch times larger (twice Eq. 5, summed over
  the batch): multiply a weight tuned there by that.

  Args:
    source: float32 `[batch, height, width, channels]` in [-1, 1].
    translated: the same shape and range.
    mask: float32 `[batch, height, width, 1]`, 1 on the foreground and 0
      elsewhere; None takes the whole image.

  Returns:
    float32 `[batch]`, at least 0.
  """
  difference = _masked_difference(source, translated, mask)
  mean = tf.reduce_mean(difference, axis=[1, 2, 3])
  return tf.reduce_mean(difference**2, axis=[1, 2, 3]) - mean**2


@gin.register
def pairwise_mse(
  source: tf.Tensor, translated: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """Eq. 5 over the whole image; a mask in the data is not looked at."""
  del mask
  return masked_pairwise_mse(source, translated)


@gin.register
def l1(
  source: tf.Tensor, translated: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """Mean absolute difference; arguments as `masked_pairwise_mse`."""
  difference = _masked_difference(source, translated, mask)
  return tf.reduce_mean(tf.abs(difference), axis=[1, 2, 3])


@gin.register
def l2(
  source: tf.Tensor, translated: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """Mean squared difference; arguments as `masked_pairwise_mse`."""
  difference = _masked_difference(source, translated, mask)
  return tf.reduce_mean(difference**2, axis=[1, 2, 3])
