"""Loop, checkpoints, monitoring and the experiment that joins them.

Whoever imports this can parse the config of a run: it registers all that one
can name.
"""

from pixelda_tf import data, losses, methods, networks, problems
from pixelda_tf.runs import experiment, optimizers

__all__ = [
  'data',
  'experiment',
  'losses',
  'methods',
  'networks',
  'optimizers',
  'problems',
]
