"""Weights that a validator chooses among a row's checkpoints."""

import json

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import validators
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import compiled_predictions, score
from pixelda_tf.methods import SourceOnly
from pixelda_tf.runs import checkpoints, choice, looked_at
from pixelda_tf.runs.row_settings import Row

VALIDATION = "source/Domain.validation = 'train[:40]'"
# So fast that later steps are not always better.
PARAMS = (
  'Experiment.rows = [@source_only/Row()]',
  'Experiment.checkpoint_every = 2',
  'source_only/adam.learning_rate = 3e-2',
)
CHOSEN = ("source_only/Row.chosen_by = 'source_score'", VALIDATION, *PARAMS)


@pytest.fixture(autouse=True)
def few_images(monkeypatch):
  """Scores of fewer images take less time."""
  monkeypatch.setattr(looked_at, 'IMAGES', 300)


def steps_of(run_dir):
  folders = (run_dir / 'source_only/checkpoints').iterdir()
  return sorted(int(path.name.removeprefix('step_')) for path in folders)


def test_the_checkpoint_that_is_best_on_the_source_is_chosen(
  open_run, tmp_path, assert_same, newest_values
):
  """Of those after 2, 4, ..., 16 steps; not the last one.

  Each is what a run of that many steps ends with. The target's labels are read
  at the end, of the one that is chosen.
  """
  run = open_run(tmp_path / 'run', *CHOSEN, 'source_only/Row.steps = 16')
  (result,) = run.train()['rows']
  scores = {int(k): v for k, v in result['validators']['source_score'].items()}
  assert list(scores) == list(range(2, 17, 2))
  chosen = result['chosen_step']
  assert scores[chosen] == max(scores.values()) and chosen != 16
  assert chosen == min(k for k in scores if scores[k] == scores[chosen])
  assert result['steps'] == 16 and result['chosen_by'] == 'source_score'
  assert set(result['validators']) == set(validators.NAMES)
  tests = result['target_test_by_step_uses_labels']
  assert tests[str(chosen)] == result['target_test']['accuracy']
  assert len(steps_of(tmp_path / 'run')) == 2

  short = open_run(
    tmp_path / 'short', *PARAMS, f'source_only/Row.steps = {chosen}'
  )
  (other,) = short.train()['rows']
  assert other['target_test'] == result['target_test']
  method = short.row('source_only').trained()
  assert_same(method.task, run.row('source_only').trained().task)
  pair = short.pair
  predict = compiled_predictions(method)
  found = score(
    predict,
    pair.test_batches('source', 'train[:40]'),
    pair.problem.scorer(pair.class_names),
  ).result()
  assert found['accuracy'] == scores[chosen] and found['count'] == 40

  # Opened again, it is the same one, and finished.
  again = open_run(tmp_path / 'run', *CHOSEN, 'source_only/Row.steps = 16')
  assert_same(again.row('source_only').trained().task, method.task)
  step, values = newest_values(tmp_path / 'run/source_only')
  (counted,) = (
    value for name, value in values.items() if name.startswith('method/step/')
  )
  assert step == int(counted) == 16
  text = (tmp_path / 'run/source_only/result.json').read_text()
  assert again.train()['rows'] == [json.loads(text)]


@pytest.mark.slow
def test_it_goes_on_with_all_checkpoints(open_run, tmp_path):
  """As if it had been killed after the fourth of six steps."""
  params = *CHOSEN, 'source_only/Row.steps = 6'
  (whole,) = open_run(tmp_path / 'whole', *params).train()['rows']
  open_run(tmp_path / 'run', *CHOSEN[1:], 'source_only/Row.steps = 4').train()
  (tmp_path / 'run/source_only/result.json').unlink()
  assert steps_of(tmp_path / 'run') == [2, 4]
  (found,) = open_run(tmp_path / 'run', *params).train()['rows']
  for result in (whole, found):
    del result['wall_seconds']
  assert found == whole


def test_without_a_validation_split_a_tenth_is_held_back(
  open_run, tmp_path, caplog
):
  """From all rows: the one that needs none learns from the same images."""
  caplog.set_level('INFO', logger='absl')
  run = open_run(tmp_path / 'run', CHOSEN[0], *PARAMS[1:])
  source = run.pair.source
  whole = open_run(tmp_path / 'whole', *PARAMS[1:]).pair.source
  n = whole.count('train')
  assert source.count(source.validation) == n // 10
  assert source.count(source.train) == n - n // 10
  assert (
    'source/Domain.validation is not set, and Row.chosen_by of '
    f"'source_only' (source_score) needs it: {n // 10} of the {n} training "
    'images of digits are held back, from all rows'
  ) in caplog.text
  for row in run.rows:
    assert row.original.source.train == source.train
  result = run.train(['source_only'])
  assert result['source_validation_count'] == n // 10
  assert result['source_count'] == n - n // 10
  assert 'source_score' in result['rows'][0]['validators']


def test_a_row_that_predicts_nothing_has_nothing_to_choose_by(
  open_stages, tmp_path
):
  with pytest.raises(UserError, match='CycleGAN predicts nothing to choose by'):
    open_stages(
      'cyclegan_uda',
      tmp_path,
      VALIDATION,
      "cyclegan/Row.chosen_by = 'entropy'",
    )


def test_a_validator_of_the_target_needs_no_validation_split(
  open_run, tmp_path
):
  """The best of what each checkpoint answers to the target's images."""
  params = (*PARAMS, 'source_only/Row.steps = 6')
  by = "source_only/Row.chosen_by = 'information_maximization'"
  run = open_run(tmp_path, by, *params)
  (result,) = run.train()['rows']
  found = result['validators']
  assert set(found) == {
    name for name in validators.NAMES if not validators.needs_source(name)
  }
  scores = found['information_maximization']
  assert result['chosen_step'] == int(max(scores, key=scores.get))
  images = looked_at.drawn(run.pair, run.pair.target, looked_at.IMAGES)
  answer = validators.compiled_answers(run.row('source_only').trained())
  answers = validators.collect(answer, images)
  score = validators.scores.information_maximization(answers.probabilities)
  assert score == pytest.approx(max(scores.values()), rel=1e-5)


def test_a_validator_that_is_none_is_told(open_run, tmp_path):
  with pytest.raises(UserError) as error:
    open_run(tmp_path, "source_only/Row.chosen_by = 'luck'", *PARAMS)
  assert error.value.message.startswith(
    "Row.chosen_by of 'source_only' is 'luck': name a validator, one of "
    'source_score, entropy, '
  )


def test_images_are_drawn_from_all_that_are_stored(open_run, tmp_path):
  """Always the same ones; the first that are stored may be of one class."""
  pair = open_run(tmp_path, *PARAMS).pair
  found = looked_at.drawn(pair, pair.source, 10)
  np.testing.assert_array_equal(found, looked_at.drawn(pair, pair.source, 10))
  stored = pair.images('source')
  places = [
    int(np.flatnonzero((stored == image).all(axis=(1, 2, 3)))[0])
    for image in found
  ]
  assert len(set(places)) == 10 and max(places) > 100
  every = looked_at.drawn(pair, pair.source, 10_000)
  assert len(every) == len(stored)
  np.testing.assert_allclose(every.sum(), stored.sum(), rtol=1e-5)


def test_a_checkpoint_that_answers_no_numbers_is_not_chosen(open_run, tmp_path):
  run = open_run(tmp_path, *PARAMS, 'source_only/Row.steps = 6')
  run.train()
  row = run.row('source_only')
  method, directory = row.build(), row.directory.checkpoints
  state = checkpoints.RowState(method)
  checkpoints.restore(directory, state, 6)
  bias = method.task.weights[-1]  # Of the scores: a ReLU makes NaN 0.
  bias.assign(np.full(bias.shape, np.nan))
  checkpoints.save(directory, 6, state)
  row._own.take(method)
  found = choice.choose(row._own, state, directory, run.pair, 'entropy')
  assert found['chosen_step'] == 4
  assert set(found['validators']['entropy']) == {'4'}


def test_validators_score_a_row_while_it_trains(
  open_run, tmp_path, newest_values, capsys
):
  """And the weights are those of a run without them."""
  params = *PARAMS, VALIDATION, 'source_only/Row.steps = 6'
  params += 'Experiment.picture_every = 2', 'Experiment.log_every = 1'
  names = 'source_score', 'information_maximization', 'class_ami'
  run = open_run(tmp_path / 'run', *params, f'Experiment.validators = {names}')
  run.train()
  assert 'validators/class_ami=' in capsys.readouterr().err
  text = (tmp_path / 'run/source_only/metrics.jsonl').read_text()
  lines = {line['step']: line for line in map(json.loads, text.splitlines())}
  for name in names:
    scored = [step for step in lines if f'validators/{name}' in lines[step]]
    assert scored == [2, 4, 6]
  method = run.row('source_only').trained()
  scores = looked_at.LookedAt(run.pair).scores(
    names, validators.compiled_answers(method), compiled_predictions(method)
  )
  assert scores == {name: lines[6][f'validators/{name}'] for name in names}

  open_run(tmp_path / 'without', *params).train()
  (step, found), (_, expected) = (
    newest_values(tmp_path / f'{name}/source_only')
    for name in ('run', 'without')
  )
  assert step == 6 and found.keys() == expected.keys()
  for name, value in expected.items():
    if 'wall_seconds' not in name:
      np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize('name', ['combined', 'ensemble_agreement', 'luck'])
def test_validators_of_several_models_score_none_alone(
  name, open_run, tmp_path
):
  expected = 'is .luck.: name' if name == 'luck' else 'compares several check'
  with pytest.raises(UserError, match=f'^Experiment.validators .*{expected}'):
    open_run(tmp_path, *PARAMS, f"Experiment.validators = ['{name}']")


def test_a_validator_that_is_no_list_is_told(open_run, tmp_path):
  with pytest.raises(UserError, match=r"a list is needed, as \['entropy'\]"):
    open_run(tmp_path, *PARAMS, "Experiment.validators = 'entropy'")


def task_without_features(image_shape, n_classes):
  images = tf.keras.Input(image_shape)
  logits = tf.keras.layers.Dense(n_classes)(tf.keras.layers.Flatten()(images))
  return tf.keras.Model(images, {'logits': logits})


@pytest.mark.parametrize(
  'by, names, expected',
  [
    ('class_ami', (), "^Row.chosen_by of 'x': class_ami: it needs features"),
    ('combined', (), "^Row.chosen_by of 'x': combined: it needs features"),
    (
      None,
      ['class_ami'],
      "^Experiment.validators, row 'x': class_ami: it need",
    ),
    ('entropy', ['source_score'], None),
  ],
)
def test_features_that_are_not_there_are_told_before_the_first_step(
  by, names, expected
):
  optimizer = tf.keras.optimizers.SGD(0.1)
  row = Row(
    name='x', method=SourceOnly, optimizer=optimizer, steps=1, chosen_by=by
  )
  how = {'image_shape': (8, 8, 1), 'n_classes': 3}
  looked_at.check(SourceOnly(**how), row, names)
  method = SourceOnly(**how, task=task_without_features)
  if expected is None:
    looked_at.check(method, row, names)
    return
  with pytest.raises(UserError, match=expected):
    looked_at.check(method, row, names)
