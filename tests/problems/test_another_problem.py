"""A problem of its own, with a field of its own, without a change elsewhere.

Each pixel of an image has a class; some are not known.
"""

import json
import types

import coloured_maps
import gin
import numpy as np
import pytest
import tensorflow as tf
from coloured_maps import NAMES
from PIL import Image
from pixel_classes import PIXEL_CLASSES, UNKNOWN, PixelClassification

from pixelda_tf import config, problems, serving
from pixelda_tf.analysis import report
from pixelda_tf.data import Domain, pair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import evaluate, painting
from pixelda_tf.fields import FIELDS
from pixelda_tf.methods import PixelDA, SourceOnly
from pixelda_tf.runs import choosing, experiment, results

SIZE = (8, 12)


@gin.register
def fully_convolutional(image_shape, n_classes):
  inputs = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(8, 3, padding='same')(inputs)
  logits = tf.keras.layers.Conv2D(n_classes, 1)(tf.nn.relu(tensor))
  return tf.keras.Model(inputs, {'logits': logits})


@gin.register
class Consistent(SourceOnly):
  """Learns a little from what it says of target images itself."""

  strong_view = True
  adapts = True

  def task_losses(self, batch, shared):
    terms, monitors = super().task_losses(batch, shared)
    target = batch['target']
    labels = self.problem.pseudo_labels(self(target['image']))
    terms |= self.task_terms(
      self.task, target['strong_image'], labels, 0.1, prefix='target_'
    )
    return terms, monitors


GIN = """
Experiment.problem = @PixelClassification()
Experiment.pair = @Pair()
Experiment.rows = [@one/Row(), @two/Row()]
Experiment.log_every = 20
Experiment.picture_every = 20
Experiment.checkpoint_every = 20
Pair.source = @source/Domain()
Pair.target = @target/Domain()
source/Domain.name = 'drawn'
target/Domain.name = 'seen'
target/Domain.validation = 'train[:5]'
Pair.batch_size = 8
Pair.image_size = (8, 12)
Pair.source_augmentation = @Move()
one/Row.method = @SourceOnly
one/Row.optimizer = @adam()
one/Row.steps = 60
two/Row.method = @PixelDA
two/Row.optimizer = @adam()
two/Row.steps = 2
SourceOnly.task = @fully_convolutional
PixelDA.task = @fully_convolutional
residual_generator.filters = 4
residual_generator.blocks = 1
pyramid_discriminator.filters = 4
adam.learning_rate = 3e-2
"""


@pytest.fixture(scope='module', autouse=True)
def field():
  FIELDS['pixel_classes'] = PIXEL_CLASSES
  yield
  del FIELDS['pixel_classes']


@pytest.fixture(scope='module')
def data_dir(field, tmp_path_factory):
  """The target has the classes in another order, and larger images."""
  directory = tmp_path_factory.mktemp('data')
  fields = {'fields': ('pixel_classes',), 'counts': (40, 13)}
  coloured_maps.store(directory, 'drawn', size=SIZE, block=1, **fields)
  coloured_maps.store(
    directory,
    'seen',
    size=(2 * SIZE[0], 2 * SIZE[1]),
    block=2,
    class_names=NAMES[::-1],
    **fields,
  )
  return str(directory)


@pytest.fixture(scope='module')
def run(data_dir, tmp_path_factory):
  """An `Experiment` that is trained."""
  run_dir = tmp_path_factory.mktemp('run')
  (run_dir / 'pixels.gin').write_text(GIN)
  config.parse([str(run_dir / 'pixels.gin')])
  run = experiment.Experiment(str(run_dir / 'run'), data_dir)
  configs = config.text(), config.operative('Experiment')
  run.directory.claim(*configs)
  run.train()
  return types.SimpleNamespace(path=run_dir / 'run', pair=run.pair)


def test_it_is_trained_and_scored(run):
  """Each count of the test split once, but for its unknown pixels."""
  result = json.loads((run.path / 'result.json').read_text())
  assert result['class_names'] == list(NAMES)
  assert result['problem']['name'] == 'PixelClassification'
  one, two = (row['target_test'] for row in result['rows'])
  assert one['count'] == two['count'] == 13
  assert one['pixel_accuracy'] > 0.8


def test_what_was_scored_is_what_the_export_answers(run, data_dir):
  """The last row's export, on images as they are stored, twice the size."""
  result = json.loads((run.path / 'result.json').read_text())
  signature = serving.load(str(run.path / 'export'))['predict']
  problem = problems.predicting(signature.structured_outputs)
  assert type(problem) is PixelClassification
  domain = Domain(name='seen').open(data_dir)
  assert domain.class_names == NAMES[::-1]
  assert problem.can_test(domain)
  scorer = problem.scorer(domain.class_names, 3)
  batches = domain.stored('test').batch(4)
  evaluate.score(lambda images, size: signature(images=images), batches, scorer)
  right = total = 0
  for batch in batches.as_numpy_iterator():
    found = signature(images=batch['image'])['classes'].numpy()
    truth = batch['pixel_classes'][..., 0]
    assert found.shape == truth.shape
    right += (found == truth).sum()
    total += (truth != UNKNOWN).sum()
  assert scorer.result() == {'pixel_accuracy': right / total, 'count': 13}
  assert len(scorer.worst()) == 3
  assert result['rows'][1]['target_test']['count'] == 13


def test_monitors_and_tables_have_its_metric(run):
  lines = (run.path / 'one' / 'metrics.jsonl').read_text().splitlines()
  assert all('target/pixel_accuracy_uses_labels' in line for line in lines)
  result = json.loads((run.path / 'result.json').read_text())
  table = results.table(result)
  accuracy = result['rows'][0]['target_test']['pixel_accuracy']
  assert 'target test right pixels   count' in table
  assert f'{accuracy:.1%}' in table


def test_an_analysis_draws_it_and_counts_its_pixels(run, data_dir, tmp_path):
  opened = experiment.reopen(str(run.path), data_dir)
  rows = choosing.compared(opened.rows, before='one')
  lines = report.analyse(
    opened.pair, rows, str(tmp_path / 'analysis'), examples=10, seed=0
  )
  result = json.loads((run.path / 'result.json').read_text())
  for when, row in zip(('before', 'after'), result['rows'], strict=True):
    accuracy = row['target_test']['pixel_accuracy']
    assert (
      f'{when}: {row["method"]}, {row["steps"]} steps: '
      f'right pixels {accuracy:.1%}, count 13'
    ) in lines
  names = {path.name for path in (tmp_path / 'analysis').glob('*.png')}
  assert names == {
    'translations.png',
    'neighbours.png',
    'tsne_pixels.png',
    'confusion.png',
    'label_maps.png',
  }


def test_monitors_show_its_maps_in_the_colours_of_the_classes(run):
  """Rows of 16 images, each pixel two wide: source, labels, target, said."""
  samples = run.path / 'one' / 'samples'
  with Image.open(samples / 'step_00000060.png') as picture:
    assert picture.size == (2 * (16 * 12 + 15 * 2), 2 * (4 * 8 + 3 * 2))
    labels = np.asarray(picture)[20 : 20 + 16 : 2, :24:2]
  maps = run.pair.gallery('source', 16, 'pixel_classes')
  np.testing.assert_array_equal(
    labels, painting.paint(maps[0], run.pair.source.colours)
  )


def test_labels_of_the_target_are_the_sources(run):
  """In the source's order of classes, at their own size."""
  (batch,) = run.pair.test_batches(batch_size=13)
  assert set(batch) == {'image', 'pixel_classes'}
  assert batch['image'].shape == (13, *SIZE, 3)
  domain = run.pair.target
  (stored,) = domain.stored('test').batch(13)
  stored = stored['pixel_classes'].numpy()[..., 0].astype(int)
  expected = np.where(stored == UNKNOWN, UNKNOWN, 2 - stored)
  np.testing.assert_array_equal(batch['pixel_classes'], expected)


def test_labels_move_with_their_images(run):
  batch = next(iter(run.pair.train_batches(0)))
  assert set(batch['source']) == {'image', 'pixel_classes'}
  assert set(batch['target']) == {'image'}
  assert (batch['source']['pixel_classes'] == UNKNOWN).numpy().any()


def test_a_source_without_it_is_told(data_dir):
  run = types.SimpleNamespace(name='photos', fields=('image', 'label'))
  expected = 'source photos has no classes of pixels; draw them'
  with pytest.raises(UserError, match=expected):
    PixelClassification().check(run, 'source')


def test_arrays_and_keras(run):
  """`pair`, `fit` and `evaluate` on arrays."""
  random = np.random.default_rng(0)
  truth = random.integers(3, size=(32, *SIZE), dtype=np.uint8)
  pixels = np.array(coloured_maps.COLOURS['drawn'], np.uint8)[truth]
  source = {'image': pixels, 'pixel_classes': truth}
  batches = pair(source, pixels, batch_size=8)
  model = SourceOnly(
    image_shape=(*SIZE, 3),
    n_classes=3,
    problem=PixelClassification(),
    task=fully_convolutional,
  )
  model.compile(tf.keras.optimizers.Adam(3e-2))
  model.fit(batches, steps_per_epoch=40, verbose=0)
  scores = model.evaluate(pixels / 127.5 - 1, truth, verbose=0)
  assert scores > 0.5


def test_methods_that_translate_take_it_too():
  model = PixelDA(
    image_shape=(16, 16, 3),
    n_classes=3,
    problem=PixelClassification(),
    task=fully_convolutional,
  )
  model.compile(tf.keras.optimizers.Adam(1e-3))
  example = {
    'image': tf.random.uniform([2, 16, 16, 3], -1, 1),
    'pixel_classes': tf.zeros([2, 16, 16], tf.int32),
  }
  logs = model.train_step(
    {'source': example, 'target': {'image': example['image']}}
  )
  assert {'task/translated_pixels', 'generator/translated_pixels'} <= set(logs)


def test_it_learns_from_parts_of_images_and_is_tested_on_whole_ones(
  data_dir, tmp_path
):
  """With a second view of target images, of the same parts."""
  (tmp_path / 'pixels.gin').write_text(GIN)
  crops = [
    'Pair.crop = (4, 5)',
    'Pair.target_strong_augmentation = @ChangeColour()',
    'Experiment.rows = [@one/Row()]',
    'one/Row.method = @Consistent',
    'Consistent.task = @fully_convolutional',
  ]
  config.parse([str(tmp_path / 'pixels.gin')], crops)
  run = experiment.Experiment(str(tmp_path / 'run'), data_dir)
  (row,) = run.train()['rows']
  assert row['target_test']['count'] == 13
  assert row['target_test']['pixel_accuracy'] > 0.8
  line = json.loads(
    (tmp_path / 'run/one/metrics.jsonl').read_text().splitlines()[0]
  )
  assert {'task/pixels', 'task/target_pixels'} <= set(line)
  predict = serving.load(str(tmp_path / 'run/export'))['predict']
  found = predict(images=np.zeros((2, 16, 24, 3), np.uint8))['classes']
  assert found.shape == (2, 16, 24)
