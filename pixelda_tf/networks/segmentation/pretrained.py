"""Initial weights from files, as keras.applications and keras-cv have them."""

import collections
import os
import re
from collections.abc import Callable, Collection, Mapping

import h5py
import numpy as np
import tensorflow as tf
from absl import logging

from pixelda_tf.errors import UserError

Arrays = list[np.ndarray]
# Class scores are of other classes than a file's.
_SCORES = 'scores'


def load(
  network: str,
  model: tf.keras.Model,
  path: str | None,
  *,
  names: Mapping[str, str] | None = None,
  also: Mapping[str, str] | None = None,
  optional: Collection[str] = (),
  convert: Callable[[str, Arrays], Arrays] | None = None,
) -> None:
  """Gives a model's layers, but those of scores, the weights of a file.

  Files are Keras's h5, with layers by name, or its `.weights.h5`, whose layers
  have a number within their class in the place of a name.

  Args:
    network: whose weights they become, for messages.
    model: it, or what of it a file has.
    path: of the file; None leaves weights random, and says so.
    names: of the file's layers, by the model's; None for the same ones, those
      of `also`, or numbers.
    also: names that the file's layers may have, by the model's.
    optional: the model's layers that stay random where a file has none of their
      shape.
    convert: function of a layer's name in the file, and of its arrays, to the
      model's arrays.

  Raises:
    UserError: there is no such file, or it has not these layers.
  """
  if path is None:
    logging.info('%s: random initial weights', network)
    return
  stored, random = _read(path), []
  for layer, numbered in _numbered(model):
    if not layer.weights or layer.name.startswith(_SCORES):
      continue
    known = [layer.name, (also or {}).get(layer.name), numbered]
    if names is not None:
      known = [names[layer.name]]
    name = next((name for name in known if name in stored), known[0])
    arrays = stored.get(name)
    if arrays is not None and convert is not None:
      arrays = convert(name, arrays)
    shapes = _shapes(layer.weights)
    if arrays is not None and _shapes(arrays) == shapes:
      layer.set_weights(arrays)
    elif layer.name in optional:
      random.append(layer.name)
    else:
      has = f'is {_shapes(arrays)}' if arrays else 'is not there'
      raise UserError(
        f'{path}: layer {name!r} {has}, {network} needs {shapes}: name a file '
        'of the network that its documentation says, or None for random weights'
      )
  but = f', but random ones of {", ".join(random)} and scores' if random else ''
  logging.info('%s: initial weights of %s%s', network, path, but)


def _read(path):
  """Returns a file's arrays by layer."""
  if not os.path.isfile(path):
    raise UserError(
      f'{path}: no such file of initial weights; name one, or None for random '
      'weights'
    )
  try:
    with h5py.File(path, 'r') as file:
      layers = _by_name(file) or _by_number(file)
  except (OSError, KeyError) as error:
    reason = str(error).splitlines()[0]
    raise UserError(
      f"{path}: not readable as Keras's h5 of weights ({reason}): get it "
      'again, or name another'
    ) from error
  if not layers:
    raise UserError(
      f"{path}: no layers with weights as Keras's h5 has them: name a file "
      'that save_weights wrote'
    )
  return layers


def _by_name(file):
  # A whole model's file has its weights in a group.
  group = file.get('model_weights', file)
  return {
    _text(name): [
      np.asarray(group[_text(name)][_text(weight)])
      for weight in group[_text(name)].attrs['weight_names']
    ]
    for name in group.attrs.get('layer_names', ())
    if len(group[_text(name)].attrs['weight_names'])
  }


def _by_number(file):
  layers = {}
  for name, layer in file.get('layers', {}).items():
    variables = layer.get('vars', {})
    if len(variables):
      layers[name] = [
        np.asarray(variables[str(i)]) for i in range(len(variables))
      ]
  return layers


def _text(name):
  """Returns a name that h5py has as bytes or as text."""
  return name.decode() if isinstance(name, bytes) else name


def _numbered(model):
  """Yields a model's layers with Keras's numbered names of their classes."""
  counts: collections.Counter[str] = collections.Counter()
  for layer in model.layers:
    # BatchNormalization, batch_normalization, batch_normalization_1.
    kind = type(layer).__name__
    name = re.sub('(?<!^)(?=[A-Z][a-z])', '_', kind).lower()
    yield layer, f'{name}_{counts[name]}' if counts[name] else name
    counts[name] += 1


def _shapes(arrays):
  return [tuple(array.shape) for array in arrays]
