import os
import pathlib
import shutil

import pytest
import tensorflow as tf

from pixelda_tf import config
from pixelda_tf.errors import UserError
from pixelda_tf.runs import experiment, row

TINY = str(pathlib.Path(__file__).with_name('tiny.gin'))
TWO_STEPS = ('source_only/Row.steps = 2', 'pixelda/Row.steps = 2')
# A default of PixelDA's in tiny.gin: today's, and one that was once.
TODAY = 'PixelDA.source_task_weight = 1.0'
ONCE = 'PixelDA.source_task_weight = 0.5'


@pytest.fixture
def builds(monkeypatch):
  """Names of rows, one for each time that their method is built."""
  names, build = [], row.OpenRow.build

  def counted(self):
    names.append(self.name)
    return build(self)

  monkeypatch.setattr(row.OpenRow, 'build', counted)
  return names


def test_a_run_builds_each_method_once(tmp_path, open_run, builds):
  """Trained, tested, exported and drawn, the last row is the same object."""
  run = open_run(tmp_path, *TWO_STEPS)
  assert builds == []
  run.train()
  assert (tmp_path / 'export').exists()
  assert (tmp_path / 'translated.png').exists()
  assert builds == ['source_only', 'pixelda']


def test_a_finished_run_builds_what_it_uses(tiny_run, open_run, builds):
  run = open_run(tiny_run)
  assert [row.translates for row in run.rows] == [False, True]
  method = run.row('pixelda').trained()
  assert run.row('pixelda').trained() is method
  assert builds == ['pixelda']
  run.row('pixelda').release()
  assert run.row('pixelda').trained() is not method


def test_a_precision_is_the_methods_not_the_processs(tmp_path, open_run):
  run = open_run(tmp_path, "Experiment.precision = 'mixed_bfloat16'")
  method = run.row('source_only').build()
  assert method.task.layers[1].dtype_policy.name == 'mixed_bfloat16'
  assert tf.keras.mixed_precision.global_policy().name == 'float32'


@pytest.fixture
def begun_once(tiny_run, tmp_path):
  """Directory of a run that began when a default was another one."""
  directory = shutil.copytree(tiny_run, tmp_path / 'run')
  operative = directory / 'operative_config.gin'
  text = operative.read_text()
  assert TODAY in text
  operative.write_text(text.replace(TODAY, ONCE))
  return directory


def test_a_run_keeps_its_config_with_all_defaults(tiny_run):
  config.parse([TINY])
  text = (tiny_run / 'operative_config.gin').read_text()
  assert text == config.operative('Experiment')


def test_a_run_of_other_defaults_is_read_as_it_was(
  begun_once, data_dir, caplog
):
  with caplog.at_level('INFO', logger='absl'):
    run = experiment.reopen(str(begun_once), data_dir)
  assert f'as it began: {ONCE}' in caplog.text
  assert run.row('pixelda').trained().source_task_weight == 0.5


def test_a_run_of_other_defaults_is_not_trained_on(
  begun_once, data_dir, in_process
):
  os.remove(begun_once / 'pixelda' / 'result.json')
  done = in_process(
    'train',
    f'--gin_file={TINY}',
    f'--run_dir={begun_once}',
    f'--data_dir={data_dir}',
  )
  done.assert_mistake(
    f'{begun_once}: defaults have changed',
    '(PixelDA.source_task_weight: 0.5 -> 1.0)',
  )
  assert not (begun_once / 'pixelda' / 'result.json').exists()


def test_a_run_of_before_defaults_were_kept_is_read(
  begun_once, data_dir, caplog
):
  os.remove(begun_once / 'operative_config.gin')
  with caplog.at_level('INFO', logger='absl'):
    run = experiment.reopen(str(begun_once), data_dir)
  assert f'{begun_once}: nothing tells the defaults' in caplog.text
  assert run.row('pixelda').build().source_task_weight == 1.0


def test_a_config_of_an_earlier_version_is_refused(tiny_run, tmp_path):
  """Rows had a parameter for their name."""
  text = (tiny_run / 'config.gin').read_text()
  (tmp_path / 'config.gin').write_text(
    f"{text}\nsource_only/Row.name = 'source_only'\n"
  )
  message = r"config.gin:\d+: .*'Row' .*'name': .*version"
  with pytest.raises(UserError, match=message) as error:
    experiment.reopen(str(tmp_path), 'data')
  assert '\n' not in error.value.message
