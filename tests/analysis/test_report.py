"""The analysis of a tiny trained run: its files, and TensorBoard's answers."""

import json
import os
import pathlib
import shutil
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from werkzeug import test as werkzeug_test

from pixelda_tf.analysis import report
from pixelda_tf.runs import choosing, experiment

with warnings.catch_warnings():
  # TensorBoard's own libraries are deprecated.
  warnings.simplefilter('ignore')
  from tensorboard.backend import application
  from tensorboard.backend.event_processing import (
    data_provider,
    plugin_event_multiplexer,
  )
  from tensorboard.plugins import base_plugin
  from tensorboard.plugins.image import images_plugin
  from tensorboard.plugins.projector import projector_plugin

PICTURES = (
  'translations',
  'neighbours',
  'tsne_pixels',
  'tsne_features',
  'retrieval',
  'confusion',
)
COUNT = 20


@pytest.fixture(scope='module')
def analysed(tmp_path_factory, tiny_run, data_dir):
  """(directory of a trained and analysed run, its files before, the lines)."""
  run_dir = str(tmp_path_factory.mktemp('analysed') / 'run')
  shutil.copytree(tiny_run, run_dir)
  before = contents(run_dir)
  return run_dir, before, analyse(experiment.reopen(run_dir, data_dir))


@pytest.fixture
def copy(analysed, data_dir, tmp_path):
  """A run of its own for a test that analyses it again."""
  directory = shutil.copytree(analysed[0], tmp_path / 'run')
  return experiment.reopen(str(directory), data_dir)


def analyse(run, seed=0, rows=None):
  return report.analyse(
    run.pair,
    rows or choosing.compared(run.rows),
    run.directory.analysis,
    examples=COUNT,
    seed=seed,
  )


def contents(directory):
  """Returns the bytes of all files that an analysis has not written."""
  return {
    path: path.read_bytes()
    for path in pathlib.Path(directory).rglob('*')
    if path.is_file() and 'analysis' not in path.parts
  }


def written(run_dir):
  """Returns the bytes of the analysis' files, without event files."""
  directory = pathlib.Path(run_dir, 'analysis')
  return {
    str(path.relative_to(directory)): path.read_bytes()
    for path in directory.rglob('*')
    if path.is_file() and 'tfevents' not in path.name
  }


def summary(run_dir):
  return json.loads(written(run_dir)['analysis.json'])


def test_the_lines_end_with_the_files(analysed):
  run_dir, _, lines = analysed
  files = sorted(written(run_dir))
  paths = [os.path.join(run_dir, 'analysis', name) for name in files]
  assert sorted(lines[-len(files) :]) == paths
  assert set(files) == {
    'analysis.json',
    *(f'{name}.png' for name in PICTURES),
    'tensorboard/projector_config.pbtxt',
    *(
      f'tensorboard/{name}_{kind}'
      for name in ('pixels', 'features')
      for kind in ('points.tsv', 'metadata.tsv', 'sprite.png')
    ),
  }


def test_the_summary_tells_what_was_compared(analysed):
  run_dir, _, lines = analysed
  with open(os.path.join(run_dir, 'result.json')) as file:
    rows = json.load(file)['rows']
  accuracies = [
    {key: row['target_test'][key] for key in ('accuracy', 'correct', 'count')}
    for row in rows
  ]
  found = summary(run_dir)
  distances = found.pop('nearest_target_rms')
  assert 0 < distances['least'] <= distances['median'] < 2
  assert distances['translated'] == COUNT
  spreads = found.pop('colour_spread')
  assert set(spreads) == {'source', 'translated', 'target'}
  assert 0 < min(spreads.values()) <= max(spreads.values()) < 1
  check_retrieval(found.pop('retrieval'), lines)
  assert found == {
    'source': 'digits',
    'target': 'digits_photo',
    'rows': {
      'before': {'name': 'source_only', 'step': 6},
      'after': {'name': 'pixelda', 'step': 6},
      'translator': {'name': 'pixelda', 'step': 6},
    },
    'seed': 0,
    'examples': {
      'source': {'split': 'train', 'count': COUNT},
      'target': {'split': 'test', 'count': COUNT},
    },
    'target_test': {'before': accuracies[0], 'after': accuracies[1]},
    'left_out': [
      'translations.png: pixelda translates one way: nothing is reconstructed'
    ],
  }
  for when, name, accuracy in zip(
    ('before', 'after'), ('source_only', 'pixelda'), accuracies, strict=True
  ):
    line = (
      f'{when}: {name}, 6 steps: accuracy {accuracy["accuracy"]:.2%}, '
      f'right / count {accuracy["correct"]} / {accuracy["count"]}'
    )
    assert line in lines
  assert found['left_out'][0] in lines


def check_retrieval(found, lines):
  """Of 40 images the k nearest: from none to k, at last all of a domain."""
  assert (found['images'], found['k']) == (COUNT, [1, 2, 5, 10, 20])
  for when in ('before', 'after'):
    for arrow, way in zip('AB', found[when].values(), strict=True):
      counts = np.array(way['retrieved'])
      assert (counts >= 0).all() and (np.diff(counts) >= 0).all()
      assert (counts <= found['k']).all()
      assert 0 < way['mean_average_precision'] <= 1
      first = f'mAP {way["mean_average_precision"]:.3f}, |{arrow}_1| '
      start = f'retrieval, {when}: '
      assert any(line.startswith(start) and first in line for line in lines)


def test_nothing_of_the_run_is_touched(analysed):
  run_dir, before, _ = analysed
  assert len(before) > 10
  assert contents(run_dir) == before


@pytest.mark.slow
def test_equal_seeds_give_equal_bytes_and_others_do_not(copy):
  """What an earlier analysis left, or a killed one, is gone."""
  first = written(copy.directory.path)
  for name in ('analysis', 'analysis.partial'):
    folder = pathlib.Path(copy.directory.path, name)
    folder.mkdir(exist_ok=True)
    (folder / 'stale.png').write_bytes(b'')
  analyse(copy)
  assert written(copy.directory.path) == first
  assert not os.path.exists(f'{copy.directory.analysis}.partial')
  analyse(copy, seed=1)
  other = written(copy.directory.path)
  for name in ('translations.png', 'tsne_pixels.png', 'analysis.json'):
    assert other[name] != first[name]
  assert other['confusion.png'] == first['confusion.png']


def test_what_no_row_can_do_is_left_out(copy):
  rows = choosing.Compared(None, copy.row('source_only'), None)
  lines = analyse(copy, rows=rows)
  left_out = [
    'translations.png is left out: no trained row translates',
    'neighbours.png is left out: no trained row translates',
    "tsne_pixels.png: no trained row translates: there is no 'after'",
    *(
      f"{name}.png: 'before' has no row: no source_only is trained beside it"
      for name in ('tsne_features', 'retrieval', 'confusion')
    ),
  ]
  found = summary(copy.directory.path)
  assert found['left_out'] == left_out
  assert found['rows']['before'] is found['rows']['translator'] is None
  assert found['nearest_target_rms'] is found['colour_spread'] is None
  assert set(left_out) < set(lines)
  assert 'translations.png' not in written(copy.directory.path)


@pytest.fixture
def tensorboard(analysed):
  """Function of a path to what TensorBoard answers about the whole run."""
  run_dir = analysed[0]
  multiplexer = plugin_event_multiplexer.EventMultiplexer()
  multiplexer.AddRunsFromDirectory(run_dir)
  multiplexer.Reload()
  provider = data_provider.MultiplexerDataProvider(multiplexer, run_dir)
  context = base_plugin.TBContext(
    data_provider=provider, logdir=run_dir, multiplexer=multiplexer
  )
  plugins = [
    images_plugin.ImagesPlugin(context),
    projector_plugin.ProjectorPlugin(context),
  ]
  server = application.TensorBoardWSGI(plugins, data_provider=provider)
  client = werkzeug_test.Client(server)

  def get(path, **parameters):
    response = client.get(
      f'/data/plugin/{path}', query_string=parameters or None
    )
    assert response.status_code == 200, response.get_data()
    return response.get_data()

  return get


LOGS = 'analysis/tensorboard'


def test_tensorboard_shows_the_pictures(analysed, tensorboard):
  tags = json.loads(tensorboard('images/tags'))[LOGS]
  assert set(tags) == set(PICTURES)
  for name in PICTURES:
    (image,) = json.loads(
      tensorboard('images/images', run=LOGS, tag=name, sample=0)
    )
    encoded = tensorboard(f'images/individualImage?{image["query"]}')
    path = os.path.join(analysed[0], 'analysis', f'{name}.png')
    with Image.open(path) as file:
      np.testing.assert_array_equal(tf.io.decode_png(encoded), file)


@pytest.mark.parametrize(
  ('name', 'domains', 'dimensions'),
  [
    ('pixels', ['source', 'target', 'translated'], 50),
    ('features', ['translated', 'target'], 100),
  ],
)
def test_tensorboards_projector_shows_the_embeddings(
  name, domains, dimensions, tensorboard
):
  assert json.loads(tensorboard('projector/runs')) == [LOGS]
  infos = json.loads(tensorboard('projector/info', run=LOGS))['embeddings']
  (info,) = (info for info in infos if info['tensorName'] == name)
  count = COUNT * len(domains)
  assert info['tensorShape'] == [count, dimensions]
  about = {'run': LOGS, 'name': name}
  points = np.frombuffer(tensorboard('projector/tensor', **about), np.float32)
  assert points.size == count * dimensions and np.isfinite(points).all()
  metadata = tensorboard('projector/metadata', **about).decode().splitlines()
  assert metadata[0] == 'domain\tlabel'
  rows = [line.split('\t') for line in metadata[1:]]
  assert [row[0] for row in rows] == [
    domain for domain in domains for _ in range(COUNT)
  ]
  assert {row[1] for row in rows} <= set(map(str, range(10)))
  sprite = tf.io.decode_png(tensorboard('projector/sprite_image', **about))
  columns = int(np.ceil(np.sqrt(count)))
  assert info['sprite']['singleImageDim'] == [16, 16]
  assert sprite.shape == (columns * 16, columns * 16, 3)
