"""Every config that a user runs: it parses, builds and takes a step."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import config
from pixelda_tf.data import builders
from pixelda_tf.data.builders import preparing
from pixelda_tf.training import experiment

GIN = pathlib.Path(__file__).resolve().parents[1] / 'gin'
DATA_SETS = ('digits', 'digits_photo', 'mnist', 'mnistm', 'usps')
COUNT = 12

SMALL = (
  'Pair.batch_size = 4',
  'residual_generator.filters = 4',
  'residual_generator.blocks = 1',
  'pyramid_discriminator.filters = 2',
)
# File to the bindings that make it small, and its rows.
FILES = {
  'quickstart.gin': (SMALL, ['source_only', 'pixelda']),
  'mnist_to_mnistm.gin': (SMALL, ['source_only', 'pixelda', 'target_only']),
  'mnist_to_usps.gin': (SMALL, ['source_only', 'pixelda', 'target_only']),
}


def of_random_images(builder):
  """Returns a builder of the same features that makes up its examples."""

  class Random(builder, skip_registration=True):
    name = builder.name
    _photo_files = ()

    def _split_generators(self, dl_manager):
      return {
        split: self._generate_examples(split, self._random_examples())
        for split in ('train', 'test')
      }

    def _random_examples(self):
      random = np.random.default_rng(0)
      shape = self.info.features['image'].shape
      for number in range(COUNT):
        image = random.integers(256, size=shape, dtype=np.uint8)
        yield {'image': image, 'label': number % 10}

  return Random


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  """A data directory with tiny data sets under the real ones' names."""
  directory = tmp_path_factory.mktemp('data')
  for name in DATA_SETS:
    make_builder = of_random_images(builders.BUILDERS[name])
    preparing.build(
      lambda path, make=make_builder: make(data_dir=path),
      name=name,
      data_dir=directory,
    )
  return str(directory)


def test_every_file_is_tested_here():
  assert {path.name for path in GIN.glob('*.gin')} - {'base.gin'} == set(FILES)


@pytest.mark.parametrize('name', FILES)
def test_a_file_parses_as_it_is_and_its_text_is_the_same_config(name, tmp_path):
  config.parse([f'gin/{name}'])
  text = config.text()
  (tmp_path / 'again.gin').write_text(text)
  config.parse([str(tmp_path / 'again.gin')])
  assert config.text() == text
  assert text.count('Experiment.pair = ') == 1


@pytest.mark.parametrize('name', FILES)
def test_every_row_of_a_file_takes_a_step(
  name, tmp_path, data_dir, monkeypatch
):
  for builder in builders.BUILDERS.values():
    few = dict.fromkeys(builder.NAMED_SPLITS, 'train[:8]')
    monkeypatch.setattr(builder, 'NAMED_SPLITS', few)
  params, rows = FILES[name]
  config.parse([f'gin/{name}'], params)
  run = experiment.Experiment(str(tmp_path), data_dir)
  assert [row.name for row in run.rows] == rows
  for row in run.rows:
    method = run.build(row)
    batches = run.pair.train_batches(run.seed, role=method.role)
    before = [v.numpy() for v in method.task.trainable_variables]
    logs = method.train_step(next(iter(batches)))
    assert all(np.isfinite(value) for value in logs.values()), row.name
    assert row.steps > 100
    for old, new in zip(before, method.task.trainable_variables, strict=True):
      assert np.any(old != new), (row.name, new.name)
    metrics = run.evaluate(method)
    assert metrics['count'] == COUNT
  assert tf.keras.mixed_precision.global_policy().name == run.precision
