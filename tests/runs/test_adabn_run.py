"""AdaBN as a row: behind source-only, with no optimizer."""

import json
import pathlib

import h5py
import numpy as np
import pytest

from pixelda_tf import config
from pixelda_tf.runs import experiment
from pixelda_tf.runs.directory import RunDirectory

pytestmark = pytest.mark.slow

FILES = (
  str(pathlib.Path(__file__).with_name('tiny.gin')),
  'gin/methods/adabn.gin',
)
PARAMS = (
  'Experiment.rows = [@source_only/Row(), @adabn/Row()]',
  'SourceOnly.task = @dtn_classifier',
  'AdaBN.task = @dtn_classifier',
  'source_only/Row.steps = 2',
  'adabn/Row.steps = 3',
)


@pytest.fixture(scope='module')
def run(tmp_path_factory, data_dir):
  directory = tmp_path_factory.mktemp('adabn')
  config.parse(FILES, PARAMS)
  RunDirectory(str(directory)).claim(
    config.text(), config.operative('Experiment')
  )
  experiment.Experiment(str(directory), data_dir).train()
  return directory


def arrays(path):
  found = {}
  with h5py.File(path) as file:
    file.visititems(
      lambda name, item: (
        found.update({name: np.asarray(item)})
        if isinstance(item, h5py.Dataset)
        else None
      )
    )
  return found


def test_statistics_alone_differ_from_source_only(run):
  """Weights 0 to 2 of a batch normalisation: offset, mean and variance."""
  before, after = (
    arrays(run / row / 'networks' / 'task.weights.h5')
    for row in ('source_only', 'adabn')
  )
  assert before.keys() == after.keys()
  moved = {name for name in before if np.any(before[name] != after[name])}
  assert moved == {
    name
    for name in before
    if 'batch_normalization' in name and not name.endswith('/0')
  }
  assert len(moved) == 2 * 4


def test_the_row_has_a_result_of_its_own(run):
  result = json.loads((run / 'adabn' / 'result.json').read_text())
  assert result['steps'] == 3
  assert 0 <= result['target_test']['accuracy'] <= 1
