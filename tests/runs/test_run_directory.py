import os

import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.runs import run_directory

CONFIG = 'Experiment.seed = 0\nRow.steps = 10\n'


def test_a_directory_is_claimed_once_and_again_by_the_same_config(tmp_path):
  run_dir = str(tmp_path / 'runs' / 'a')
  for _ in range(2):
    run_directory.claim(run_dir, CONFIG)
    assert os.listdir(run_dir) == ['config.gin']
  with open(run_directory.read(run_dir)) as file:
    assert file.read() == CONFIG


def test_a_config_of_the_same_values_is_the_same(tmp_path):
  run_directory.claim(str(tmp_path), CONFIG)
  run_directory.claim(
    str(tmp_path), '# A comment.\nRow.steps = 10\nExperiment.seed = 0\n'
  )


def test_another_config_is_refused_with_what_differs(tmp_path):
  run_directory.claim(str(tmp_path), CONFIG)
  message = rf'^{tmp_path}: .*\(Experiment.seed: 0 -> 1\).*--run_dir'
  with pytest.raises(UserError, match=message):
    run_directory.claim(str(tmp_path), 'Experiment.seed = 1\nRow.steps = 10\n')
  with open(run_directory.read(str(tmp_path))) as file:
    assert file.read() == CONFIG


def test_a_directory_with_other_files_is_refused(tmp_path):
  (tmp_path / 'thesis.tex').write_text('mine')
  with pytest.raises(UserError, match='not empty and not a run directory'):
    run_directory.claim(str(tmp_path), CONFIG)
  assert os.listdir(tmp_path) == ['thesis.tex']


def test_a_run_killed_while_it_claimed_starts_again(tmp_path):
  (tmp_path / 'config.gin.partial').write_text('Experiment.se')
  run_directory.claim(str(tmp_path), CONFIG)
  assert os.listdir(tmp_path) == ['config.gin']


def test_a_file_in_the_place_of_the_directory_is_a_mistake(tmp_path):
  (tmp_path / 'file').write_text('mine')
  with pytest.raises(UserError, match='file: not a directory'):
    run_directory.claim(str(tmp_path / 'file'), CONFIG)


def test_reading_what_is_no_run_is_a_mistake(tmp_path):
  with pytest.raises(UserError, match='not a run directory'):
    run_directory.read(str(tmp_path))
