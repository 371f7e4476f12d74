"""Loop, checkpoints, monitoring and the experiment that joins them."""

from pixelda_tf.runs import experiment, optimizers

__all__ = ['experiment', 'optimizers']
