"""Loop, checkpoints, monitoring and the experiment that joins them."""

from pixelda_tf.training import experiment, optimizers

__all__ = ['experiment', 'optimizers']
