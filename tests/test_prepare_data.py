import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pixelda_tf.data import domains

ROOT = pathlib.Path(__file__).parents[1]


def prepare_data(*arguments, cwd=ROOT):
  return subprocess.run(
    [sys.executable, '-m', 'pixelda_tf.prepare_data', *arguments],
    cwd=cwd,
    capture_output=True,
    text=True,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
  )


def write_photos(folder):
  rng = np.random.default_rng(0)
  for label in ('cat', 'dog'):
    for number in range(8):
      path = folder / label / f'{number}.png'
      path.parent.mkdir(parents=True, exist_ok=True)
      Image.fromarray(rng.integers(0, 256, (6, 5, 3), np.uint8)).save(path)


def test_prepares_a_users_images_and_says_what_it_wrote(tmp_path):
  write_photos(tmp_path / 'photos')
  result = prepare_data(
    'images',
    '--name=mine',
    '--manual_dir=photos',
    '--data_dir=stored',
    '--resize=8,9',
    '--test_fraction=0.25',
    cwd=tmp_path,
  )
  assert result.returncode == 0, result.stderr
  first, train, test, *table, place = result.stdout.splitlines()
  assert first == 'mine/1.0.0: images 8x9x3, 2 classes'
  assert train.split()[:3] == ['train:', '12', 'examples,']
  assert test.split()[:3] == ['test:', '4', 'examples,']
  assert [line.split() for line in table] == [
    ['images', 'train', 'test'],
    ['cat', '6', '2'],
    ['dog', '6', '2'],
  ]
  assert place.endswith(' MB in stored/mine/1.0.0')
  assert 'mine train: 100%' in result.stderr
  domain = domains.Domain(name='mine').open(tmp_path / 'stored')
  assert domain.image_shape == (8, 9, 3)
  assert (domain.count('train'), domain.count('test')) == (12, 4)


@pytest.mark.slow
def test_prepares_on_beam(tmp_path):
  write_photos(tmp_path / 'photos')
  result = prepare_data(
    'images',
    '--name=mine',
    '--manual_dir=photos',
    '--data_dir=stored',
    '--beam',
    '--beam_pipeline_options=runner=FnApiRunner,direct_num_workers=1',
    cwd=tmp_path,
  )
  assert result.returncode == 0, result.stderr
  assert result.stderr == ''
  assert result.stdout.startswith('mine/1.0.0: images 6x5x3, 2 classes')
  domain = domains.Domain(name='mine').open(tmp_path / 'stored')
  assert domain.count('train') == 16


def test_beam_that_is_not_installed_is_told(tmp_path, in_process, monkeypatch):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setitem(sys.modules, 'apache_beam', None)
  write_photos(tmp_path / 'photos')
  done = in_process(
    'prepare_data', 'images', '--name=mine', '--manual_dir=photos', '--beam'
  )
  done.assert_mistake('--beam', 'Apache Beam', "'pixelda_tf[beam]'")


def test_help_explains_the_data_sets():
  result = prepare_data('--help')
  assert result.returncode == 0
  for word in ('mnistm/full', 'zip.train.gz', '--csv=FILE', '--test_fraction'):
    assert word in result.stdout


@pytest.mark.parametrize(
  ('arguments', 'expected'),
  [
    ([], 'which data set? give its name first'),
    (['usps', '--manual_dir=nowhere'], '--manual_dir=nowhere: no such dir'),
    (['usps', '--seed=3'], '--seed does not apply to usps'),
    (['images', '--name=x', '--resize=3'], '--resize=3: give HEIGHT,WIDTH'),
    (['images', '--manual_dir=.'], '--name=: give your images a name'),
    (['usps', '--manual_dri=x'], 'manual_dri'),
    (['usps', '--beam'], '--beam does not apply to usps'),
    (
      ['images', '--name=x', '--beam_pipeline_options=runner=FlinkRunner'],
      '--beam_pipeline_options: applies with --beam only',
    ),
  ],
)
def test_mistake_is_one_line_and_status_2(
  arguments, expected, tmp_path, in_process, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  in_process('prepare_data', *arguments).assert_mistake(expected)
  assert not list(tmp_path.rglob('dataset_info.json'))
