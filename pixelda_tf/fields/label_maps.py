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
