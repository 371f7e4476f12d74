import json
import logging
import os

import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.runs.directory import RunDirectory, read_json

CONFIG = 'Experiment.seed = 0\nRow.steps = 10\n'
OPERATIVE = f"brick.colour = 'red'\nbrick.size = 3\n{CONFIG}"
FILES = ['config.gin', 'operative_config.gin']


def claim(path, text=CONFIG, operative=OPERATIVE):
  RunDirectory(str(path)).claim(text, operative)


def test_a_directory_is_claimed_once_and_again_by_the_same_config(tmp_path):
  run_dir = tmp_path / 'runs' / 'a'
  for _ in range(2):
    claim(run_dir)
    assert sorted(os.listdir(run_dir)) == FILES
    RunDirectory(str(run_dir)).check_is_run()
  assert (run_dir / 'config.gin').read_text() == CONFIG
  assert (run_dir / 'operative_config.gin').read_text() == OPERATIVE


@pytest.mark.parametrize('name', FILES)
def test_a_file_that_is_no_text_is_told(name, tmp_path):
  claim(tmp_path)
  (tmp_path / name).write_bytes(b'\x86' + CONFIG.encode())
  with pytest.raises(UserError, match=rf'^{tmp_path / name}: damaged \('):
    RunDirectory(str(tmp_path)).check_claim(CONFIG, OPERATIVE)


def test_a_config_of_the_same_values_is_the_same(tmp_path):
  claim(tmp_path)
  claim(tmp_path, '# A comment.\nRow.steps = 10\nExperiment.seed = 0\n')


def test_another_config_is_refused_with_what_differs(tmp_path):
  claim(tmp_path)
  message = rf'^{tmp_path}: .*\(Experiment.seed: 0 -> 1\).*--run_dir'
  with pytest.raises(UserError, match=message):
    claim(tmp_path, 'Experiment.seed = 1\nRow.steps = 10\n')
  assert (tmp_path / 'config.gin').read_text() == CONFIG


def test_a_default_that_changed_is_refused_and_named(tmp_path):
  """Another version of pixelda_tf: a brick is 4 long now, and has a weight."""
  claim(tmp_path)
  today = OPERATIVE.replace('size = 3', 'size = 4') + 'brick.weight = 1.0\n'
  message = rf'^{tmp_path}: defaults .*\(brick.size: 3 -> 4\).*--run_dir'
  with pytest.raises(UserError, match=message) as error:
    claim(tmp_path, operative=today)
  assert '\n' not in error.value.message
  (change,) = RunDirectory(str(tmp_path)).changed_defaults(today)
  assert change == ('brick.size', 3, 4)
  assert (tmp_path / 'operative_config.gin').read_text() == OPERATIVE


def test_a_parameter_that_is_gone_is_told(tmp_path, caplog):
  claim(tmp_path)
  with caplog.at_level(logging.INFO, logger='absl'):
    claim(tmp_path, operative=OPERATIVE.replace('brick.size = 3\n', ''))
  assert f'{tmp_path}: it began with parameters that are gone' in caplog.text
  assert 'brick.size = 3' in caplog.text


def test_a_run_of_before_defaults_were_kept_goes_on_with_a_word(
  tmp_path, caplog
):
  (tmp_path / 'config.gin').write_text(CONFIG)
  with caplog.at_level(logging.INFO, logger='absl'):
    claim(tmp_path)
  assert f'{tmp_path}: nothing tells the defaults' in caplog.text
  assert (tmp_path / 'operative_config.gin').read_text() == OPERATIVE


def test_a_directory_with_other_files_is_refused(tmp_path):
  (tmp_path / 'thesis.tex').write_text('mine')
  with pytest.raises(UserError, match='not empty and not a run directory'):
    claim(tmp_path)
  assert os.listdir(tmp_path) == ['thesis.tex']


@pytest.mark.parametrize(
  'left',
  [
    'config.gin.partial',
    'operative_config.gin.partial',
    'operative_config.gin',
  ],
)
def test_a_run_killed_while_it_claimed_starts_again(left, tmp_path):
  (tmp_path / left).write_text('Experiment.se')
  claim(tmp_path)
  assert set(FILES) <= set(os.listdir(tmp_path)) <= {*FILES, left}
  assert (tmp_path / 'operative_config.gin').read_text() == OPERATIVE


def test_a_file_in_the_place_of_the_directory_is_a_mistake(tmp_path):
  (tmp_path / 'file').write_text('mine')
  with pytest.raises(UserError, match='file: not a directory'):
    claim(tmp_path / 'file')


def test_what_is_no_run_is_a_mistake(tmp_path):
  with pytest.raises(UserError, match='not a run directory'):
    RunDirectory(str(tmp_path)).check_is_run()


def test_json_is_read_or_not_there(tmp_path):
  path = tmp_path / 'result.json'
  assert read_json(str(path)) is None
  path.write_text(json.dumps({'a': [1, None]}))
  assert read_json(str(path)) == {'a': [1, None]}


@pytest.mark.parametrize('content', ['', '{"a": 1', 'torn'])
def test_a_damaged_file_is_told(content, tmp_path):
  path = tmp_path / 'result.json'
  path.write_text(content)
  with pytest.raises(UserError, match=rf'^{path}: damaged \(.*: delete it'):
    read_json(str(path))


@pytest.mark.parametrize('name', ['config.gin', 'operative_config.gin'])
def test_a_damaged_config_is_named(name, tmp_path):
  text = 'Pair.batch_size = 4\n'
  directory = RunDirectory(str(tmp_path / 'run'))
  directory.claim(text, text)
  (tmp_path / 'run' / name).write_text('Pair.batch_size = = 4\n')
  with pytest.raises(UserError, match=f'/{name}: not a config, line 1') as told:
    directory.claim(text, text)
  assert '\n' not in told.value.message
