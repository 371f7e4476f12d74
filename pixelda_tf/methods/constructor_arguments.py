"""A constructor's arguments as JSON, for models in Keras's files.

Functions and classes are written by name: those that gin knows, as all builders
of pixelda_tf, and those that a user registered with Keras. Reading calls no
others: a file cannot name what to run.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError

# Keys of what JSON has no form for.
_MAPPING = 'mapping'
_GIN = 'component'  # of pixelda_tf
_KERAS = 'registered'  # by a user
_PARTIAL = 'partial'
_INSTANCE = 'instance_of'


class NoFormError(ValueError):
  """A value that cannot be written; the message is what it is."""


def encode(value: Any) -> Any:
  """Returns a value as JSON has it.

  Args:
    value: None, a number, text, a sequence or dict of such; a function or
      class that gin or Keras knows, or a `functools.partial` of one; an object
      of such a class that keeps its constructor's arguments by their names.

  Raises:
    NoFormError: it is something else.
  """
  if value is None or isinstance(value, bool | int | float | str):
    return value
  if isinstance(value, np.generic | np.ndarray):
    return encode(value.tolist())
  if isinstance(value, list | tuple):
    return [encode(item) for item in value]
  if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
    return {_MAPPING: {key: encode(item) for key, item in value.items()}}
  if isinstance(value, functools.partial):
    parts = value.func, value.args, value.keywords
    return {_PARTIAL: [encode(part) for part in parts]}
  if callable(value) and not isinstance(value, tf.Module):
    return _name(value)
  kind = _name(type(value))
  arguments = inspect.signature(type(value)).parameters
  if not all(hasattr(value, name) for name in arguments):
    raise NoFormError(repr(value))
  kept = {name: encode(getattr(value, name)) for name in arguments}
  return {_INSTANCE: kind, 'arguments': kept}


def decode(value: Any) -> Any:
  """Returns what `encode` wrote; sequences are lists.

  Raises:
    UserError: it names something that is not known here.
  """
  if isinstance(value, list):
    return [decode(item) for item in value]
  if not isinstance(value, Mapping):
    return value
  if _MAPPING in value:
    return {key: decode(item) for key, item in value[_MAPPING].items()}
  if _PARTIAL in value:
    function, arguments, keywords = map(decode, value[_PARTIAL])
    return functools.partial(function, *arguments, **keywords)
  if _INSTANCE in value:
    arguments = {key: decode(v) for key, v in value['arguments'].items()}
    return decode(value[_INSTANCE])(**arguments)
  return _named(value)


def _name(value: Callable) -> dict[str, str]:
  for selector, configurable in gin.config._REGISTRY.items():
    # What gin hands out instead has its bindings, which no file has.
    if configurable.wrapped is value:
      return {_GIN: selector}
  name = tf.keras.saving.get_registered_name(value)
  if tf.keras.saving.get_registered_object(name) is value:
    return {_KERAS: name}
  raise NoFormError(repr(value))


def _named(value):
  if _GIN in value:
    found = gin.config._REGISTRY.get_match(value[_GIN])
    if found is not None:
      return found.wrapped
  elif _KERAS in value:
    found = tf.keras.saving.get_registered_object(value[_KERAS])
    if found is not None:
      return found
  raise UserError(
    f'the model was built with {", ".join(map(str, value.values()))}, which is '
    'not known here: import what defines it, with '
    '@tf.keras.saving.register_keras_serializable()'
  )
