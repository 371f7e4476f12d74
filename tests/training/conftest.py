"""Tiny runs on the embedded pair."""

import os
import pathlib

import pytest
import tensorflow as tf

from pixelda_tf import config
from pixelda_tf.data import builders
from pixelda_tf.training import checkpoints, experiment

TINY = str(pathlib.Path(__file__).with_name('tiny.gin'))


@pytest.fixture(scope='session')
def data_dir(tmp_path_factory):
  """A data directory with the embedded pair."""
  directory = str(tmp_path_factory.mktemp('data'))
  for name in ('digits', 'digits_photo'):
    builders.prepare(name, data_dir=directory)
  return directory


@pytest.fixture(scope='session')
def open_run(data_dir):
  """Function of (run_dir, *bindings) to the `Experiment` of tiny.gin."""

  def open_run(run_dir, *params):
    config.parse([TINY], params)
    return experiment.Experiment(str(run_dir), data_dir)

  return open_run


@pytest.fixture
def newest_values():
  """Function of a row's directory to its newest checkpoint's content.

  That is the step, and a dict of all values but the run's duration.
  """

  def newest_values(row_dir):
    directory = os.path.join(row_dir, 'checkpoints')
    step = checkpoints.steps(directory)[-1]
    reader = tf.train.load_checkpoint(checkpoints.path(directory, step))
    values = {
      name: reader.get_tensor(name)
      for name in reader.get_variable_to_shape_map()
      if name.endswith('VARIABLE_VALUE') and not name.startswith('wall_seconds')
    }
    return step, values

  return newest_values
