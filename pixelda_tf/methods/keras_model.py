"""What Keras asks of a model, for one whose players have their own optimizers.

`fit` and its callbacks take a model to have one optimizer and a `loss`. Here is
what stands for these; what a step does and what is predicted is in `base`.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods import fit_arguments, logged_means
from pixelda_tf.methods.keras_files import KerasFiles
from pixelda_tf.methods.player import Batch, Player, Step, Tensors
from pixelda_tf.methods.players_optimizer import PlayersOptimizer

_OWN_LOSSES = ('loss', 'loss_weights', 'metrics', 'weighted_metrics')


class KerasModel(KerasFiles):
  """A model of players, as Keras's machinery wants it.

  Attributes:
    optimizer: the players' as one, a `PlayersOptimizer`.
    player_optimizers: dict of optimizers by player's name.
    predicts: whether there is something to evaluate.
  """

  predicts: bool
  train_function: Callable | None

  def __init__(self):
    """A subclass builds all networks in its constructor."""
    super().__init__()
    self.built = True
    self._means = logged_means.LoggedMeans()
    self._fits = False

  def players(self) -> tuple[Player, ...]:
    """Returns the players in the order in which they move."""
    raise NotImplementedError

  def take_step(self, batch: Batch) -> Step:
    """Moves every player once, or several times."""
    raise NotImplementedError

  def compile(
    self, optimizer: Any = 'rmsprop', *args: Any, **kwargs: Any
  ) -> None:
    """Gives each player an optimizer of its own.

    Args:
      optimizer: a Keras optimizer or its name, copied for every player, or a
        dict of one a player's name.
      *args: as `tf.keras.Model.compile`.
      **kwargs: likewise; but losses and metrics are the method's.

    Raises:
      UserError: there are no such players or optimizers, or a loss or metric is
        given.
    """
    given = inspect.signature(super().compile).bind('', *args, **kwargs)
    for name in _OWN_LOSSES:
      if given.arguments.get(name):
        raise UserError(
          f'compile takes no {name}: {type(self).__name__} has the losses and '
          'metrics of its players and its problem; write '
          'model.compile(tf.keras.optimizers.Adam(1e-3))'
        )
    players = PlayersOptimizer(self.players(), optimizer)
    super().compile('rmsprop', *args, **kwargs)
    self.optimizer = players
    self.player_optimizers = players.optimizers

  def train_step(self, data: Any) -> Tensors:
    """Takes a step, see `take_step`.

    Args:
      data: a batch, see `OpenPair.train_batches`.

    Returns:
      The step's logs; within `fit`, means since the epoch began, with losses.
    """
    if not self._fits:
      return self.take_step(data).logs
    if isinstance(data, tuple) and len(data) == 1:
      (data,) = data
    return self._means.update(logged_means.of_step(self.take_step(data)))

  def make_train_function(self, force: bool = False) -> Callable:
    """Keras's, of steps that return an epoch's means."""
    if self.train_function is None or force:
      function = super().make_train_function(force=True)

      def of_means(iterator):
        self._fits = True  # As the step is traced.
        try:
          return function(iterator)
        finally:
          self._fits = False

      self.train_function = of_means
    return self.train_function

  @property
  def metrics(self) -> list[tf.keras.metrics.Metric]:
    """Those that Keras resets as an epoch or a test begins."""
    return [*super().metrics, *self._means.metrics.values()]

  def fit(self, *args: Any, **kwargs: Any) -> tf.keras.callbacks.History:
    """Trains it, as `tf.keras.Model.fit`.

    The logs have 'loss', the sum of the players' losses; '<player>/loss', the
    sum of a player's terms; '<player>/<term>': means over the epoch. With
    validation data also the problem's metrics and 'val_loss', T's loss.

    Args:
      *args: as `tf.keras.Model.fit`; x are batches of `pixelda_tf.data.pair`,
        validation_data (images, labels) of the target.
      **kwargs: likewise.

    Raises:
      UserError: it cannot learn so.
    """
    given = inspect.signature(super().fit).bind(*args, **kwargs)
    fit_arguments.check(self, given.arguments)
    return super().fit(*args, **kwargs)

  def evaluate(self, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.evaluate`: the problem's metrics, without a loss.

    Raises:
      UserError: the method predicts nothing.
    """
    self._check_predicts()
    # So `fit` calls it, which wants the loss, too.
    if '_use_cached_eval_dataset' in kwargs:
      return super().evaluate(*args, **kwargs)
    as_dict = kwargs.pop('return_dict', False)
    logs = super().evaluate(*args, return_dict=True, **kwargs)
    return _without_loss(logs, as_dict)

  def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.test_on_batch`: what `evaluate` returns."""
    as_dict = kwargs.pop('return_dict', False)
    logs = super().test_on_batch(*args, return_dict=True, **kwargs)
    return _without_loss(logs, as_dict)

  def predict(self, *args: Any, **kwargs: Any) -> Any:
    """As `tf.keras.Model.predict`.

    Raises:
      UserError: the method predicts nothing.
    """
    self._check_predicts()
    return super().predict(*args, **kwargs)

  def get_compile_config(self) -> dict[str, Any] | None:
    """Returns how it was compiled, with the learning rates of now, or None."""
    config = super().get_compile_config()
    return config and config | {'optimizer': self.optimizer.serialised()}

  def compile_from_config(self, config: Mapping[str, Any]) -> None:
    """Compiles a model that was read as it was."""
    self.compile(**tf.keras.saving.deserialize_keras_object(config))

  def _check_predicts(self):
    if not self.predicts:
      raise UserError(
        f'{type(self).__name__} only translates and predicts nothing: call its '
        'translate(images)'
      )


def _without_loss(logs, as_dict):
  """Returns metrics as Keras does, of one alone its value."""
  values = {name: value for name, value in logs.items() if name != 'loss'}
  if as_dict or len(values) != 1:
    return values if as_dict else list(values.values())
  return next(iter(values.values()))
