"""Pure functions of tensors; weights are applied by the methods."""

from pixelda_tf.losses import (
  adversarial,
  content,
  cycle,
  discrepancy,
  four_way,
  penalty,
  task,
)

__all__ = [
  'adversarial',
  'content',
  'cycle',
  'discrepancy',
  'four_way',
  'penalty',
  'task',
]
