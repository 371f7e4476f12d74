"""A player: who minimises what, and how it moves."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf

Schedule: TypeAlias = tf.keras.optimizers.schedules.LearningRateSchedule

Batch = Mapping[str, Mapping[str, tf.Tensor]]
Tensors = dict[str, tf.Tensor]
Losses = tuple[Tensors, Tensors]  # what is minimised; what is only logged
# By the name under which a config gives them, see `Player.parts`.
Optimizers = Mapping[str, tf.keras.optimizers.Optimizer]


class Move(NamedTuple):
  """What is known of a player's move.

  Attributes:
    loss: the sum of its terms, float32 scalar.
    logs: terms, monitors and 'gradient_norm', float32 scalars.
  """

  loss: tf.Tensor
  logs: Tensors


class Step(NamedTuple):
  """What is known of a train step.

  Attributes:
    logs: what the players' moves log, as `<player>/<name>`; of a player that
      moves several times, the means.
    moves: each player's, in order.
  """

  logs: Tensors
  moves: dict[str, list[Move]]


class Player(NamedTuple):
  """Who minimises what.

  Attributes:
    name: of the player; its terms are logged as `<name>/<term>`.
    networks: the models whose trainable variables it moves.
    losses: function of (batch, shared) that returns two dicts of float32
      scalars: the weighted terms, whose sum the player minimises, and
      monitors, which are only logged.
    when: function to a bool scalar, the same on every replica, asked after the
      losses: whether the player moves in this step; None for always. A player
      that does not move keeps its weights and its optimizer's state.
    repeats: how many times it moves in a step, before the next player does:
      n_critic of a Wasserstein GAN. The first time it sees what all players
      share, then what `shared` returns anew, with fresh noise; images are the
      step's.
    apart: of the networks, or of parts of them, those that have an optimizer of
      their own, by its name: a learning rate, say. They move with the others,
      by the gradient of the same losses.
  """

  name: str
  networks: tuple[tf.keras.Model, ...]
  losses: Callable[[Batch, Any], Losses]
  when: Callable[[], tf.Tensor] | None = None
  repeats: int = 1
  apart: Mapping[str, tf.keras.Model] = {}

  def variables(self) -> list[tf.Variable]:
    """Returns the variables that the player moves, shared ones once."""
    return _once(v for net in self.networks for v in net.trainable_variables)

  def parts(self) -> dict[str, list[tf.Variable]]:
    """Returns what each optimizer moves, by its name.

    What is not `apart` is moved by that of the player's own name, the first.
    """
    apart = {
      name: _once(network.trainable_variables)
      for name, network in self.apart.items()
    }
    taken = {v.ref() for part in apart.values() for v in part}
    rest = [v for v in self.variables() if v.ref() not in taken]
    return {self.name: rest} | apart

  def own(
    self, optimizers: Optimizers
  ) -> dict[str, tf.keras.optimizers.Optimizer]:
    """Returns copies of the optimizers of this player's parts, built.

    A schedule of a learning rate counts steps, however often the player moves
    in one.
    """
    own = {}
    for name, variables in self.parts().items():
      config = optimizers[name].get_config()
      if self.repeats > 1 and isinstance(config['learning_rate'], dict):
        schedule = tf.keras.optimizers.schedules.deserialize(
          config['learning_rate']
        )
        config['learning_rate'] = OfSteps(schedule, self.repeats)
      own[name] = optimizers[name].from_config(config)
      own[name].build(variables)
    return own

  def move(
    self,
    batch: Batch,
    shared: Any,
    tape: tf.GradientTape,
    optimizers: Optimizers,
  ) -> Move:
    """Moves once.

    Args:
      batch: of the step.
      shared: what `Method.shared` returned of it.
      tape: under which that was computed, persistent.
      optimizers: the player's, see `own`.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    with tape:
      terms, monitors = self.losses(batch, shared)
      whole = tf.add_n(list(terms.values()))
      loss = whole / replicas
    parts = self.parts()
    moves = []
    for name, gradients in tape.gradient(loss, parts).items():
      optimizer = optimizers[name]
      pairs = optimizer.aggregate_gradients(
        zip(gradients, parts[name], strict=True)
      )
      moves.append((optimizer, list(pairs)))
    condition = None if self.when is None else self.when()
    for optimizer, pairs in moves:
      apply_gradients = optimizer.apply_gradients
      if condition is not None:
        apply_gradients = only_when(condition, optimizer)
      apply_gradients(pairs, skip_gradients_aggregation=True)
    norm = tf.linalg.global_norm([g for _, pairs in moves for g, _ in pairs])
    return Move(whole, terms | monitors | {'gradient_norm': norm})


class OfSteps(Schedule):
  """A schedule of steps for an optimizer that moves several times in each.

  Args:
    schedule: of a step's number to a learning rate.
    moves: of the optimizer in a step.
  """

  def __init__(self, schedule: Schedule, moves: int):
    """See the class."""
    self.schedule = schedule
    self.moves = moves

  def __call__(self, move: tf.Tensor) -> tf.Tensor:
    """Returns the rate of a move, counted from 0."""
    return self.schedule(move // self.moves)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {'schedule': self.schedule, 'moves': self.moves}


def only_when(
  condition: tf.Tensor, optimizer: tf.keras.optimizers.Optimizer
) -> Callable[..., None]:
  """Returns `optimizer.apply_gradients`, undone where a condition is false.

  A condition around it would not do: within one, an optimizer cannot reach the
  other replicas.

  Args:
    condition: bool scalar, the same on every replica.
    optimizer: a built Keras optimizer.
  """

  def apply_gradients(pairs, **kwargs):
    pairs = list(pairs)
    state = [variable for _, variable in pairs] + list(optimizer.variables)
    before = [tf.identity(variable) for variable in state]
    optimizer.apply_gradients(pairs, **kwargs)

    def undo(strategy, before, condition):
      for variable, old in zip(state, before, strict=True):
        strategy.extended.update(
          variable,
          lambda v, old, keep: v.assign(tf.where(keep, v, old)),
          args=(old, condition),
        )

    tf.distribute.get_replica_context().merge_call(undo, (before, condition))

  return apply_gradients


def up_to_features(task: tf.keras.Model) -> tf.keras.Model:
  """Returns a task network's part up to its 'features': an encoder.

  It shares the task network's layers.
  """
  return tf.keras.Model(task.input, task.output['features'], name='encoder')


def _once(variables):
  return list({v.ref(): v for v in variables}.values())


def mean_terms(
  losses: Tensors, weight: float | tf.Tensor, prefix: str = ''
) -> Tensors:
  """Means of a dict of per-example losses, weighted and named."""
  return {
    prefix + name: weight * tf.reduce_mean(values)
    for name, values in losses.items()
  }
