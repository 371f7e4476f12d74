"""Keras's files of a model whose networks are parts of a method.

Its config is what its constructor was called with, and a file has all that it
holds: its networks, and what is beside them.
"""

import functools
import inspect
import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods import constructor_arguments
from pixelda_tf.methods.checked_model import CheckedModel

_OTHERWISE = (
  "use save_weights('NAME.weights.h5'), which is read into a model that the "
  'same arguments build, or pixelda_tf.serving.export(model, directory), which '
  'needs no code to be loaded'
)


def check_has_all_weights(filepath: Any, who: str) -> None:
  """Checks that a file of weights can hold all of a method.

  Args:
    filepath: of the file.
    who: would write it.

  Raises:
    UserError: it cannot.
  """
  suffixes = pathlib.PurePath(filepath).suffixes
  of_layers = suffixes[-1:] in (['.h5'], ['.hdf5'], ['.keras'])
  if of_layers and suffixes[-2:] != ['.weights', '.h5']:
    raise UserError(
      f"{who}: '{filepath}' would lack what a method has beside its layers: "
      "name it 'NAME.weights.h5'"
    )


class KerasFiles(CheckedModel):
  """A model that is saved, read, and refused where it cannot be.

  Attributes:
    random: the method's random stream.
  """

  random: tf.random.Generator

  def __new__(cls, *args: Any, **kwargs: Any) -> 'KerasFiles':
    """Keeps the constructor's arguments for `get_config`."""
    model = super().__new__(cls, *args, **kwargs)
    # As they are: what is set the usual way Keras wraps and tracks.
    object.__setattr__(model, '_arguments', (args, kwargs))
    return model

  def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
    """Writes a .keras file, as `tf.keras.Model.save`.

    Raises:
      UserError: it is no .keras file, or has no form for how this was built.
    """
    self.check_can_be_saved(filepath, 'save')
    super().save(filepath, *args, **kwargs)

  @functools.wraps(tf.keras.Model.save_weights, ())
  def save_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
    """Writes a .weights.h5 file, as `tf.keras.Model.save_weights`.

    Raises:
      UserError: it is an .h5 file of Keras 2, which has layers alone.
    """
    check_has_all_weights(filepath, 'save_weights')
    super().save_weights(filepath, *args, **kwargs)

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
  ) -> 'KerasFiles':
    """Returns a new model of `get_config`'s arguments."""
    with tf.keras.saving.custom_object_scope(custom_objects or {}):
      decode = constructor_arguments.decode
      return cls(**{name: decode(value) for name, value in config.items()})

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
