import json
import os
import pathlib
import shutil

import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf import config
from pixelda_tf.data import Domain, Pair
from pixelda_tf.errors import UserError
from pixelda_tf.methods import SourceOnly
from pixelda_tf.runs import experiment
from pixelda_tf.runs.row_settings import Row

TINY = str(pathlib.Path(__file__).with_name('tiny.gin'))
TWO_STEPS = ('source_only/Row.steps = 2', 'pixelda/Row.steps = 2')
# A default of PixelDA's in tiny.gin: today's, and one that was once.
TODAY = 'PixelDA.source_task_weight = 1.0'
ONCE = 'PixelDA.source_task_weight = 0.5'


def test_a_run_builds_each_method_to_check_and_to_train(
  tmp_path, open_run, builds
):
  """Trained, tested, exported and drawn, the last row is the same object."""
  run = open_run(tmp_path, *TWO_STEPS)
  assert builds == []
  run.train()
  assert (tmp_path / 'export').exists()
  assert (tmp_path / 'translated.png').exists()
  assert builds == 2 * ['source_only', 'pixelda']


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


class TwoViews(SourceOnly):
  """Looks at the second view of target images."""

  strong_view = True

  def task_losses(self, batch, shared):
    terms, monitors = super().task_losses(batch, shared)
    target = batch['target']
    views = target['image'] + target['strong_image']
    return terms, monitors | {'sum_of_views': tf.reduce_mean(tf.abs(views))}


def inverted(batch, seed):
  del seed
  return batch | {'image': -batch['image']}


def test_a_row_of_python_may_ask_for_a_second_view(tmp_path, data_dir):
  """An image and its inverse are 0 together."""
  run = experiment.Experiment(
    str(tmp_path),
    data_dir,
    pair=Pair(
      source=Domain(name='digits'),
      target=Domain(name='digits_photo'),
      batch_size=4,
      target_strong_augmentation=inverted,
    ),
    rows=[
      Row(
        name='views',
        method=TwoViews,
        optimizer=tf.keras.optimizers.Adam(),
        steps=2,
      )
    ],
    log_every=2,
    checkpoint_every=2,
  )
  run.row('views').train()
  line = json.loads((tmp_path / 'views' / 'metrics.jsonl').read_text())
  assert line['task/sum_of_views'] == 0


@pytest.mark.slow
def test_a_row_is_trained_on_crops_and_used_on_whole_images(
  tmp_path, open_stages
):
  run = open_stages(
    'cyclegan_uda',
    tmp_path,
    'Experiment.rows = [@cyclegan/Row()]',
    'cyclegan/Row.steps = 2',
    'Pair.crop = (8, 8)',
    'CycleGAN.pool_size = 8',
  )
  run.train()
  method = run.row('cyclegan').trained()
  assert method.source_to_target.input_shape[0] == (None, None, None, 3)
  assert method.image_shape == run.pair.image_shape == (16, 16, 3)
  assert method.pools['target'].images.shape == (8, 8, 8, 3)
  with Image.open(tmp_path / 'translated.png') as picture:
    assert picture.size[0] > 12 * 3 * 16


UNBUILDABLE = {
  'sides that cannot be halved': (
    ('Pair.image_size = (18, 18)',),
    'cycada_translate',
    'downsampling_residual_generator: .*divisible by 4, .*18x18',
  ),
  'sides that are too small': (
    ('Pair.image_size = (15, 15)',),
    'source_only',
    'lenet_classifier: .*at least 16 .*15x15',
  ),
  'crops for a network of dense layers': (
    ('Pair.crop = (8, 8)', 'SourceOnly.task = @mnist_classifier'),
    'source_only',
    'mnist_classifier: images of one size .*no Pair.crop',
  ),
  'optimizers of other players': (
    ("source_only/Row.optimizer = {'tusk': @source_only/adam()}",),
    'source_only',
    r": compile: optimizers for \['tusk'\], but the players are \['task'\]",
  ),
}


@pytest.mark.parametrize('name', UNBUILDABLE)
def test_a_network_that_cannot_be_built_is_told_in_one_line(
  name, tmp_path, open_stages
):
  params, row, message = UNBUILDABLE[name]
  run = open_stages('cycada', tmp_path, *params)
  with pytest.raises(
    UserError, match=f"^(row|Row.optimizer of) '{row}'.*{message}"
  ) as error:
    run.row(row).build()
  assert '\n' not in error.value.message
