"""CyCADA's rows, which start from what others left, in runs of seconds."""

import json
import os
import pathlib
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import serving
from pixelda_tf.errors import UserError
from pixelda_tf.runs import checkpoints, choosing, loop, row_networks

ROWS = ['source_only', 'cycada_translate', 'cycada', 'target_only']


def read(*parts):
  return json.loads(pathlib.Path(*parts).read_text())


def values(network):
  return [weight.numpy() for weight in network.weights]


def differs(network, other):
  pairs = zip(values(network), values(other), strict=True)
  return any(np.any(ours != theirs) for ours, theirs in pairs)


def test_one_command_gives_every_stage_its_result(cycada_run):
  result = read(cycada_run, 'result.json')
  assert [row['method'] for row in result['rows']] == ROWS
  for row in result['rows']:
    assert row == read(cycada_run, row['method'], 'result.json')
    assert row['answers'] and 0 <= row['target_test']['accuracy'] <= 1
    assert 'stopped' not in row


def test_cycadas_stages_start_from_each_other(
  cycada_run, open_stages, assert_same
):
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
  pairs = zip(values(feature.task), values(pixel.task), strict=True)
  for ours, theirs in pairs:
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
  classes = [method.task.get_layer('classes') for method in (feature, pixel)]
  assert_same(*classes)


@pytest.mark.parametrize('row', ['cycada_translate', 'cycada'])
def test_before_the_first_step_the_weights_are_the_initial_networks(
  row, cycada_run, open_stages, assert_same
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
    unaveraged = run.row('cycada_translate').build()
    checkpoint = tf.train.Checkpoint(method=unaveraged)
    checkpoints.restore(
      str(cycada_run / 'cycada_translate' / 'checkpoints'), checkpoint
    )
    assert differs(method.reference_task, unaveraged.task)


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


@pytest.mark.slow
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


def test_a_setting_may_take_translation_away(tmp_path, open_stages):
  run = open_stages('cycada', tmp_path, 'CyCADAFeatures.generator = None')
  assert choosing.last_predicting(run.rows).name == 'cycada'
  assert choosing.last_translating(run.rows).name == 'cycada_translate'
