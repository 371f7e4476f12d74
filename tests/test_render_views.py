import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import trimesh
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.rendering import chunks

ROOT = pathlib.Path(__file__).parents[1]
ENVIRONMENT = os.environ | {'PYTHONPATH': str(ROOT)}


def command(*arguments):
  return [sys.executable, '-m', 'pixelda_tf.render_views', *arguments]


def render_views(*arguments, cwd=ROOT):
  return subprocess.run(
    command(*arguments),
    cwd=cwd,
    capture_output=True,
    text=True,
    env=ENVIRONMENT,
  )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Folder with meshes/ of two objects, in millimetres, and photos/."""
  folder = tmp_path_factory.mktemp('folder')
  for name in ('meshes', 'photos'):
    (folder / name).mkdir()
  for number in (1, 2):
    ball = trimesh.creation.icosphere(subdivisions=4, radius=20 * number)
    ball.export(folder / 'meshes' / f'obj_{number}.ply')
  photo = np.random.default_rng(0).integers(1, 256, (70, 80, 3), np.uint8)
  Image.fromarray(photo).save(folder / 'photos' / 'noise.png')
  return folder


def shards(data_dir):
  return {
    path.name: path.read_bytes() for path in data_dir.rglob('*.tfrecord*')
  }


def test_renders_a_folder(folder, tmp_path):
  result = render_views(
    '--meshes_dir=meshes',
    '--name=balls',
    '--names=1:small,2:large',
    '--views=10',
    '--test_fraction=0.2',
    '--size=32',
    '--nodepth',
    '--background=photo',
    '--photos_dir=photos',
    f'--data_dir={tmp_path}',
    cwd=folder,
  )
  assert result.returncode == 0, result.stderr
  assert [line.split()[:3] for line in result.stdout.splitlines()[:6]] == [
    ['balls/1.0.0:', 'images', '32x32x3,'],
    ['train:', '16', 'examples,'],
    ['test:', '4', 'examples,'],
    ['images', 'train', 'test'],
    ['small', '8', '2'],
    ['large', '8', '2'],
  ]
  assert 'balls train: 100%' in result.stderr
  domain = domains.Domain(name='balls').open(tmp_path)
  assert domain.image_shape == (32, 32, 3)
  assert domain.class_names == ('small', 'large')
  builder = datasets.find('balls', tmp_path)
  assert 'parts of 1 photos' in builder.info.description
  for example in builder.as_dataset(split='train').as_numpy_iterator():
    assert example['image'].any(axis=-1).all()
    # Radius 2 cm is 3.3 pixels, the area 34; radius 4 cm has four times that.
    area = np.count_nonzero(example['mask'])
    assert 25 * 4 ** example['label'] < area < 45 * 4 ** example['label']


@pytest.mark.slow
def test_goes_on_after_a_kill_to_the_same_bytes(folder, tmp_path):
  def arguments(data_dir, workers):
    return [
      f'--meshes_dir={folder / "meshes"}',
      '--name=balls',
      '--views=150',
      '--size=48',
      f'--data_dir={tmp_path / data_dir}',
      f'--workers={workers}',
    ]

  whole = render_views(*arguments('whole', 1))
  assert whole.returncode == 0, whole.stderr
  process = subprocess.Popen(
    command(*arguments('killed', 2)), stderr=subprocess.DEVNULL, env=ENVIRONMENT
  )
  deadline = time.monotonic() + 60
  while not (made := list((tmp_path / 'killed').rglob('*.npz'))):
    assert time.monotonic() < deadline
    assert process.poll() is None
    time.sleep(0.01)
  process.send_signal(signal.SIGKILL)
  process.wait()
  assert not list((tmp_path / 'killed').rglob('dataset_info.json'))
  assert len(made) < 300 / chunks.CHUNK
  resumed = render_views(*arguments('killed', 1))
  assert resumed.returncode == 0, resumed.stderr
  assert shards(tmp_path / 'killed') == shards(tmp_path / 'whole')
  assert [path.name for path in (tmp_path / 'killed').iterdir()] == ['balls']


@pytest.mark.parametrize(
  ('arguments', 'expected'),
  [
    (['--name=x'], '--meshes_dir is missing'),
    (['--meshes_dir=meshes'], '--name is missing'),
    (['--meshes_dir=meshes', '--name=standin'], 'name of a built-in data set'),
    (['--meshes_dir=meshes', '--name=x', '--views=0'], 'views'),
    (['--meshes_dir=m', '--name=x', '--background=photo'], 'go together'),
    (['--meshes_dir=m', '--name=x', '--test_fraction=1'], 'must be in [0, 1)'),
    (['--meshes_dir=m', '--name=x', '--test_fraction=1e-4'], 'no picture'),
    (
      [
        '--meshes_dir=meshes',
        '--name=x',
        '--size=200',
        '--background=photo',
        '--photos_dir=photos',
      ],
      'noise.png: 80x70',
    ),
  ],
)
def test_mistake_is_one_line_and_status_2(
  folder, tmp_path, arguments, expected, in_process, monkeypatch
):
  monkeypatch.chdir(folder)
  done = in_process('render_views', *arguments, f'--data_dir={tmp_path}')
  done.assert_mistake(expected)
  assert not list(tmp_path.rglob('dataset_info.json'))
