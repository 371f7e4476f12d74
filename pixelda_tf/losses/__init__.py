"""Pure functions of tensors; weights are applied by the methods."""

from pixelda_tf.losses import adversarial, content, task

__all__ = ['adversarial', 'content', 'task']
