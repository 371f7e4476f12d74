"""A run of label maps on tiny stored sets, from config to pictures."""

import json
import pathlib
import re
import shutil
import types

import coloured_maps
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from coloured_maps import NAMES
from PIL import Image

from pixelda_tf import config, serving
from pixelda_tf.analysis import segmentations
from pixelda_tf.analysis.adaptation import Adaptation, Model
from pixelda_tf.analysis.examples import Examples
from pixelda_tf.data import Domain
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import painting
from pixelda_tf.problems import Segmentation
from pixelda_tf.runs import experiment, results

pytestmark = pytest.mark.slow

# Pixels of a source image; the target's are twice as wide and high.
SIZE = (8, 12)
COLOURS = [[10, 20, 240], [120, 60, 120], [250, 240, 10]]
TRAIN, TEST = 24, 5
FOLDER = pathlib.Path(__file__).parent
ROWS = ('source_only', 'target_only', 'pixelda')


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  directory = tmp_path_factory.mktemp('streets')
  names = {'drawn': NAMES, 'seen': NAMES, 'turned': NAMES[::-1]}
  for name, class_names in (names | {'others': (*NAMES, 'x')}).items():
    ratio = 1 if name == 'drawn' else 2
    coloured_maps.store(
      directory,
      name,
      size=(ratio * SIZE[0], ratio * SIZE[1]),
      block=2 * ratio,
      counts=(TRAIN, TEST),
      class_names=class_names,
      colours=COLOURS,
    )
  return str(directory)


@pytest.fixture(scope='module')
def run(data_dir, tmp_path_factory):
  """Directory and result of a finished run, and its `Experiment`."""
  path = tmp_path_factory.mktemp('run')
  config.parse([str(FOLDER / 'segmentation.gin')])
  run = experiment.Experiment(str(path), data_dir)
  run.directory.claim(config.text(), config.operative('Experiment'))
  return types.SimpleNamespace(path=path, result=run.train(), pair=run.pair)


def test_rows_are_scored_over_the_scored_classes_at_the_maps_own_size(run):
  """Counted: all pixels of sky and cars, at 16x24, but the ignored row."""
  assert tuple(row['method'] for row in run.result['rows']) == ROWS
  (batch,) = run.pair.target.stored('test').batch(TEST)
  maps = batch['segmentation'].numpy()
  assert maps.shape == (TEST, 16, 24, 1)
  pixels = [int((maps == label).sum()) for label in range(3)]
  for row in run.result['rows']:
    test = row['target_test']
    assert test['per_class_pixels'] == pixels
    assert test['pixels'] == pixels[0] + pixels[2]
    assert test['count'] == TEST
  source_only, target_only, _ = (
    row['target_test'] for row in run.result['rows']
  )
  assert target_only['mean_iou'] > max(0.5, source_only['mean_iou'])


def test_tables_have_a_column_a_metric(run):
  test = run.result['rows'][1]['target_test']
  cells = [f'{test[metric.key]:.1%}' for metric in Segmentation.metrics]
  titles = ['target test mIoU', 'frequency-weighted IoU', 'pixel accuracy']
  _, header, _, row, *_ = results.table(run.result).splitlines()
  assert re.split(' {2,}', header.strip())[1:5] == [*titles, 'images']
  assert re.split(' {2,}', row.strip())[1:5] == [*cells, str(TEST)]


def test_a_run_goes_on_with_the_same_bits(
  run, data_dir, tmp_path, newest_values
):
  """As if it had been killed after step 20, of 40."""
  shutil.copytree(run.path, tmp_path / 'run')
  row = tmp_path / 'run/source_only'
  shutil.rmtree(row / 'checkpoints/step_00000040')
  (row / 'result.json').unlink()
  opened = experiment.reopen(str(tmp_path / 'run'), data_dir)
  opened.row('source_only').train()
  step, values = newest_values(row)
  expected_step, expected = newest_values(run.path / 'source_only')
  assert step == expected_step == 40 and values.keys() == expected.keys()
  for name, value in expected.items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)
  result = json.loads((row / 'result.json').read_text())
  assert result['target_test'] == run.result['rows'][0]['target_test']


def test_monitors_show_metrics_and_pictures(run):
  """Rows of 16 images: source, labels, two translations, target, predicted."""
  lines = (run.path / 'source_only/metrics.jsonl').read_text().splitlines()
  names = {'mean_iou', 'frequency_weighted_iou', 'pixel_accuracy'}
  for line in map(json.loads, lines):
    assert {f'target/{name}_uses_labels' for name in names} <= set(line)
  with Image.open(run.path / 'source_only/samples/step_00000040.png') as image:
    picture = np.asarray(image)[::2, ::2]
  assert picture.shape == (4 * 10 - 2, 16 * 14 - 2, 3)
  maps = run.pair.gallery('source', 16, 'segmentation')
  np.testing.assert_array_equal(
    picture[10:18, :12], painting.paint(maps[0, ..., 0], COLOURS)
  )
  shown = set(map(tuple, picture[30:38, :12].reshape(-1, 3)))
  assert shown <= set(map(tuple, COLOURS))
  assert set(run.pair._galleries['target', 16]) == {'image'}
  logs = (run.path / 'pixelda/metrics.jsonl').read_text()
  assert 'task/translated_pixels' in logs and 'generator/content' in logs
  assert 'discriminator/class_head' in logs


def test_an_analysis_of_a_target_without_labels_shows_no_truth(run, data_dir):
  """Of its training images, here: it has no test split."""
  pair = types.SimpleNamespace(
    problem=run.pair.problem,
    target=types.SimpleNamespace(name='photos'),
    source=run.pair.source,
    class_names=NAMES,
    test_batches=lambda: None,
  )
  opened = experiment.reopen(str(run.path), data_dir)
  after = Model('pixelda', opened.row('pixelda').trained(), 2)
  target = Examples(run.pair.images('target', 9), np.full(9, -1), 'train')
  plot = segmentations.segmentations(
    Adaptation(pair, None, after, None, target, target, None, 0, 9)
  )
  assert plot.missing[1:] == ['target photos has no label maps: no truth']
  assert plot.missing[0].startswith("'before' has no row")


@pytest.mark.parametrize(
  ('name', 'foreground', 'expected'),
  [
    ('drawn', ['tree'], 'drawn has no classes tree; it has sky, road, car'),
    ('drawn', [], 'drawn has no classes in an empty list; it has sky'),
    ('digits', ['1'], 'digits has no classes 1; it has no label maps'),
  ],
)
def test_a_foreground_that_is_no_class_is_told(
  data_dir, name, foreground, expected
):
  domain = Domain(name=name, foreground=foreground)
  with pytest.raises(UserError, match=f'Domain.foreground: {expected}'):
    domain.open(data_dir)


def test_the_source_has_masks_of_the_foreground(run):
  batch = next(iter(run.pair.train_batches(0)))
  source = batch['source']
  np.testing.assert_array_equal(source['mask'], source['segmentation'] == 2)
  assert set(batch['target']) == {'image'}


def test_the_export_answers_labels_and_on_request_probabilities(run):
  """In the images' own size, whatever it is."""
  signatures = serving.load(str(run.path / 'export'))
  assert set(signatures) == {
    'serving_default',
    'predict',
    'predict_float',
    'probabilities',
    'translate',
  }
  assert serving.class_names(str(run.path / 'export')) == NAMES
  for size in ((16, 24), (9, 5)):
    images = np.random.default_rng(0).integers(
      256, size=(2, *size, 3), dtype=np.uint8
    )
    (answer,) = signatures['predict'](images=images).items()
    assert answer[0] == 'labels' and answer[1].dtype == tf.uint8
    assert answer[1].shape == (2, *size)
    (found,) = signatures['probabilities'](images=images).values()
    assert found.shape == (2, *size, 3) and found.dtype == tf.float32
    np.testing.assert_array_equal(found.numpy().argmax(-1), answer[1])
    empty = signatures['predict'](images=images[:0])['labels']
    assert empty.shape == (0, *size)


def test_the_export_is_scored_as_the_run_was(run, data_dir, in_process):
  """Over all classes: an export does not tell which were scored."""
  flags = f'--export_dir={run.path}/export', f'--data_dir={data_dir}'
  done = in_process(
    'evaluate', *flags, '--dataset=seen', f'--picture={run.path}/worst.png'
  )
  assert done.returncode == 0, done.stderr
  iou = run.result['rows'][-1]['target_test']['per_class_iou']
  lines = done.stdout.splitlines()
  for name, value, line in zip(NAMES, iou, lines[4:7], strict=True):
    assert line.split()[:2] == [name, f'{value:.1%}']
  assert lines[-1] == f'worst cases: {run.path}/worst.png'


def test_classes_of_another_data_set_are_matched_by_name(
  run, data_dir, in_process
):
  """Stored in another order, by an export and by a run."""
  tables = []
  for place in (f'--export_dir={run.path}/export', f'--run_dir={run.path}'):
    for name in ('seen', 'turned'):
      flags = place, f'--data_dir={data_dir}', f'--dataset={name}'
      done = in_process('evaluate', *flags)
      assert done.returncode == 0, done.stderr
      tables.append(done.stdout.splitlines()[2:7])
    assert tables[-2] == tables[-1] and tables[-1][2].startswith(NAMES[0])
    done = in_process('evaluate', *flags[:2], '--dataset=others')
    done.assert_mistake('--dataset=others: its classes', "'x') are not those")


def test_the_command_prints_classes_and_draws_the_worst_images(
  run, data_dir, in_process
):
  """Five rows of three images of 24x16 in 788 pixels, and a legend."""
  done = in_process(
    'evaluate',
    f'--run_dir={run.path}',
    '--row=target_only',
    f'--data_dir={data_dir}',
  )
  assert done.returncode == 0, done.stderr
  title, overall, metrics, _, *classes, worst = done.stdout.splitlines()
  test = run.result['rows'][1]['target_test']
  assert title == "row 'target_only' on seen test"
  assert overall.startswith('5 images, ')
  assert metrics.startswith(f'mIoU {test["mean_iou"]:.1%}, frequency-weighted')
  assert [line.split()[0] for line in classes] == list(NAMES)
  assert classes[1].endswith('not scored')
  picture = run.path / 'target_only' / 'worst_cases.png'
  assert worst == f'worst cases: {picture}'
  with Image.open(picture) as image:
    pixels = np.asarray(image)
  assert pixels.shape[1] == 6 * 132
  assert pixels.shape[0] > 5 * (788 * 16 // (3 * 24) + 18)
  assert {tuple(colour) for colour in COLOURS} <= set(
    map(tuple, pixels.reshape(-1, 3))
  )


def test_an_analysis_shows_label_maps(run, data_dir, in_process):
  done = in_process(
    'analyze',
    f'--run_dir={run.path}',
    f'--data_dir={data_dir}',
    '--examples=10',
  )
  assert done.returncode == 0, done.stderr
  names = {path.name for path in (run.path / 'analysis').glob('*.png')}
  assert names == {
    'translations.png',
    'neighbours.png',
    'tsne_pixels.png',
    'tsne_features.png',
    'retrieval.png',
    'confusion.png',
    'label_maps.png',
  }
  assert 'mIoU' in done.stdout


def test_translated_sets_keep_label_maps_and_colours(run, data_dir, in_process):
  done = in_process(
    'translate',
    f'--run_dir={run.path}',
    '--name=drawn_as_seen',
    f'--data_dir={data_dir}',
  )
  assert done.returncode == 0, done.stderr
  source = Domain(name='drawn').open(data_dir)
  made = Domain(name='drawn_as_seen').open(data_dir)
  assert source.colours == made.colours == COLOURS
  assert made.class_names == NAMES
  pairs = zip(source.stored('train'), made.stored('train'), strict=True)
  for old, new in pairs:
    np.testing.assert_array_equal(old['segmentation'], new['segmentation'])
    np.testing.assert_array_equal(
      new['mask'], 255 * (new['segmentation'].numpy() == 2)
    )
    assert (old['image'] != new['image']).numpy().any()
  builder = tfds.builder_from_directory(f'{data_dir}/drawn_as_seen/1.0.0')
  assert builder.info.features['segmentation'].names == list(NAMES)
