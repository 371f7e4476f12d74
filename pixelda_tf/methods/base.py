"""What a method answers, and the only train step."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

Batch = Mapping[str, Mapping[str, tf.Tensor]]
Terms = dict[str, tf.Tensor]


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
  """

  name: str
  networks: tuple[tf.keras.Model, ...]
  losses: Callable[[Batch, Any], tuple[Terms, Terms]]
  when: Callable[[], tf.Tensor] | None = None
  repeats: int = 1

  def variables(self) -> list[tf.Variable]:
    """Returns the variables that the player moves, shared ones once."""
    variables = [v for net in self.networks for v in net.trainable_variables]
    return list({v.ref(): v for v in variables}.values())


class Method(tf.keras.Model):
  """A domain adaptation method: networks, players and a task to predict.

  A subclass says who plays (`players`), what they share in a step (`shared`),
  how target images are answered (`call`) and, if it can, how source images are
  translated (`translate`). Steps, precision, distribution and logging are
  here, once.

  Attributes:
    adapts: whether the method learns from unlabelled target images.
    predicts: whether it has a task network to answer images with.
    translates: whether `translate` works, from source to target.
    translates_back: whether `translate_back` works, from target to source.
    needs: names of its networks that have to come from another row, trained.
    role: which batches it trains on, see `OpenPair.train_batches`.
    image_shape: (height, width, channels) of the images.
    n_classes: number of classes.
    step: int64 variable, the number of train steps taken.
  """

  adapts = True
  predicts = True
  translates = True
  translates_back = False
  needs = ()
  role = 'unsupervised'

  def __init__(self, *, image_shape, n_classes, seed=0):
    """Builds what all methods have.

    Args:
      image_shape: (height, width, channels) of both domains' images.
      n_classes: number of classes.
      seed: start of the method's random stream.
    """
    super().__init__()
    self.image_shape = tuple(image_shape)
    self.n_classes = n_classes
    self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name='step')
    self.random = tf.random.Generator.from_seed(seed)
    self.accuracy = tf.keras.metrics.SparseCategoricalAccuracy('accuracy')

  def players(self) -> tuple[Player, ...]:
    """Returns the players in the order in which they move."""
    raise NotImplementedError

  def shared(self, batch: Batch):
    """Returns what all players reuse in this step; computed once."""
    del batch

  def noise(self, count, seed=None):
    """Returns what `translate` draws a style from; None without noise.

    Args:
      count: number of images.
      seed: gives the same noise for the same seed; None takes the next of the
        method's own random stream.
    """
    del count, seed

  def translate(self, images, noise=None):
    """Translates source images to the target's style.

    Args:
      images: float32 `[batch, height, width, channels]` in [-1, 1].
      noise: what the method draws its style from; None draws it.

    Returns:
      float32 images of the same shape and range.
    """
    raise NotImplementedError(f'{type(self).__name__} does not translate')

  def translate_back(self, images, noise=None):
    """Translates target images to the source's style, as `translate`."""
    raise NotImplementedError(f'{type(self).__name__} does not translate back')

  def after_step(self) -> None:
    """Moves what no player does, such as a teacher by moving average.

    Called once a step, after all players, outside the tape; on several devices
    by each, for its own copies of the variables. A checkpoint holds what it
    moves if the method holds it as an attribute.
    """

  def stopped(self) -> str | None:
    """Returns why training ends before its last step, or None."""

  def select_without_labels(
    self, target_images: Callable[[int], np.ndarray]
  ) -> dict[str, float]:
    """Chooses, after the last step, what is chosen without target labels.

    Args:
      target_images: function of n to the first n training images of the
        target, float32 `[n, height, width, channels]` in [-1, 1].

    Returns:
      dict of what was chosen, for the row's result; empty here.
    """
    del target_images
    return {}

  def predictions(self, images):
    """Answers images: what users and metrics see.

    Returns:
      {'probabilities': float32 `[batch, n_classes]`} and, where the task has
      it, 'pose': float32 `[batch, 4]`, unit quaternions with w >= 0.
    """
    outputs = self(images)
    answers = {'probabilities': tf.nn.softmax(outputs['logits'])}
    if 'pose' in outputs:
      pose = outputs['pose']
      answers['pose'] = tf.where(pose[:, :1] < 0, -pose, pose)
    return answers

  def compile(self, optimizer, **kwargs):
    """Gives each player an optimizer of its own.

    Args:
      optimizer: a Keras optimizer, copied for every player, or a dict of one a
        player's name.
      **kwargs: as `tf.keras.Model.compile`.

    Raises:
      ValueError: the dict's keys are not the players' names.
    """
    super().compile(**kwargs)
    players = {player.name: player for player in self.players()}
    if not isinstance(optimizer, Mapping):
      optimizer = dict.fromkeys(players, optimizer)
    if set(optimizer) != set(players):
      raise ValueError(
        f'optimizers for {sorted(optimizer)}, but the players of '
        f'{type(self).__name__} are {sorted(players)}'
      )
    self.player_optimizers = {
      name: optimizer[name].from_config(optimizer[name].get_config())
      for name in players
    }
    for name, player in players.items():
      self.player_optimizers[name].build(player.variables())

  def train_step(self, batch: Batch) -> Terms:
    """Moves every player, in order.

    What is shared is computed once and differentiated by whoever reaches it;
    each later player sees the earlier ones' new weights.

    Args:
      batch: see `OpenPair.train_batches`.

    Returns:
      The step's terms, monitors and gradient norms, float32 scalars; of a
      player that moves several times, their means.
    """
    tape = tf.GradientTape(persistent=True)
    with tape:
      shared = self.shared(batch)
    logs = {}
    for player in self.players():
      moves = [self._move(player, batch, shared, tape)]
      for _ in range(player.repeats - 1):
        fresh_tape = tf.GradientTape(persistent=True)
        with fresh_tape:
          fresh = self.shared(batch)
        moves.append(self._move(player, batch, fresh, fresh_tape))
      for name in moves[0]:
        values = [move[name] for move in moves]
        logs[f'{player.name}/{name}'] = tf.add_n(values) / len(values)
    self.after_step()
    self.step.assign_add(1)
    return logs

  def _move(self, player, batch, shared, tape):
    """Moves a player once; returns its terms, monitors and gradient norm."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    with tape:
      terms, monitors = player.losses(batch, shared)
      loss = tf.add_n(list(terms.values())) / replicas
    variables = player.variables()
    optimizer = self.player_optimizers[player.name]
    pairs = optimizer.aggregate_gradients(
      zip(tape.gradient(loss, variables), variables, strict=True)
    )
    move = optimizer.apply_gradients
    if player.when is not None:
      move = only_when(player.when(), optimizer)
    move(pairs, skip_gradients_aggregation=True)
    norm = tf.linalg.global_norm([gradient for gradient, _ in pairs])
    return terms | monitors | {'gradient_norm': norm}

  def test_step(self, data):
    """Counts right answers on (images, labels) or {'image', 'label'}."""
    if isinstance(data, Mapping):
      data = data['image'], data['label']
    images, labels, _ = tf.keras.utils.unpack_x_y_sample_weight(data)
    self.accuracy.update_state(labels, self(images)['logits'])
    return {'accuracy': self.accuracy.result()}

  def predict_step(self, data):
    """Returns `predictions` of images, (images, ...) or {'image', ...}."""
    if isinstance(data, Mapping):
      data = data['image']
    images, _, _ = tf.keras.utils.unpack_x_y_sample_weight(data)
    return self.predictions(images)

  def get_config(self):
    """Returns nothing: a method is built again by its run's config."""
    return {}

  def finalize(self):
    """Puts averaged weights in place where an optimizer keeps averages."""
    for player in self.players():
      optimizer = self.player_optimizers[player.name]
      if optimizer.use_ema:
        optimizer.finalize_variable_values(player.variables())


def only_when(condition, optimizer):
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
          lambda v, old, moved: v.assign(tf.where(moved, v, old)),
          args=(old, condition),
        )

    tf.distribute.get_replica_context().merge_call(undo, (before, condition))

  return apply_gradients


def mean_terms(losses, weight, prefix=''):
  """Means of a dict of per-example losses, weighted and named."""
  return {
    prefix + name: weight * tf.reduce_mean(values)
    for name, values in losses.items()
  }


def share(decisions):
  """Share of a bool tensor that is true, float32."""
  return tf.reduce_mean(tf.cast(decisions, tf.float32))
