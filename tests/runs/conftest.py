"""Tiny runs on the embedded pair."""

import os
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import config
from pixelda_tf.runs import checkpoints, experiment
from pixelda_tf.runs.row import OpenRow

FOLDER = pathlib.Path(__file__).parent
TINY = str(FOLDER / 'tiny.gin')


@pytest.fixture(scope='session')
def open_run(data_dir):
  """Function of (run_dir, *bindings) to the `Experiment` of tiny.gin."""

  def open_run(run_dir, *params):
    config.parse([TINY], params)
    return experiment.Experiment(str(run_dir), data_dir)

  return open_run


@pytest.fixture(scope='session')
def open_stages(data_dir):
  """Function of (config, run_dir, *bindings) to the `Experiment` of stages.

  The config is 'cycada' or 'cyclegan_uda', in this folder.
  """

  def open_stages(name, run_dir, *params):
    config.parse([str(FOLDER / f'{name}.gin')], params)
    os.makedirs(run_dir, exist_ok=True)
    (pathlib.Path(run_dir) / 'config.gin').write_text(config.text())
    return experiment.Experiment(str(run_dir), data_dir)

  return open_stages


@pytest.fixture(scope='session')
def cycada_run(tmp_path_factory, open_stages):
  """Directory of a finished run of cycada.gin; not to be changed."""
  directory = tmp_path_factory.mktemp('cycada')
  open_stages('cycada', directory).train()
  return directory


@pytest.fixture(scope='session')
def cyclegan_uda_run(tmp_path_factory, open_stages):
  """Directory of a finished run of cyclegan_uda.gin; not to be changed."""
  directory = tmp_path_factory.mktemp('cyclegan_uda')
  open_stages('cyclegan_uda', directory).train()
  return directory


@pytest.fixture
def builds(monkeypatch):
  """Names of rows, one for each time that their method is built."""
  names, build = [], OpenRow.build

  def counted(self):
    names.append(self.name)
    return build(self)

  monkeypatch.setattr(OpenRow, 'build', counted)
  return names


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


@pytest.fixture
def assert_same():
  """Function of two networks that checks that all weights are the same."""

  def assert_same(network, other):
    for ours, theirs in zip(network.weights, other.weights, strict=True):
      np.testing.assert_array_equal(ours.numpy(), theirs.numpy())

  return assert_same


@pytest.fixture
def copied(tmp_path):
  """Function of a run and row names to a run with these rows alone."""

  def copied(run_dir, *rows):
    for row in rows:
      shutil.copytree(run_dir / row, tmp_path / row)
    return tmp_path

  return copied
