import json
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf import datasets, serving
from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints, experiment, loop, monitoring

ONE_ROW = 'Experiment.rows = [@source_only/Row()]'


def test_the_result_tells_what_was_reached(tiny_run, data_dir, open_run):
  run = open_run(tiny_run)
  infos = {
    name: datasets.find(name, data_dir).info
    for name in ('digits', 'digits_photo')
  }
  result = json.loads((tiny_run / 'result.json').read_text())
  rows = result.pop('rows')
  assert result == {
    'source': 'digits',
    'target': 'digits_photo',
    'source_count': infos['digits'].splits['train'].num_examples,
    'target_count': infos['digits_photo'].splits['train'].num_examples,
    'source_description': infos['digits'].description,
    'target_description': infos['digits_photo'].description,
    'image_shape': [16, 16, 3],
    'class_names': list(map(str, range(10))),
    'problem': {
      'name': 'Classification',
      'metrics': [
        {
          'key': 'accuracy',
          'title': 'accuracy',
          'form': '{:.2%}',
          'higher_is_better': True,
        }
      ],
      'counts': ['right / count', '{correct:,} / {count:,}'],
    },
    'seed': 0,
    'precision': 'float32',
  }
  assert [row['method'] for row in rows] == ['source_only', 'pixelda']
  for row, opened in zip(rows, run.rows, strict=True):
    assert row['steps'] == 6 and row['wall_seconds'] > 0
    labels, predicted = [], []
    method = opened.trained()
    for batch in run.pair.test_batches():
      predicted += list(np.argmax(method(batch['image'])['logits'], -1))
      labels += list(batch['label'].numpy())
    right = sum(a == b for a, b in zip(labels, predicted, strict=True))
    test = row['target_test']
    count = infos['digits_photo'].splits['test'].num_examples
    assert (test['count'], test['correct']) == (count, right)
    assert test['accuracy'] == right / count
    assert len(test['per_class_accuracy']) == 10


def test_a_finished_run_is_not_trained_again(tiny_run, tmp_path, open_run):
  run_dir = shutil.copytree(tiny_run, tmp_path / 'run')

  def trained():
    return {
      path: path.stat().st_mtime_ns
      for row in ('source_only', 'pixelda')
      for path in (run_dir / row).rglob('*')
    }

  before = trained()
  assert len(before) > 10
  result = json.loads((run_dir / 'result.json').read_text())
  assert open_run(run_dir).train() == result
  assert trained() == before


def test_checkpoints_metrics_and_pictures_come_when_they_should(tiny_run):
  """Lines every 2 steps, checkpoints every 4 and at the end.

  Pictures at the first line after every 3 steps: 4 and 6.
  """
  for row in ('source_only', 'pixelda'):
    assert checkpoints.steps(str(tiny_run / row / 'checkpoints')) == [4, 6]
    pictures = sorted(os.listdir(tiny_run / row / 'samples'))
    assert pictures == ['step_00000004.png', 'step_00000006.png']
    with open(tiny_run / row / 'metrics.jsonl') as file:
      lines = [json.loads(line) for line in file]
    assert [line['step'] for line in lines] == [2, 4, 6]
    seen = [line.get('target/accuracy_uses_labels') for line in lines]
    assert [value is not None for value in seen] == [False, True, True]
    # Of the 50 images of the validation split, not of the test split's 500.
    for value in seen[1:]:
      assert value * 50 == pytest.approx(round(value * 50))
    for line in lines:
      assert all(np.isfinite(value) for value in line.values())
  assert {'discriminator/domain', 'generator/learning_rate'} <= set(lines[0])


def test_the_logged_rate_is_the_schedules(tiny_run):
  """Cosine from 1e-3 over 6 steps; the second step had the rate of 1."""
  with open(tiny_run / 'pixelda' / 'metrics.jsonl') as file:
    line = json.loads(file.readline())
  rate = 1e-3 * 0.5 * (1 + np.cos(np.pi / 6))
  for player in ('discriminator', 'task', 'generator'):
    np.testing.assert_allclose(line[f'{player}/learning_rate'], rate, rtol=1e-5)


def tags(directory):
  """Returns TensorBoard's tags and the steps they were written at."""
  found = {}
  for path in directory.glob('events*'):
    for event in tf.compat.v1.train.summary_iterator(str(path)):
      for value in event.summary.value:
        found.setdefault(value.tag, []).append(event.step)
  return found


def test_tensorboard_shows_everything(tiny_run):
  found = tags(tiny_run / 'pixelda' / 'tensorboard')
  terms = ['generator/domain', 'task/source_class', 'task/translated_class']
  accuracy = ['discriminator/accuracy_real', 'discriminator/accuracy_fake']
  for tag in [*terms, *accuracy, 'generator/gradient_norm']:
    assert found[tag] == [2, 4, 6], tag
  histograms = ['outputs/target_probabilities', 'outputs/translated_pixels']
  weights = [tag for tag in found if tag.startswith('weights/task/')]
  assert len(weights) == 10
  for tag in [*histograms, *weights, 'target/accuracy_uses_labels']:
    assert found[tag] == [4, 6], tag
  assert found['source_translated_target'] == [4, 6]
  assert 'source_target' in tags(tiny_run / 'source_only' / 'tensorboard')
  assert found['config'] == [0]


def test_the_picture_has_three_rows(tiny_run):
  """Source, translated, nearest: 12 of 16 pixels, gaps of 2, times 3."""
  with Image.open(tiny_run / 'translated.png') as picture:
    assert picture.size == (3 * (12 * 16 + 11 * 2), 3 * (3 * 16 + 2 * 2))


def test_the_export_is_of_the_last_row_that_adapts(tiny_run, open_run):
  run = open_run(tiny_run)
  signatures = serving.load(str(tiny_run / 'export'))
  always = {'serving_default', 'predict', 'predict_float'}
  assert set(signatures) == always | {'translate'}
  images = np.random.default_rng(0).integers(
    256, size=(3, 16, 16, 3), dtype=np.uint8
  )
  method = run.rows[-1].trained()
  np.testing.assert_allclose(
    signatures['predict'](images=tf.constant(images))['probabilities'],
    method.predictions(images.astype(np.float32) / 127.5 - 1)['probabilities'],
    atol=1e-6,
  )


def test_a_restored_row_has_the_averages_in_place(
  tiny_run, open_run, newest_values
):
  """PixelDA's optimizers keep averages: they are what is tested."""
  run = open_run(tiny_run)
  kernel = run.rows[1].trained().task.layers[1].kernel.numpy()
  _, stored = newest_values(tiny_run / 'pixelda')
  same = {
    name.split('/.')[0]
    for name, value in stored.items()
    if np.array_equal(value, kernel)
  }
  assert len(same) == 1
  assert same.pop().startswith('method/player_optimizers/task/_variables/')


def test_ctrl_c_saves_and_the_same_run_ends_with_the_same_bits(
  tiny_run, tmp_path, open_run, newest_values, monkeypatch
):
  """At step 2, where no checkpoint is due."""

  def press(monitor, step, logs):
    if step == 2:
      os.kill(os.getpid(), signal.SIGINT)

  with monkeypatch.context() as patch:
    patch.setattr(monitoring.Monitor, '__call__', press)
    with pytest.raises(loop.Interrupted) as error:
      open_run(tmp_path, ONE_ROW).train()
  directory = str(tmp_path / 'source_only' / 'checkpoints')
  assert checkpoints.steps(directory) == [2]
  assert f'stopped after step 2 of 6; saved in {directory}' in str(error.value)
  assert not (tmp_path / 'result.json').exists()
  open_run(tmp_path, ONE_ROW).row('source_only').train()
  ours = newest_values(tmp_path / 'source_only')
  theirs = newest_values(tiny_run / 'source_only')
  assert ours[0] == theirs[0] == 6
  assert ours[1].keys() == theirs[1].keys()
  for name, value in ours[1].items():
    np.testing.assert_array_equal(value, theirs[1][name], err_msg=name)


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(
  tmp_path, open_run, newest_values
):
  """The rate is infinite from the fifth step on."""
  run = open_run(
    tmp_path,
    ONE_ROW,
    'source_only/adam.learning_rate = @staircase()',
    'staircase.learning_rate = 1e-3',
    'staircase.factor = 1e38',
    'staircase.every = 4',
    'source_only/Row.steps = 20',
  )
  with pytest.raises(UserError, match=r'^task/\w+ is (nan|inf) at step 6'):
    run.train()
  step, values = newest_values(tmp_path / 'source_only')
  assert step == 4
  for name, value in values.items():
    assert value.dtype.kind != 'f' or np.all(np.isfinite(value)), name
  assert not (tmp_path / 'result.json').exists()


MISTAKES = {
  'precision': (
    "Experiment.precision = 'float16'",
    "Experiment.precision is 'float16'",
  ),
  'checkpoints between lines': (
    'Experiment.checkpoint_every = 3',
    r'checkpoint_every is 3: a multiple of log_every \(2\)',
  ),
  'two rows of a name': (
    'Experiment.rows = [@source_only/Row(), @source_only/Row()]',
    'two rows of one name',
  ),
  'no data': ("target/Domain.name = 'mnist'", 'holds digits, digits_photo'),
}


@pytest.mark.parametrize('name', MISTAKES)
def test_a_setting_that_cannot_be_is_a_mistake(name, tmp_path, open_run):
  param, message = MISTAKES[name]
  with pytest.raises(UserError, match=message):
    open_run(tmp_path, param)
  assert os.listdir(tmp_path) == []


def test_a_row_without_a_checkpoint_is_a_mistake(tmp_path, open_run):
  run = open_run(tmp_path)
  with pytest.raises(UserError, match='no checkpoint; train the run first'):
    run.rows[0].trained()


@pytest.mark.slow
def test_a_row_may_have_settings_of_its_own_and_a_note(tmp_path, open_run):
  """A scope on the method, not only on the row."""
  run = open_run(
    tmp_path,
    'Experiment.rows = [@other/Row()]',
    "other/Row.note = 'why'",
    'other/Row.method = @other/PixelDA',
    'other/Row.optimizer = @pixelda/adam()',
    'other/Row.steps = 2',
    'other/PixelDA.noise_size = 3',
  )
  (row,) = run.train()['rows']
  assert (row['method'], row['steps'], row['note']) == ('other', 2, 'why')
  assert run.rows[0].trained().noise_size == 3
  assert 'translate' in serving.load(str(tmp_path / 'export'))


def test_a_finished_run_is_reopened_from_its_config(
  tmp_path, data_dir, open_run
):
  run = open_run(tmp_path, ONE_ROW, 'Experiment.seed = 4')
  with open(tmp_path / 'config.gin', 'w') as file:
    file.write(experiment.config.text())
  reopened = experiment.reopen(str(tmp_path), data_dir)
  assert (reopened.seed, reopened.rows[0].settings.steps) == (4, 6)
  assert reopened.pair.image_shape == run.pair.image_shape
