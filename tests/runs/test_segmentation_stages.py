"""CyCADA's stages for label maps, one after another, on tiny made-up data."""

import json
import types

import coloured_maps
import numpy as np
import pytest
import tensorflow as tf
from coloured_maps import NAMES

from pixelda_tf import config
from pixelda_tf.data import domains
from pixelda_tf.fields import images
from pixelda_tf.runs import experiment

pytestmark = pytest.mark.slow

SIZE, HALF = (16, 24), (8, 12)
GIN = """
include 'gin/base.gin'
include 'gin/methods/cycada_segmentation.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
Pair.augmentation = [@Flip()]
Experiment.rows = [
  @source_only/Row(),
  @cycada_translate/Row(),
  @cycada_pixel/Row(),
  @cycada/Row(),
]
Experiment.log_every = 2
Experiment.picture_every = 100
Experiment.checkpoint_every = 2
Row.steps = 2
Row.batch_size = 4
Row.crop = (12, 16)
cycada_translate/Row.image_size = (8, 12)
cycada_translate/Row.crop = (8, 8)
cycada_translate/Row.batch_size = 1
cycada/Row.crop = (14, 14)
cycada/Row.batch_size = 1
SourceOnly.task = @unet_segmenter
TranslatedTask.task = @unet_segmenter
CyCADAFeatures.task = @unet_segmenter
CyCADAFeatures.representation = @scores
CyCADAFeatures.threshold = 0.0  # Open as soon as D_feat is once right.
unet_segmenter.filters = 2
unet_segmenter.levels = 2
downsampling_residual_generator.filters = 2
downsampling_residual_generator.blocks = 1
patch_discriminator.filters = 2
patch_discriminator.strides = (2,)
feature_map_discriminator.filters = 4
"""


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
  """Folder of a finished run of all stages, and its result."""
  folder = tmp_path_factory.mktemp('stages')
  for name in coloured_maps.COLOURS:
    coloured_maps.store(
      folder / 'data', name, size=SIZE, block=4, counts=(12, 5)
    )
  (folder / 'stages.gin').write_text(GIN)
  return folder, open_run(folder).train()


def open_run(folder):
  config.parse([str(folder / 'stages.gin')])
  return experiment.Experiment(str(folder / 'run'), str(folder / 'data'))


@pytest.fixture
def run(finished):
  """The finished run, opened again."""
  folder, result = finished
  return types.SimpleNamespace(
    path=folder / 'run', opened=open_run(folder), result=result
  )


def test_all_stages_are_trained_and_those_that_answer_are_scored(run):
  rows = {row['method']: row for row in run.result['rows']}
  assert all(row['steps'] == 2 for row in rows.values())
  translating = rows.pop('cycada_translate')
  assert translating['target_test'] is None
  for row in rows.values():
    assert row['target_test']['count'] == 5
    assert 0.0 <= row['target_test']['mean_iou'] <= 1.0


def test_each_stage_has_the_sizes_that_are_told(run):
  """Crops, batches and the translation's images."""
  for name, shape, crop, count in (
    ('source_only', SIZE, (12, 16), 4),
    ('cycada_translate', HALF, (8, 8), 1),
    ('cycada_pixel', SIZE, (12, 16), 4),
    ('cycada', SIZE, (14, 14), 1),
  ):
    pair = run.opened.row(name).pair()
    assert pair.image_shape == (*shape, 3)
    batch = next(iter(pair.train_batches(0)))
    assert batch['source']['image'].shape == (count, *crop, 3)
    assert batch['source']['segmentation'].shape == (count, *crop, 1)
    assert batch['target']['image'].shape == (count, *crop, 3)


def test_the_translated_source_keeps_its_label_maps(run):
  """At the translation's size: of 2 x 2 equal pixels, one."""
  method = run.opened.row('cycada_translate').trained()
  stored = domains.Domain(name='translated').open(run.path / 'cycada_translate')
  assert stored.image_shape == (*HALF, 3) and stored.class_names == NAMES
  (source,) = run.opened.pair.source.stored('train').batch(12)
  (found,) = stored.stored('train').batch(12)
  small = images.prepare_images(source['image'], image_shape=(*HALF, 3))
  np.testing.assert_array_equal(
    found['image'], images.to_uint8(method.translate(small))
  )
  maps = tf.image.resize(source['segmentation'], HALF, 'nearest')
  np.testing.assert_array_equal(found['segmentation'], maps)
  np.testing.assert_array_equal(maps, source['segmentation'][:, 1::2, 1::2])


def test_the_stages_after_it_train_on_it(run):
  """Brought back to the size of all, flipped now and then; not twice."""
  shown = run.opened.row('cycada_translate').pair().images('source')
  for name in ('cycada_pixel', 'cycada'):
    pair = run.opened.row(name).pair()
    assert pair.source.name == 'translated'
    assert pair.source.count(pair.source.train) == len(shown)
  assert run.opened.row('source_only').pair().source.name == 'drawn'


def test_both_steps_of_the_feature_stage_are_taken_behind_its_gate(run):
  lines = (run.path / 'cycada' / 'metrics.jsonl').read_text().splitlines()
  last = json.loads(lines[-1])
  assert last['alignment/gate_open'] == 1.0
  assert {'task/source_pixels', 'alignment/domain'} <= set(last)
  assert not run.opened.row('cycada').translates
