"""I2I Adapt on the embedded digits, from config to export."""

import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf import config, serving
from pixelda_tf.evaluation.evaluate import predict_all
from pixelda_tf.fields import images
from pixelda_tf.runs import experiment

pytestmark = pytest.mark.slow

ROWS = ('source_only', 'i2i_z_id_y_trc', 'i2i_cyclegan', 'i2i')
GIN = """
include 'gin/i2i_mnist_to_usps.gin'
include 'gin/studies/i2i_cyclegan.gin'
SOURCE = 'digits'
TARGET = 'digits_photo'
Pair.image_size = (16, 16)
Pair.channels = 3
Pair.batch_size = 4
Experiment.log_every = 2
Experiment.picture_every = 4
Experiment.checkpoint_every = 2
Experiment.rows = [
  @source_only/Row(),
  @i2i_z_id_y_trc/Row(),
  @i2i_cyclegan/Row(),
  @i2i/Row(),
]
STEPS = 4
Experiment.precision = 'float32'
I2IAdapt.critic_steps = 2
vector_decoders.filters = (3, 2)
patch_discriminator.filters = 2
feature_discriminator.units = 4
"""


@pytest.fixture(scope='module')
def gin_file(tmp_path_factory):
  path = tmp_path_factory.mktemp('gin') / 'i2i.gin'
  path.write_text(GIN)
  return path


@pytest.fixture(scope='module')
def run(tmp_path_factory, gin_file, data_dir):
  """Directory of a finished run of all rows; not to be changed."""
  path = tmp_path_factory.mktemp('i2i')
  config.parse([str(gin_file)])
  opened = experiment.Experiment(str(path), data_dir)
  opened.directory.claim(config.text(), config.operative('Experiment'))
  opened.train()
  return path


def result_of(run):
  return json.loads((pathlib.Path(run) / 'result.json').read_text())


def test_all_rows_that_answer_are_scored(run):
  rows = {row['method']: row['target_test'] for row in result_of(run)['rows']}
  assert tuple(rows) == ROWS
  assert rows.pop('i2i_cyclegan') is None
  for test in rows.values():
    assert test['count'] == 500 and 0.0 <= test['accuracy'] <= 1.0


@pytest.mark.parametrize('row', ROWS[1:])
def test_it_goes_on_with_the_same_bits(
  row, run, data_dir, tmp_path, newest_values
):
  """Two optimizers, and the random mixes of the penalty, from step 2 of 4."""
  shutil.copytree(run, tmp_path / 'run')
  folder = tmp_path / 'run' / row
  shutil.rmtree(folder / 'checkpoints/step_00000004')
  (folder / 'result.json').unlink()
  experiment.reopen(str(tmp_path / 'run'), data_dir).row(row).train()
  step, values = newest_values(folder)
  expected_step, expected = newest_values(run / row)
  assert step == expected_step == 4 and values.keys() == expected.keys()
  for part in ('target_decoder', 'critic', 'task', 'random'):
    assert any(part in name for name in values), part
  for name, value in expected.items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


def test_its_networks_are_left_for_other_rows(run):
  expected = {
    'i2i_z_id_y_trc': {'task', 'target_decoder', 'feature_critic'},
    'i2i_cyclegan': {
      *('task', 'source_decoder', 'target_decoder'),
      *('source_critic', 'target_critic'),
    },
  }
  for row, networks in expected.items():
    found = {path.name for path in (run / row / 'networks').iterdir()}
    files = {f'{name}.weights.h5' for name in networks}
    assert found == {'about.json'} | files, row


def test_pictures_show_the_directions_in_which_a_row_translates(run):
  """Rows of 16 images of 16x16, twice enlarged, with gaps of 2.

  Source, translated, target; with a way back also source again, and the
  target translated, and again.
  """
  for row, count in (('i2i_z_id_y_trc', 3), ('i2i', 6)):
    path = run / row / 'samples/step_00000004.png'
    with Image.open(path) as image:
      assert np.asarray(image)[::2, ::2].shape[0] == 18 * count - 2, row


def test_the_export_answers_as_the_method_does(run, data_dir):
  signatures = serving.load(str(run / 'export'))
  assert {'translate', 'translate_back'} <= set(signatures)
  opened = experiment.reopen(str(run), data_dir)
  (batch,) = opened.pair.target.stored('test').take(5).batch(5)
  answer = signatures['predict'](images=batch['image'])['probabilities']
  prepared = images.prepare_images(batch['image'], image_shape=(16, 16, 3))
  method = opened.row('i2i').trained()
  expected = predict_all(method.predictions, prepared.numpy())
  np.testing.assert_allclose(answer, expected['probabilities'], atol=1e-5)
  translated = signatures['translate'](images=batch['image'])['images']
  made = images.to_uint8(method.translate(prepared))
  difference = np.abs(translated.numpy().astype(int) - made.numpy())
  assert difference.max() <= 1


def test_an_analysis_compares_before_and_after(run, data_dir, in_process):
  done = in_process(
    'analyze', f'--run_dir={run}', f'--data_dir={data_dir}', '--examples=20'
  )
  assert done.returncode == 0, done.stderr
  assert (run / 'analysis/tsne_features.png').exists()


@pytest.mark.parametrize('precision', ['auto', 'mixed_bfloat16'])
def test_a_step_of_each_precision_is_finite(
  precision, gin_file, tmp_path, data_dir
):
  config.parse([str(gin_file)], [f"Experiment.precision = '{precision}'"])
  opened = experiment.Experiment(str(tmp_path), data_dir)
  row = opened.row('i2i')
  method = row.build()
  batch = next(iter(row.original.train_batches(0, role=method.role)))
  logs = tf.function(method.train_step, autograph=False)(batch)
  assert all(np.isfinite(value) for value in logs.values())
  assert method.dtype_policy.name == opened.precision


def test_it_is_measured(gin_file, data_dir, in_process):
  done = in_process(
    'benchmark',
    f'--gin_file={gin_file}',
    f'--data_dir={data_dir}',
    '--row=i2i',
    '--steps=1',
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.startswith('i2i, batch 4, ')
  assert re.search(r'step on one repeated batch: [\d.]+ ms', done.stdout)
