"""LSD-seg on tiny stored sets, from config to export; CycleGAN beside it."""

import json
import shutil
import types

import coloured_maps
import numpy as np
import pytest
import tensorflow as tf
from coloured_maps import NAMES
from PIL import Image

from pixelda_tf import config, serving
from pixelda_tf.data import domains
from pixelda_tf.evaluation.evaluate import predict_all
from pixelda_tf.fields import images
from pixelda_tf.runs import experiment

pytestmark = pytest.mark.slow

SIZE = (8, 12)
ROWS = ('source_only', 'cyclegan', 'cyclegan_augmentation', 'lsd_seg')
GIN = """
include 'gin/base.gin'
include 'gin/methods/lsd_seg.gin'
include 'gin/studies/lsd_seg_cyclegan.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
Pair.batch_size = 4
Pair.augmentation = [@Flip()]
Experiment.log_every = 2
Experiment.picture_every = 4
Experiment.checkpoint_every = 2
Row.steps = 4
cyclegan/Row.crop = (8, 8)
task/adam.learning_rate = 1e-3
TASK = @unet_segmenter
EMBEDDING = ('down_2', 'down_1')
unet_segmenter.filters = 2
unet_segmenter.levels = 2
embedding_generator.filters = (2, 2)
embedding_generator.kernel_sizes = (3, 3)
residual_discriminator.filters = 2
residual_discriminator.blocks = 1
downsampling_residual_generator.filters = 2
downsampling_residual_generator.blocks = 1
patch_discriminator.filters = 2
"""


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """Folder of a finished run of all rows, and its result."""
  folder = tmp_path_factory.mktemp('lsd_seg')
  for name in coloured_maps.COLOURS:
    coloured_maps.store(
      folder / 'data', name, size=SIZE, block=2, counts=(12, 5)
    )
  (folder / 'lsd_seg.gin').write_text(GIN)
  config.parse([str(folder / 'lsd_seg.gin')])
  opened = experiment.Experiment(str(folder / 'run'), str(folder / 'data'))
  opened.directory.claim(config.text(), config.operative('Experiment'))
  return types.SimpleNamespace(
    path=folder / 'run', data_dir=str(folder / 'data'), result=opened.train()
  )


def reopen(run, path=None):
  return experiment.reopen(str(path or run.path), run.data_dir)


def test_all_rows_that_answer_are_scored(run):
  rows = {row['method']: row['target_test'] for row in run.result['rows']}
  assert tuple(rows) == ROWS
  assert rows.pop('cyclegan') is None
  for test in rows.values():
    assert test['count'] == 5 and 0.0 <= test['mean_iou'] <= 1.0


def test_it_goes_on_with_the_same_bits(run, tmp_path, newest_values):
  """Three optimizers, and dropout in G and in D, from step 2 of 4."""
  shutil.copytree(run.path, tmp_path / 'run')
  row = tmp_path / 'run/lsd_seg'
  shutil.rmtree(row / 'checkpoints/step_00000004')
  (row / 'result.json').unlink()
  reopen(run, tmp_path / 'run').row('lsd_seg').train()
  step, values = newest_values(row)
  expected_step, expected = newest_values(run.path / 'lsd_seg')
  assert step == expected_step == 4 and values.keys() == expected.keys()
  for part in ('generator', 'discriminator', 'task', '_state_var'):
    assert any(part in name for name in values), part
  # F's layers are kept once, though two models are made of them.
  assert not any('embed' in name for name in values)
  for name, value in expected.items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


def test_its_networks_are_left_for_other_rows(run):
  names = {path.name for path in (run.path / 'lsd_seg/networks').iterdir()}
  assert names == {'about.json'} | {
    f'{name}.weights.h5' for name in ('task', 'generator', 'discriminator')
  }


def test_pictures_show_images_of_both_domains_as_g_makes_them(run):
  """Eight rows of 16 (of 12) images, twice enlarged, with gaps of 2.

  Source, labels, made of it, made of that; target, predicted, likewise.
  """
  path = run.path / 'lsd_seg/samples/step_00000004.png'
  with Image.open(path) as image:
    picture = np.asarray(image)[::2, ::2]
  assert picture.shape == (8 * 10 - 2, 12 * 14 - 2, 3)
  opened = reopen(run)
  method = opened.row('lsd_seg').trained()
  for domain, row in (('source', 2), ('target', 6)):
    shown = opened.pair.gallery(domain, 16)
    made = images.to_uint8(method.translate(tf.constant(shown)))
    for column in range(12):
      tile = picture[10 * row :, 14 * column :][: SIZE[0], : SIZE[1]]
      difference = tile.astype(int) - made[column].numpy()
      assert np.abs(difference).max() <= 1  # Other batches are rounded.


def test_the_export_answers_as_the_method_does(run):
  signatures = serving.load(str(run.path / 'export'))
  assert {'translate', 'translate_back'} <= set(signatures)
  opened = reopen(run)
  (batch,) = opened.pair.target.stored('test').batch(5)
  answer = signatures['predict'](images=batch['image'])['labels']
  prepared = images.prepare_images(batch['image'], image_shape=(*SIZE, 3))
  method = opened.row('lsd_seg').trained()
  expected = predict_all(method.predictions, prepared.numpy())['labels']
  np.testing.assert_array_equal(answer, expected)


def test_an_analysis_shows_label_maps_before_and_after(run, in_process):
  done = in_process(
    'analyze',
    f'--run_dir={run.path}',
    f'--data_dir={run.data_dir}',
    '--examples=10',
  )
  assert done.returncode == 0, done.stderr
  assert (run.path / 'analysis/label_maps.png').exists()


def test_source_and_its_translation_are_one_source(run):
  """Each image before what CycleGAN made of it, with the same label map."""
  opened = reopen(run)
  pair = opened.row('cyclegan_augmentation').pair()
  assert pair.source.name == 'translated_and_source'
  assert pair.source.count('train') == 2 * 12
  assert pair.class_names == NAMES
  method = opened.row('cyclegan').trained()
  (source,) = opened.pair.source.stored('train').batch(12)
  (both,) = pair.source.stored('train').batch(24)
  np.testing.assert_array_equal(both['image'][::2], source['image'])
  prepared = images.prepare_images(source['image'], image_shape=(*SIZE, 3))
  np.testing.assert_array_equal(
    both['image'][1::2], images.to_uint8(method.translate(prepared))
  )
  for part in (both['segmentation'][::2], both['segmentation'][1::2]):
    np.testing.assert_array_equal(part, source['segmentation'])
  stored = domains.Domain(name='translated_and_source').open(
    run.path / 'cyclegan'
  )
  assert 'beside the image itself' in stored.description


def test_monitors_log_what_each_term_is_and_how_often_d_is_right(run):
  lines = (run.path / 'lsd_seg/metrics.jsonl').read_text().splitlines()
  names = set(json.loads(lines[-1]))
  kinds = ('source_real', 'source_fake', 'target_real', 'target_fake')
  assert {f'discriminator/accuracy_{kind}' for kind in kinds} <= names
  assert {
    'generator/source_reconstruction',
    'task/pixels',
    'task/class',
    'task/source_fake',
    'task/target_fake',
  } <= names
