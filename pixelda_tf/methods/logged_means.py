"""What `fit` logs: means of an epoch's steps, or of what is validated."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf.methods.player import Step, Tensors


class LoggedMeans:
  """Means of values by name, since Keras reset them.

  Keras tracks no object of this class: its metrics are in no checkpoint, and no
  weights.

  Attributes:
    metrics: by name; made as a first value is traced.
  """

  def __init__(self):
    """Has seen nothing yet."""
    self.metrics: dict[str, tf.keras.metrics.Mean] = {}

  def update(
    self, values: Mapping[str, tf.Tensor], weights: tf.Tensor | None = None
  ) -> Tensors:
    """Counts values, scalars or `[batch]`, and returns the means so far."""
    for name, value in values.items():
      if name not in self.metrics:
        self.metrics[name] = _Mean(name)
      self.metrics[name].update_state(value, weights)
    return {name: self.metrics[name].result() for name in values}


def of_step(step: Step) -> Tensors:
  """Returns what is logged of a step in `fit`, float32 scalars.

  Returns:
    'loss', the sum of the players' losses, which is NaN if a gradient is not
    finite, as the weights are lost then; '<player>/loss', the sum of a player's
    terms, unless one of them has that name; and the step's logs.
  """
  losses, norms = {}, []
  for name, moves in step.moves.items():
    losses[f'{name}/loss'] = tf.add_n([m.loss for m in moves]) / len(moves)
    norms += [move.logs['gradient_norm'] for move in moves]
  if not losses:
    return step.logs
  is_sound = tf.math.is_finite(tf.add_n(norms))
  loss = tf.where(is_sound, tf.add_n(list(losses.values())), float('nan'))
  return {'loss': loss} | losses | step.logs


class _Mean(tf.keras.metrics.Mean):
  """A mean that no file holds: which there are depends on what was run."""

  def __init__(self, name):
    super().__init__(name, dtype=tf.float32)

  def save_own_variables(self, store: Any) -> None:
    """Writes nothing."""

  def load_own_variables(self, store: Any) -> None:
    """Reads nothing."""
