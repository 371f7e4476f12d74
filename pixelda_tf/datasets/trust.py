"""Checks that a stored data set is data: TFDS would import what it names."""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.errors import UserError

FEATURES = 'features.json'
# Where TFDS has its own features; of others it imports the module.
_OWN = 'tensorflow_datasets.core.features.'


def check_name(name: str) -> None:
  """Raises UserError where the name of a data set leads out of its folder."""
  path = pathlib.PurePath(name)
  if path.is_absolute() or '..' in path.parts:
    raise UserError(
      f'{name}: is no name of a data set; name its folder with --data_dir'
    )


def check_features(directory: str | pathlib.Path) -> None:
  """Checks that the features of a data set are TFDS's own.

  Args:
    directory: of a version of a data set.

  Raises:
    UserError: they are of another module, whose code would run.
    OSError: there is no such file.
    ValueError: it is no JSON.
  """
  path = pathlib.Path(directory) / FEATURES
  for name in _classes(json.loads(path.read_bytes())):
    if not str(name).startswith(_OWN):
      raise UserError(
        f'{path}: has a feature of the class {name}, which is no part of '
        'TensorFlow Datasets: its code would run; prepare the data set again'
      )


def check_files(builder: tfds.core.DatasetBuilder) -> None:
  """Checks that the files of a data set are in its folder.

  They may be links to others, which whoever made the folder made.

  Args:
    builder: that reads it.

  Raises:
    UserError: its info names a file that is elsewhere.
  """
  folder = pathlib.Path(os.path.abspath(builder.data_path))
  for split in builder.info.splits.values():
    for path in split.filepaths:
      if not pathlib.Path(os.path.abspath(path)).is_relative_to(folder):
        raise UserError(
          f'{folder}: dataset_info.json names {path}, which lies elsewhere; '
          'prepare the data set again'
        )


def _classes(value: Any) -> Iterator[Any]:
  """Yields the names of the Python classes in the JSON of features."""
  if isinstance(value, dict):
    for key, inner in value.items():
      # Early versions of TFDS wrote `type`, later ones read it, too.
      if key == 'pythonClassName' or (key == 'type' and 'content' in value):
        yield inner
      else:
        yield from _classes(inner)
  elif isinstance(value, list):
    for inner in value:
      yield from _classes(inner)
