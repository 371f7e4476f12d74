"""CycleGAN-UDA's rows, and what their run leaves, in seconds."""

import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf import serving
from pixelda_tf.fields.images import prepare_images, to_uint8
from pixelda_tf.methods import cyclegan_uda

pytestmark = pytest.mark.slow

ROWS = [
  'cyclegan',
  'cyclegan_uda',
  'cyclegan_uda_offline',
  'cyclegan_uda_two_way',
]


def read(*parts):
  return json.loads(pathlib.Path(*parts).read_text())


def test_one_command_gives_every_stage_its_result(cyclegan_uda_run):
  result = read(cyclegan_uda_run, 'result.json')
  assert [row['method'] for row in result['rows']] == ROWS
  for row in result['rows']:
    assert row == read(cyclegan_uda_run, row['method'], 'result.json')
    assert row['answers'] == (row['method'] != 'cyclegan')
    if row['answers']:
      assert 0 <= row['target_test']['accuracy'] <= 1
    else:
      assert row['target_test'] is None
    assert 'stopped' not in row


def test_generators_of_all_ways_are_cyclegans(
  cyclegan_uda_run, open_stages, assert_same
):
  run = open_stages('cyclegan_uda', cyclegan_uda_run)
  cyclegan, on_the_fly, offline, two_way = (row.trained() for row in run.rows)
  assert_same(on_the_fly.source_to_target, cyclegan.source_to_target)
  assert_same(two_way.source_to_target, cyclegan.source_to_target)
  assert_same(two_way.target_to_source, cyclegan.target_to_source)
  assert not offline.translates
  assert not (cyclegan_uda_run / 'cyclegan_uda' / 'translated').exists()


def test_the_combination_is_selected_and_kept(cyclegan_uda_run, open_stages):
  """In the result, the checkpoint and the export."""
  result = read(cyclegan_uda_run, 'cyclegan_uda_two_way', 'result.json')
  weight = result['combination_weight']
  run = open_stages('cyclegan_uda', cyclegan_uda_run)
  method = run.row('cyclegan_uda_two_way').trained()
  np.testing.assert_allclose(float(method.combination_weight), weight)
  images = run.pair.images('target', 32)
  stored = np.round((images + 1) * 127.5).astype(np.uint8)
  predict = serving.load(str(cyclegan_uda_run / 'export'))['predict']
  forth = tf.nn.softmax(method.task(images)['logits'])
  back = method.source_task(method.translate_back(tf.constant(images)))
  back = tf.nn.softmax(back['logits'])
  np.testing.assert_allclose(
    predict(images=tf.constant(stored))['probabilities'],
    weight * forth + (1 - weight) * back,
    atol=1e-5,
  )


def test_a_weight_that_is_selected_outlives_the_process(
  cyclegan_uda_run, open_stages, copied, monkeypatch
):
  """Also where it is none of those that training starts with."""
  run_dir = copied(cyclegan_uda_run, 'cyclegan', 'cyclegan_uda_two_way')
  os.remove(run_dir / 'cyclegan_uda_two_way' / 'result.json')
  information = iter([0.6, 1.4])
  monkeypatch.setattr(
    cyclegan_uda, 'mutual_information', lambda _: next(information)
  )
  run = open_stages('cyclegan_uda', run_dir)
  row = run.row('cyclegan_uda_two_way')
  row.train()
  assert row.result()['combination_weight'] == pytest.approx(0.3)
  method = row.trained()
  np.testing.assert_allclose(float(method.combination_weight), 0.3)


def test_the_export_translates_both_ways(cyclegan_uda_run, open_stages):
  signatures = serving.load(str(cyclegan_uda_run / 'export'))
  both = {'translate', 'translate_back'}
  always = {'serving_default', 'predict', 'predict_float'}
  assert set(signatures) == always | {*both}
  run = open_stages('cyclegan_uda', cyclegan_uda_run)
  method = run.row('cyclegan').trained()
  images = np.random.default_rng(0).integers(
    256, size=(3, 16, 16, 3), dtype=np.uint8
  )
  prepared = prepare_images(images, image_shape=(16, 16, 3))
  for name in both:
    found = signatures[name](images=tf.constant(images))['images'].numpy()
    expected = to_uint8(getattr(method, name)(prepared)).numpy()
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_pictures_show_both_directions(cyclegan_uda_run):
  """Both domains, translated and back; without a way back, three rows.

  Each pixel is two wide.
  """
  path = cyclegan_uda_run / 'cyclegan' / 'samples' / 'step_00000006.png'
  with Image.open(path) as picture:
    assert picture.size == (2 * (16 * 16 + 15 * 2), 2 * (6 * 16 + 5 * 2))
  path = cyclegan_uda_run / 'cyclegan_uda' / 'samples' / 'step_00000004.png'
  with Image.open(path) as picture:
    assert picture.size == (2 * (16 * 16 + 15 * 2), 2 * (3 * 16 + 2 * 2))


def tags(directory):
  return {
    value.tag
    for path in directory.glob('events*')
    for event in tf.compat.v1.train.summary_iterator(str(path))
    for value in event.summary.value
  }


def test_without_answers_there_are_no_target_metrics(cyclegan_uda_run):
  found = tags(cyclegan_uda_run / 'cyclegan' / 'tensorboard')
  lines = (cyclegan_uda_run / 'cyclegan' / 'metrics.jsonl').read_text()
  assert not any(tag.startswith(('target/', 'outputs/target')) for tag in found)
  assert 'uses_labels' not in lines
  picture = 'source_translated_reconstructed'
  assert f'{picture}_target_translated_reconstructed' in found
  assert 'generators/target_cycle' in found
  answering = tags(cyclegan_uda_run / 'cyclegan_uda' / 'tensorboard')
  assert 'target/accuracy_uses_labels' in answering
  assert 'source_translated_target' in answering


def test_cyclegan_alone_has_no_export(cyclegan_uda_run, open_stages, copied):
  run_dir = copied(cyclegan_uda_run, 'cyclegan')
  run = open_stages(
    'cyclegan_uda', run_dir, 'Experiment.rows = [@cyclegan/Row()]'
  )
  (row,) = run.train()['rows']
  assert (row['method'], row['target_test']) == ('cyclegan', None)
  assert not (run_dir / 'export').exists()
  assert (run_dir / 'translated.png').exists()


# By row: what each command does with it; None where it succeeds.
COMMANDS = {
  'evaluate': ('cyclegan', 'does not predict'),
  'export': ('cyclegan', 'does not predict'),
  'translate': ('cyclegan_uda_offline', 'does not translate'),
}


@pytest.mark.parametrize('name', COMMANDS)
def test_a_row_that_cannot_is_told(
  name, cyclegan_uda_run, data_dir, tmp_path, in_process
):
  row, message = COMMANDS[name]
  args = [f'--run_dir={cyclegan_uda_run}', f'--data_dir={data_dir}']
  if name == 'export':
    args += [f'--export_dir={tmp_path / "export"}']
  if name == 'translate':
    args += ['--name=other']
  done = in_process(name, *args, f'--row={row}')
  done.assert_mistake(f"row '{row}' {message}", '--row')
