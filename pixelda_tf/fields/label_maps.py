"""Maps of labels: the class of each pixel."""

from collections.abc import Sequence

import tensorflow as tf

# Of pixels that count nowhere.
IGNORE = 255


def relabel(values: tf.Tensor, new: Sequence[int]) -> tf.Tensor:
  """Returns label maps with other labels; what has no new one is ignored.

  Args:
    values: int32 `[..., height, width, 1]`, labels or `IGNORE`.
    new: int `[n]`, the new label of each label, -1 for none.
  """
  table = [IGNORE if label < 0 else label for label in new]
  table += [IGNORE] * (IGNORE + 1 - len(table))
  return tf.gather(tf.constant(table), values)


def mask(values: tf.Tensor, labels: Sequence[int]) -> tf.Tensor:
  """Returns the mask, as it is stored, of the pixels of some classes.

  Args:
    values: integers `[..., height, width, 1]`, labels or `IGNORE`.
    labels: of the classes.

  Returns:
    uint8 of the same shape, 255 where a pixel is of one of them, else 0.
  """
  is_one = tf.reduce_any(values == tf.constant(labels, values.dtype), -1)
  return tf.cast(tf.where(is_one, 255, 0), tf.uint8)[..., tf.newaxis]
