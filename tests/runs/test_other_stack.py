"""What another TensorFlow wrote, here; and what this one writes, there.

PIXELDA_OTHER_PYTHON names a Python that has pixelda_tf and that TensorFlow.
"""

import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import serving
from pixelda_tf.runs import checkpoints

OTHER = os.environ.get('PIXELDA_OTHER_PYTHON')
pytestmark = pytest.mark.skipif(
  not OTHER, reason='PIXELDA_OTHER_PYTHON names no Python'
)

TINY = pathlib.Path(__file__).with_name('tiny.gin')
ROWS = 'Experiment.rows = [@pixelda/Row()]'

# Answers with an export where nothing but TensorFlow can be imported: of a
# current one, Keras is Keras 3.
CLIENT = """
import sys
for name in ('pixelda_tf', 'tensorflow_addons', 'tf_keras'):
  sys.modules[name] = None
import numpy as np
import tensorflow as tf
predict = tf.saved_model.load('export').signatures['predict']
images = tf.constant(np.load('images.npy'))
np.save('answers.npy', predict(images=images)['probabilities'])
print(tf.__version__)
"""


def there(*arguments, cwd):
  """Returns what the other Python prints."""
  environment = dict(os.environ)
  environment.pop('TF_USE_LEGACY_KERAS', None)
  done = subprocess.run(
    [OTHER, *map(str, arguments)],
    cwd=cwd,
    env=environment,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  return done.stdout


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory, data_dir):
  """A run of there, with checkpoints of steps 4 and 6; not to be changed."""
  folder = tmp_path_factory.mktemp('there')
  there(
    *('-m', 'pixelda_tf.train', f'--gin_file={TINY}', f'--gin_param={ROWS}'),
    *(f'--data_dir={data_dir}', '--run_dir=run'),
    cwd=folder,
  )
  return folder / 'run'


@pytest.fixture(scope='module')
def images():
  return np.random.default_rng(0).integers(
    256, size=(9, 16, 16, 3), dtype=np.uint8
  )


@pytest.fixture
def run(run_dir, open_run):
  return open_run(run_dir, ROWS)


@pytest.fixture
def method(run):
  return run.row('pixelda').trained()


def test_the_other_tensorflow_is_another(run_dir):
  directory = str(run_dir / 'pixelda' / 'checkpoints')
  version = checkpoints.written_by(directory, 6)
  assert version.split('.')[:2] != tf.__version__.split('.')[:2]


def test_a_run_of_there_is_evaluated_here(run, run_dir, method):
  """Of 500 answers one may be so close that rounding decides."""
  result = json.loads((run_dir / 'pixelda' / 'result.json').read_text())
  found, expected = run.row('pixelda').target_test(), result['target_test']
  assert found['count'] == expected['count'] == 500
  assert abs(found['accuracy'] - expected['accuracy']) <= 1 / 500


def test_an_export_of_there_answers_the_same_here(run_dir, method, images):
  signature = serving.load(str(run_dir / 'export'))['predict']
  found = signature(images=tf.constant(images))['probabilities']
  expected = serving.Servable(method).predict(tf.constant(images))
  np.testing.assert_allclose(found, expected['probabilities'], atol=1e-5)


def test_an_export_of_here_answers_the_same_there(tmp_path, method, images):
  serving.export(method, str(tmp_path / 'export'))
  np.save(tmp_path / 'images.npy', images)
  version = there('-c', CLIENT, cwd=tmp_path).strip()
  assert version != tf.__version__
  expected = serving.Servable(method).predict(tf.constant(images))
  np.testing.assert_allclose(
    np.load(tmp_path / 'answers.npy'), expected['probabilities'], atol=1e-5
  )


def test_a_run_of_there_goes_on_here(
  run_dir, open_run, tmp_path, newest_values, caplog
):
  """From step 4 to 6, as it went on there but for rounding.

  Adam divides by the root of small second moments, so that a step turns
  differences of 1e-7 in gradients into some 1e-6 of weights and their averages.
  """
  copy = tmp_path / 'run'
  shutil.copytree(run_dir, copy)
  row = copy / 'pixelda'
  shutil.rmtree(row / 'checkpoints' / 'step_00000006')
  (row / 'result.json').unlink()
  with caplog.at_level('INFO', logger='absl'):
    open_run(copy, ROWS).train()
  assert 'pixelda: goes on from step 4' in caplog.text
  assert 'equal to rounding, not to the bit' in caplog.text
  step, values = newest_values(row)
  expected_step, expected = newest_values(run_dir / 'pixelda')
  assert step == expected_step == 6
  assert values.keys() == expected.keys()
  for name, value in values.items():
    np.testing.assert_allclose(
      value, expected[name], rtol=1e-5, atol=1e-5, err_msg=name
    )
