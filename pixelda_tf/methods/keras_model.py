"""What Keras asks of a model, for one whose players have their own optimizers.

`fit`, its callbacks and Keras's files take a model to have one optimizer, a
`loss`, and a constructor that its config can call again. Here is what stands
for these; what a step does and what is predicted is in `base`.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods import (
  constructor_arguments,
  fit_arguments,
  logged_means,
)
from pixelda_tf.methods.checked_model import CheckedModel
from pixelda_tf.methods.player import Batch, Player, Step, Tensors
from pixelda_tf.methods.players_optimizer import PlayersOptimizer

_OWN_LOSSES = ('loss', 'loss_weights', 'metrics', 'weighted_metrics')
_OTHERWISE = (
  "use save_weights('NAME.weights.h5'), which is read into a model that the "
  'same arguments build, or pixelda_tf.serving.export(model, directory), which '
  'needs no code to be loaded'
)


class KerasModel(CheckedModel):
  """A model of players, as Keras's machinery wants it.

  Attributes:
    optimizer: the players' as one, a `PlayersOptimizer`.
    player_optimizers: dict of optimizers by player's name.
    predicts: whether there is something to evaluate.
    random: the method's random stream.
  """

  predicts: bool
  random: tf.random.Generator
  train_function: Callable | None

  def __new__(cls, *args: Any, **kwargs: Any) -> 'KerasModel':
    """Keeps the constructor's arguments for `get_config`."""
    model = super().__new__(cls, *args, **kwargs)
    # As they are: what is set the usual way Keras wraps and tracks.
    object.__setattr__(model, '_arguments', (args, kwargs))
    return model

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

  def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
    """Writes a .keras file, as `tf.keras.Model.save`.

    Raises:
      UserError: it is no .keras file, or has no form for how this was built.
    """
    self.check_can_be_saved(filepath, 'save')
    super().save(filepath, *args, **kwargs)

  def check_can_be_saved(self, filepath: Any, who: str) -> None:
    """Checks that a file can hold the model.

    Args:
      filepath: of the file.
      who: would write it.

    Raises:
      UserError: it cannot.
    """
    if not str(filepath).endswith('.keras'):
      raise UserError(
        f"{who}: '{filepath}' is no .keras file, which alone has all of a "
        f'method: name one, or {_OTHERWISE}'
      )
    self.get_config()

  def _trackable_children(self, save_type='checkpoint', **kwargs):
    # So every writer of a SavedModel asks.
    if save_type == 'savedmodel':
      self.check_can_be_saved('a SavedModel', 'save')
    return super()._trackable_children(save_type, **kwargs)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments, as JSON has them.

    Raises:
      UserError: one of them is a function or object without a name.
    """
    args, kwargs = self._arguments
    given = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
    config = {}
    for name, value in list(given.arguments.items())[1:]:
      try:
        config[name] = constructor_arguments.encode(value)
      except constructor_arguments.NoFormError as error:
        raise UserError(
          f'{type(self).__name__} cannot be saved as a whole: its {name} is '
          f'{error}, which is not of pixelda_tf, nor registered by '
          f'tf.keras.saving.register_keras_serializable(): {_OTHERWISE}'
        ) from error
    return config

  @classmethod
  def from_config(
    cls, config: Mapping[str, Any], custom_objects: Any = None
  ) -> 'KerasModel':
    """Returns a new model of `get_config`'s arguments."""
    with tf.keras.saving.custom_object_scope(custom_objects or {}):
      decode = constructor_arguments.decode
      return cls(**{name: decode(value) for name, value in config.items()})

  def get_compile_config(self) -> dict[str, Any] | None:
    """Returns how it was compiled, with the learning rates of now, or None."""
    config = super().get_compile_config()
    return config and config | {'optimizer': self.optimizer.serialised()}

  def compile_from_config(self, config: Mapping[str, Any]) -> None:
    """Compiles a model that was read as it was."""
    self.compile(**tf.keras.saving.deserialize_keras_object(config))

  def save_own_variables(self, store: Any) -> None:
    """Writes what no network of the method holds."""
    for number, variable in enumerate(self._beside_networks()):
      store[str(number)] = variable.numpy()

  def load_own_variables(self, store: Any) -> None:
    """Reads it.

    Raises:
      UserError: the file has other variables.
    """
    variables = self._beside_networks()
    # Files of earlier versions lack the random stream, which comes last.
    if len(store.keys()) not in (len(variables), len(variables) - 1):
      raise UserError(
        f'a file of weights has {len(store.keys())} variables of '
        f'{type(self).__name__} beside its networks, this one '
        f'{len(variables)}: build it with the arguments it was saved with'
      )
    for number in range(len(store.keys())):
      variables[number].assign(store[str(number)])

  def _beside_networks(self):
    """Returns counters, pools, networks in parts; the random stream last."""
    held = [v for layer in self._own_layers() for v in layer.variables]
    held += [v for metric in self.metrics for v in metric.variables]
    known = {variable.ref() for variable in held}
    others = {v.ref(): v for v in self.variables if v.ref() not in known}
    return [*others.values(), self.random.state]

  def _own_layers(self):
    values = vars(self).values()
    return [v for v in values if isinstance(v, tf.keras.layers.Layer)]

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
