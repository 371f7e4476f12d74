"""What a Keras model has as its optimizer, where each player has its own."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from absl import logging

from pixelda_tf.errors import UserError
from pixelda_tf.methods.player import Player

Optimizer: TypeAlias = tf.keras.optimizers.Optimizer


class PlayersOptimizer:
  """All players' optimizers as one, for callbacks and for users.

  Keras tracks no object of this class: the optimizers themselves are the
  method's, and checkpoints have them once.

  Attributes:
    optimizers: built, by the player or the part of it that they move.
  """

  def __init__(self, players: Sequence[Player], given: Any):
    """Copies and builds optimizers.

    Args:
      players: of the method.
      given: an optimizer, or its name, or a dict of them by player's name, and
        a name in its `apart`.

    Raises:
      UserError: they are no Keras 2 optimizers, or of other players.
    """
    names = [name for player in players for name in player.parts()]
    # A dict with a class_name is an optimizer as Keras serialises it.
    if not isinstance(given, Mapping) or 'class_name' in given:
      given = dict.fromkeys(names, given)
    if set(given) != set(names):
      raise UserError(
        f'compile: optimizers for {sorted(given)}, but the players are '
        f'{sorted(names)}: name these'
      )
    self._given = {name: _optimizer(value) for name, value in given.items()}
    self.optimizers: dict[str, Optimizer] = {
      name: own
      for player in players
      for name, own in player.own(self._given).items()
    }
    self._shares: dict[str, float] = {}
    self._told = False

  def serialised(self) -> dict[str, Any]:
    """Returns what makes the same optimizers again, with today's rates."""
    serialise = tf.keras.saving.serialize_keras_object
    return {
      name: serialise(self._given[name] if has_schedule(own) else own)
      for name, own in self.optimizers.items()
    }

  def players_with_schedules(self) -> list[str]:
    """Returns the players whose rates are schedules, which nobody can set."""
    return [name for name, own in self.optimizers.items() if has_schedule(own)]

  @property
  def learning_rate(self) -> 'LearningRate':
    """The rate; of players with different ones, the highest.

    What is set is that highest one: the others keep their ratios to it.
    """
    return LearningRate(max(self._rates().values(), default=0.0), self)

  @learning_rate.setter
  def learning_rate(self, value: float) -> None:
    scheduled = self.players_with_schedules()
    if scheduled:
      raise UserError(
        f'the learning rate of {", ".join(map(repr, scheduled))} is a '
        'schedule, which cannot be set: compile with a number, or leave out '
        'what sets it'
      )
    rates = self._rates()
    highest = max(rates.values(), default=0.0)
    if highest:  # Else all are 0 for a while, and the last ratios hold.
      self._shares = {name: rate / highest for name, rate in rates.items()}
    self._tell(rates)
    for name, own in self.optimizers.items():
      own.learning_rate.assign(self._shares.get(name, 1.0) * float(value))

  @property
  def lr(self) -> 'LearningRate':
    """The same, as callbacks call it."""
    return self.learning_rate

  @lr.setter
  def lr(self, value: float) -> None:
    self.learning_rate = value

  @property
  def iterations(self) -> int:
    """How often the player that moved most has moved."""
    counts = [int(own.iterations) for own in self.optimizers.values()]
    return max(counts, default=0)

  def _rates(self):
    return {
      name: float(own.learning_rate) for name, own in self.optimizers.items()
    }

  def _tell(self, rates):
    """Says once what one rate means where there are several."""
    if len(set(rates.values())) > 1 and not self._told:
      self._told = True
      logging.warning(
        'players have different learning rates (%s): what is set is the '
        'highest, the others keep their ratios to it',
        ', '.join(f'{name} {rate:g}' for name, rate in rates.items()),
      )


class LearningRate(float):
  """A rate that can be assigned, as callbacks assign a variable."""

  dtype = tf.float32
  _optimizer: PlayersOptimizer

  def __new__(cls, value: float, optimizer: PlayersOptimizer) -> 'LearningRate':
    """Is the number, and remembers whose it is."""
    rate = super().__new__(cls, value)
    rate._optimizer = optimizer
    return rate

  def __reduce__(self) -> tuple[type[float], tuple[float]]:
    """In a file it is a number: a history is kept without its optimizer."""
    return float, (float(self),)

  def assign(self, value: float) -> None:
    """Sets the optimizer's rate."""
    self._optimizer.learning_rate = value

  def numpy(self) -> np.float32:
    """Returns it as a variable does."""
    return np.float32(self)


def has_schedule(optimizer: Optimizer) -> bool:
  """Returns whether an optimizer's rate is a schedule."""
  return isinstance(optimizer.get_config()['learning_rate'], Mapping)


def _optimizer(given):
  """Returns an optimizer of Keras 2 of what a user wrote.

  Raises:
    UserError: it is none.
  """
  name = type(given).__name__
  if isinstance(given, tf.keras.optimizers.legacy.Optimizer):
    known = name if hasattr(tf.keras.optimizers, name) else 'Adam'
    raise UserError(
      f'compile: {name} is a legacy optimizer, which cannot move players: '
      f'write tf.keras.optimizers.{known}(...), without decay'
    )
  wanted = "write tf.keras.optimizers.Adam(1e-3), another one, or 'adam'"
  try:
    optimizer = tf.keras.optimizers.get(given)
  except (ValueError, TypeError) as error:
    raise UserError(
      f'compile: {given!r} is no optimizer of Keras 2: {wanted}'
    ) from error
  # One around another, as for scaled losses, has no rate of its own.
  is_own = isinstance(optimizer, tf.keras.optimizers.Optimizer)
  if not is_own or 'learning_rate' not in optimizer.get_config():
    raise UserError(f'compile: {name} cannot move players: {wanted}')
  return optimizer
