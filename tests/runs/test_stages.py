"""Rows that start from what other rows left, in runs of seconds."""

import json
import os
import pathlib
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf import serving
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import prepare_images, to_uint8
from pixelda_tf.methods import cyclegan_uda
from pixelda_tf.runs import checkpoints, choosing, loop, row_networks

CYCADA = ['source_only', 'cycada_translate', 'cycada', 'target_only']
UDA = [
  'cyclegan',
  'cyclegan_uda',
  'cyclegan_uda_offline',
  'cyclegan_uda_two_way',
]


def read(*parts):
  return json.loads(pathlib.Path(*parts).read_text())


def values(network):
  return [weight.numpy() for weight in network.weights]


def assert_same(network, other):
  for ours, theirs in zip(values(network), values(other), strict=True):
    np.testing.assert_array_equal(ours, theirs)


def differs(network, other):
  pairs = zip(values(network), values(other), strict=True)
  return any(np.any(ours != theirs) for ours, theirs in pairs)


@pytest.mark.parametrize(
  ('run', 'rows'),
  [('cycada_run', CYCADA), ('cyclegan_uda_run', UDA)],
  ids=['cycada', 'cyclegan_uda'],
)
def test_one_command_gives_every_stage_its_result(run, rows, request):
  run_dir = request.getfixturevalue(run)
  result = read(run_dir, 'result.json')
  assert [row['method'] for row in result['rows']] == rows
  for row in result['rows']:
    assert row == read(run_dir, row['method'], 'result.json')
    assert row['answers'] == (row['method'] != 'cyclegan')
    if row['answers']:
      assert 0 <= row['target_test']['accuracy'] <= 1
    else:
      assert row['target_test'] is None
    assert 'stopped' not in row


def test_cycadas_stages_start_from_each_other(cycada_run, open_stages):
  """f_S and the feature stage's generator do not move; f_T hardly does.

  Its rate is 1e-5, and its average begins with its initial networks, in six
  steps: a fresh network or average would be far away.
  """
  run = open_stages('cycada', cycada_run)
  source_only, pixel, feature, _ = (row.trained() for row in run.rows)
  assert_same(pixel.source_task, source_only.task)
  assert_same(feature.source_to_target, pixel.source_to_target)
  assert_same(feature.reference_task, pixel.task)
  assert differs(pixel.task, source_only.task)
  assert differs(feature.task, pixel.task)
  for ours, theirs in zip(
    values(feature.task), values(pixel.task), strict=True
  ):
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
  classes = [method.task.get_layer('classes') for method in (feature, pixel)]
  assert_same(*classes)


@pytest.mark.parametrize('row', ['cycada_translate', 'cycada'])
def test_before_the_first_step_the_weights_are_the_initial_networks(
  row, cycada_run, open_stages
):
  """Averaged ones, where the optimizer averages."""
  run = open_stages('cycada', cycada_run)
  opened = run.row(row)
  method = opened.build()
  initial = opened.settings.initial_networks
  fresh = {name: values(getattr(method, name)) for name in initial}
  row_networks.load(method, run.pair.class_names, initial, str(cycada_run))
  for name, origin in initial.items():
    giver, _, network = origin.partition('/')
    given = getattr(run.row(giver).trained(), network)
    assert_same(getattr(method, name), given)
    ours = zip(values(getattr(method, name)), fresh[name], strict=True)
    assert any(np.any(new != old) for new, old in ours)
  if row == 'cycada':
    _, averaged = values(method.task), values(method.reference_task)
    unaveraged = run.row('cycada_translate').build()
    checkpoint = tf.train.Checkpoint(method=unaveraged)
    checkpoints.restore(
      str(cycada_run / 'cycada_translate' / 'checkpoints'), checkpoint
    )
    pairs = zip(averaged, values(unaveraged.task), strict=True)
    assert any(np.any(ours != theirs) for ours, theirs in pairs)


def test_generators_of_all_ways_are_cyclegans(cyclegan_uda_run, open_stages):
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
  assert set(signatures) == {'serving_default', 'predict', *both}
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


def tags(directory):
  return {
    value.tag
    for path in directory.glob('events*')
    for event in tf.compat.v1.train.summary_iterator(str(path))
    for value in event.summary.value
  }


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


def test_rows_alone_are_trained_and_others_stay_in_the_table(
  cycada_run, open_stages, copied
):
  """Only source_only is there: the bounds are trained, the stages are not."""
  run_dir = copied(cycada_run, 'source_only')
  before = (run_dir / 'source_only' / 'result.json').stat().st_mtime_ns
  result = open_stages('cycada', run_dir).train(['target_only'])
  names = [row['method'] for row in result['rows']]
  assert names == ['source_only', 'target_only']
  assert (run_dir / 'source_only' / 'result.json').stat().st_mtime_ns == before
  assert not (run_dir / 'cycada_translate').exists()
  assert 'translate' not in serving.load(str(run_dir / 'export'))
  assert not (run_dir / 'translated.png').exists()
  assert read(run_dir, 'result.json') == result


def test_a_row_whose_input_is_missing_names_the_file(
  cycada_run, open_stages, copied
):
  run = open_stages('cycada', copied(cycada_run, 'source_only'))
  networks = run.row('cycada_translate').directory.networks
  file = f'{networks}/source_to_target.weights.h5'
  with pytest.raises(UserError, match=f"^{file}: .*row 'cycada_translate'"):
    run.train(['cycada'])
  assert not os.path.exists(run.directory.result)


def test_networks_may_be_of_another_run(
  cycada_run, tmp_path, open_stages, newest_values
):
  initial_networks = {
    'task': f'{cycada_run}/cycada_translate/task',
    'reference_task': f'{cycada_run}/cycada_translate/task',
    'source_to_target': f'{cycada_run}/cycada_translate/source_to_target',
  }
  run = open_stages(
    'cycada',
    tmp_path,
    'Experiment.rows = [@cycada/Row()]',
    f'cycada/Row.initial_networks = {initial_networks}',
  )
  run.row('cycada').train()
  step, found = newest_values(tmp_path / 'cycada')
  expected_step, expected = newest_values(cycada_run / 'cycada')
  assert step == expected_step and found.keys() == expected.keys()
  for name, value in found.items():
    np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_a_result_that_was_deleted_is_made_again_without_training(
  cycada_run, open_stages, copied
):
  run_dir = copied(cycada_run, 'source_only')
  os.remove(run_dir / 'source_only' / 'result.json')
  shutil.rmtree(run_dir / 'source_only' / 'networks')
  run = open_stages('cycada', run_dir)
  row = run.row('source_only')
  row.train()
  assert row.result() == read(cycada_run, 'source_only', 'result.json')
  assert checkpoints.steps(str(run_dir / 'source_only' / 'checkpoints')) == [
    4,
    6,
  ]
  for name in os.listdir(cycada_run / 'source_only' / 'networks'):
    assert (run_dir / 'source_only' / 'networks' / name).exists()


STOPS = (
  'Experiment.rows = [@cycada/Row()]',
  'cycada/Row.steps = 20',
  'CyCADAFeatures.generator = None',
  'CyCADAFeatures.threshold = 1.0',
  'CyCADAFeatures.patience = 3',
)


def press_after(steps, monkeypatch):
  """Presses Ctrl-C while the loop takes its step of that number."""
  function = loop.distribution.step_function

  def step_function(*args):
    step, taken = function(*args), []

    def pressing(iterator):
      taken.append(1)
      if len(taken) == steps:
        os.kill(os.getpid(), signal.SIGINT)
      return step(iterator)

    return pressing

  monkeypatch.setattr(loop.distribution, 'step_function', step_function)


def test_a_stage_that_is_over_ends_at_the_next_line(
  tmp_path, cycada_run, open_stages, newest_values, monkeypatch
):
  """The third step is the last that is looked at, lines are every two.

  Ctrl-C at the third step itself gives the same. Without a generator nothing
  is translated, and there is no picture.
  """
  task = f'{cycada_run}/source_only/task'
  initial_networks = {'task': task, 'reference_task': task}
  stops = (*STOPS, f'cycada/Row.initial_networks = {initial_networks}')
  whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
  (row,) = open_stages('cycada', whole, *stops).train()['rows']
  assert row['steps'] == 4
  assert row['stopped'] == (
    'the feature discriminator was not once above 100% in 3 steps'
  )
  assert checkpoints.steps(str(whole / 'cycada' / 'checkpoints')) == [4]
  assert not (whole / 'translated.png').exists()
  with monkeypatch.context() as patch:
    press_after(3, patch)
    with pytest.raises(loop.Interrupted, match='cycada: stopped after step 3'):
      open_stages('cycada', resumed, *stops).train()
  assert not (resumed / 'cycada' / 'result.json').exists()
  row_again = open_stages('cycada', resumed, *stops).row('cycada')
  row_again.train()
  again = row_again.result()
  assert (again['steps'], again['stopped']) == (4, row['stopped'])
  ours, theirs = (
    newest_values(resumed / 'cycada'),
    newest_values(whole / 'cycada'),
  )
  assert ours[0] == theirs[0] == 4
  for name, value in ours[1].items():
    np.testing.assert_array_equal(value, theirs[1][name], err_msg=name)


def test_a_network_that_has_to_come_from_another_row_is_asked_for(
  tmp_path, open_stages
):
  run = open_stages(
    'cycada', tmp_path, *STOPS, 'cycada/Row.initial_networks = {}'
  )
  message = "initial_networks: CyCADAFeatures .*'task'"
  with pytest.raises(UserError, match=message):
    run.train()


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


def test_a_setting_may_take_translation_away(tmp_path, open_stages):
  run = open_stages('cycada', tmp_path, 'CyCADAFeatures.generator = None')
  assert choosing.last_predicting(run.rows).name == 'cycada'
  assert choosing.last_translating(run.rows).name == 'cycada_translate'
