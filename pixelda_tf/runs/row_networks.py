"""Networks that one row leaves and another starts from.

A finished row's networks lie in `<run>/<row>/networks/<name>.weights.h5`, its
final weights, beside `about.json`, which says what they were made for.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from pixelda_tf import atomic
from pixelda_tf.errors import UserError
from pixelda_tf.methods.base import Method
from pixelda_tf.runs.directory import read_json

# What `about.json` has.
About: TypeAlias = dict[str, Any]


def save(method: Method, class_names: Sequence[str], directory: str) -> None:
  """Writes a method's networks, all or none.

  Args:
    method: a trained method with its final weights.
    class_names: its classes, in order.
    directory: the folder of the row's networks.
  """
  with atomic.new_directory(directory) as partial:
    for name, network in networks_of(method).items():
      network.save_weights(os.path.join(partial, f'{name}.weights.h5'))
    atomic.write_json(
      os.path.join(partial, 'about.json'), about(method, class_names)
    )


def about(method: Method, class_names: Sequence[str]) -> About:
  """Returns what a method's networks are made for, and their shapes."""
  networks = networks_of(method).items()
  weights = {name: _shapes(network) for name, network in networks}
  return _made_for(method, class_names) | {'weights': weights}


def load(
  method: Method,
  class_names: Sequence[str],
  initial_networks: Mapping[str, str],
  run_dir: str,
) -> None:
  """Gives a method's networks the weights that other rows left.

  Args:
    method: a method that has just been built.
    class_names: its classes, in order.
    initial_networks: dict of the method's network to `<row>/<network>`, of this
      run, or to `<run_dir>/<row>/<network>` of another.
    run_dir: directory of this run.

  Raises:
    UserError: as `check`, or a file is damaged.
  """
  check(method, class_names, initial_networks, run_dir)
  networks = networks_of(method)
  for name, origin in initial_networks.items():
    file = path(origin, run_dir)
    try:
      networks[name].load_weights(file)
    except (ValueError, OSError, KeyError) as error:
      reason = str(error).splitlines()[0]
      raise UserError(
        f'{file}: damaged ({reason}): delete the result.json of its row and '
        'train that row again, which goes on from its checkpoint'
      ) from error


def check(
  method: Method,
  class_names: Sequence[str],
  initial_networks: Mapping[str, str],
  run_dir: str,
  coming: Mapping[str, About] | None = None,
) -> None:
  """Checks that a method can have the weights that other rows leave.

  Args:
    method: as `load`, as the next three.
    class_names: likewise.
    initial_networks: likewise.
    run_dir: likewise.
    coming: what rows of this run leave that are trained before, by name; see
      `about`. There need be no files of these.

  Raises:
    UserError: a file is missing, or its network was made for other images or
      classes or is another network; or nothing is said of a network that the
      method needs.
  """
  networks = networks_of(method)
  for name in method.needs:
    if name not in initial_networks:
      raise UserError(
        f'Row.initial_networks: {type(method).__name__} needs a trained '
        f"{name!r}: add {{'{name}': '<row>/<network>'}}"
      )
  for name, origin in initial_networks.items():
    if name not in networks:
      raise UserError(
        f'Row.initial_networks: {type(method).__name__} has no network '
        f'{name!r}, it has {", ".join(networks)}'
      )
    file = path(origin, run_dir)
    row, network = _row_and_name(file)
    of_this_run = file == path(f'{row}/{network}', run_dir)
    if of_this_run and coming and row in coming:
      left = coming[row]
      if network not in left['weights']:
        raise UserError(
          f"Row.initial_networks: row '{row}' has no network '{network}', it "
          f'has {", ".join(left["weights"])}'
        )
    else:
      left = _read_about(file)
    made_for = _made_for(method, class_names)
    _check_fit(networks[name], made_for, file, left)


def path(origin: str, run_dir: str) -> str:
  """Returns the file of `<row>/<network>` or `<run_dir>/<row>/<network>`."""
  row, network = os.path.split(origin)
  if not os.path.dirname(row):
    row = os.path.join(run_dir, row)
  return os.path.join(row, 'networks', f'{network}.weights.h5')


def _read_about(file):
  """Returns what the folder of a network's file says of it."""
  if not os.path.exists(file):
    row, name = _row_and_name(file)
    raise UserError(
      f"{file}: not there; row '{row}' writes it at its end, if it has a "
      f"network '{name}': train that row first, or name another in "
      'Row.initial_networks'
    )
  about_file = os.path.join(os.path.dirname(file), 'about.json')
  left = read_json(about_file)
  if left is None:
    raise UserError(
      f'{about_file}: not there, so nothing tells what {file} was made for: '
      'train that row again'
    )
  return left


def _check_fit(network, made_for, file, left):
  """Checks that a network can have the weights of a file.

  Args:
    network: the network.
    made_for: images and classes of its method.
    file: path of the file.
    left: see `About`, of the row that leaves the file.
  """
  for key, value in made_for.items():
    if left.get(key) != value:
      raise UserError(
        f'{file}: made for {key} {left.get(key)}, this run has {value}: name '
        'a row that was trained on such data'
      )
  _, name = _row_and_name(file)
  shapes = _shapes(network)
  if left.get('weights', {}).get(name, shapes) != shapes:
    raise UserError(
      f'{file}: the weights of another network than this {network.name}: '
      'build both rows from the same networks'
    )


def _made_for(method, class_names):
  return {
    'image_shape': list(method.image_shape),
    'class_names': list(class_names),
  }


def _shapes(network):
  return [list(weight.shape) for weight in network.weights]


def _row_and_name(file):
  row = os.path.basename(os.path.dirname(os.path.dirname(file)))
  return row, os.path.basename(file).removesuffix('.weights.h5')


def networks_of(method: Method) -> dict[str, tf.keras.Model]:
  """Returns a method's networks by name."""
  return {
    name: value
    for name, value in vars(method).items()
    if isinstance(value, tf.keras.Model)
  }
