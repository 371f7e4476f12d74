"""Data sets that Beam's local runner prepares, beside those prepared without.

The records have to be the same bytes in the same order; shards may begin at
others, as TFDS cuts them by hash on Beam, and by count without.
"""

import errno
import functools
import json
import pathlib
import pickle

import numpy as np
import pytest
import tensorflow as tf
import trimesh
from beside_beam import assert_same, prepare_both, records

from pixelda_tf import datasets
from pixelda_tf.datasets import beam
from pixelda_tf.datasets.pose.bop_masks import Silhouettes
from pixelda_tf.errors import UserError

pytestmark = pytest.mark.slow


def files_below(folder):
  return {
    path.relative_to(folder).as_posix(): path.read_bytes()
    for path in folder.rglob('*')
    if path.is_file()
  }


@pytest.fixture
def photos(tmp_path, write_image):
  """Folder of 30 random images of two classes."""
  for number in range(30):
    name = f'{"ab"[number % 2]}/{number}.png'
    write_image(tmp_path / 'photos' / name, (8, 8), seed=number)
  return tmp_path / 'photos'


@pytest.mark.parametrize('n_shards', [1, 4])
def test_images_are_the_same(tmp_path, photos, monkeypatch, n_shards):
  monkeypatch.setattr(beam, 'CHUNK', 7)
  n_bytes = sum(path.stat().st_size for path in photos.rglob('*.png'))
  monkeypatch.setattr(
    datasets.folders.images, 'SHARD_BYTES', n_bytes // n_shards
  )
  without, with_beam = prepare_both(
    'images', tmp_path, name='mine', manual_dir=photos, test_fraction=0.25
  )
  assert_same(without, with_beam)
  assert {s: len(found) for s, found in records(without).items()} == {
    'train': 22,
    'test': 8,
  }
  for builder in (without, with_beam):
    assert builder.info.splits['train'].num_shards == n_shards
  if n_shards == 1:
    first, second = (
      files_below(pathlib.Path(builder.data_dir))
      for builder in (without, with_beam)
    )
    assert first == second
  folders = {
    name.rpartition('/')[0] for name in files_below(tmp_path / 'data1')
  }
  assert folders == {'mine/1.0.0'}


def test_csv_of_masks_in_relative_paths(tmp_path, write_image, monkeypatch):
  for number in range(3):
    write_image(tmp_path / f'{number}.png', (4, 4), seed=number)
    write_image(tmp_path / f'm{number}.png', (4, 4), 'L', 255 * (number % 2))
  rows = [f'{n}.png,{"xyx"[n]},m{n}.png' for n in range(3)]
  (tmp_path / 'list.csv').write_text('\n'.join(['path,label,mask', *rows]))
  monkeypatch.chdir(tmp_path)
  without, with_beam = prepare_both(
    'images', pathlib.Path('.'), name='mine', csv='list.csv'
  )
  assert_same(without, with_beam)
  assert 'mask' in with_beam.info.features


def write_bop(folder):
  """Three frames of a cube before grey, without masks or visibility."""
  (folder / 'models').mkdir(parents=True)
  cube = trimesh.creation.box((50.0, 50.0, 50.0))
  cube.export(folder / 'models' / 'obj_000001.ply')
  scene = folder / 'test' / '000001'
  (scene / 'rgb').mkdir(parents=True)
  camera = {'cam_K': [400.0, 0, 80.5, 0, 400.0, 60.5, 0, 0, 1]}
  cube = {'obj_id': 1, 'cam_R_m2c': np.eye(3).ravel().tolist()}
  truth, rng = {}, np.random.default_rng(0)
  for number in range(3):
    pixels = rng.integers(0, 256, (120, 160, 3), np.uint8)
    tf.io.write_file(
      str(scene / 'rgb' / f'{number:06d}.png'), tf.io.encode_png(pixels)
    )
    truth[number] = [{**cube, 'cam_t_m2c': [10.0 * number, 0, 500.0]}]
  (scene / 'scene_gt.json').write_text(json.dumps(truth))
  cameras = {number: camera for number in truth}
  (scene / 'scene_camera.json').write_text(json.dumps(cameras))
  return folder


def test_bop_is_the_same_with_rendered_masks_and_counted_faults(tmp_path):
  """One of the three frames has no readable image, and is left out."""
  folder = write_bop(tmp_path / 'cubes')
  (folder / 'test/000001/rgb/000001.png').write_bytes(b'no PNG')
  prepare = functools.partial(
    prepare_both, 'bop', tmp_path, name='mine', manual_dir=folder
  )
  without, with_beam = prepare(skip_bad=True)
  assert_same(without, with_beam)
  assert 'Left out: 1 unreadable images.' in with_beam.info.description
  (found,) = records(with_beam).values()
  assert len(found) == 2
  example = next(with_beam.as_dataset(split='test').as_numpy_iterator())
  assert set(np.unique(example['mask'])) == {0, 255}


def test_bop_fault_is_told(tmp_path, caplog):
  folder = write_bop(tmp_path / 'cubes')
  (folder / 'test/000001/rgb/000001.png').write_bytes(b'no PNG')
  with pytest.raises(UserError, match='frame 1: .*000001.png: .*--skip_bad'):
    datasets.prepare(
      'bop', name='mine', data_dir=tmp_path / 'data', manual_dir=folder, beam=[]
    )
  assert not files_below(tmp_path / 'data')
  assert not [r for r in caplog.records if r.levelname == 'ERROR']


def test_linemod_cropped_is_the_same(tmp_path, write_image):
  poses = tmp_path / 'sets' / 'coarse' / 'ape' / 'poses.txt'
  for number in range(4):
    path = poses.with_name(f'{number}.png')
    write_image(path, (64, 64), seed=number)
  poses.write_text(''.join(f'# {n}.png\n1 0 0 0\n' for n in range(4)))
  without, with_beam = prepare_both(
    'linemod_cropped/synthetic', tmp_path, manual_dir=tmp_path / 'sets'
  )
  assert_same(without, with_beam)
  assert len(records(with_beam)['train']) == 4


@pytest.mark.parametrize('kept', [-2000, 0])
def test_bad_file_is_named_and_nothing_is_left(
  tmp_path, photos, write_image, caplog, kept
):
  """It breaks off in its pixels, or has no header and is found earlier."""
  path = photos / 'b' / '1.png'
  for other in photos.rglob('*.png'):
    write_image(other, (40, 40), seed=1)
  path.write_bytes(path.read_bytes()[:kept])
  with pytest.raises(UserError, match=f'{path}: not a readable image'):
    datasets.prepare(
      'images',
      name='mine',
      data_dir=tmp_path / 'data',
      manual_dir=photos,
      beam=[],
    )
  assert not files_below(tmp_path / 'data')
  assert not [r for r in caplog.records if r.levelname == 'ERROR']


def test_full_disk_is_told_and_nothing_is_lost(tmp_path, photos, monkeypatch):
  prepare = functools.partial(
    datasets.prepare,
    'images',
    name='mine',
    data_dir=tmp_path / 'data',
    manual_dir=photos,
    beam=[],
  )
  prepare()
  before = files_below(tmp_path / 'data')
  assert before

  class FullDisk:
    def __init__(self, path):
      raise OSError(errno.ENOSPC, 'No space left on device')

  monkeypatch.setattr(tf.io, 'TFRecordWriter', FullDisk)
  with pytest.raises(UserError, match='data: .*No space left .*free'):
    prepare(overwrite=True)
  assert files_below(tmp_path / 'data') == before


def test_other_errors_stay_as_they_are(tmp_path):
  executor = beam.OnBeam([], tmp_path)
  with pytest.raises(Exception, match='ZeroDivisionError|by zero'):
    executor.map('dividing', functools.partial(divmod, 1), [1, 0])


def test_map_returns_in_the_order_of_the_items(tmp_path, monkeypatch):
  monkeypatch.setattr(beam, 'CHUNK', 3)
  executor = beam.OnBeam([], tmp_path)
  assert executor.map('negating', int.__neg__, range(20)) == [
    -n for n in range(20)
  ]
  assert executor.map('negating', int.__neg__, []) == []


def test_silhouettes_are_pickled_without_what_they_have_read(tmp_path):
  models = {1: write_bop(tmp_path) / 'models' / 'obj_000001.ply'}
  silhouettes = Silhouettes(models)
  silhouettes._scene(1)
  copy = pickle.loads(pickle.dumps(silhouettes))
  assert copy._scenes == {}
  assert copy._models == models


def test_beam_builders_need_no_order():
  """Where records are numbered, one process numbers them."""
  assert not any(datasets.BUILDERS[kind].ORDERED for kind in datasets.ON_BEAM)
  with pytest.raises(UserError, match='--beam: digits is small enough'):
    datasets.prepare('digits', data_dir='nowhere', beam=[])


@pytest.mark.parametrize(
  ('option', 'expected'),
  [
    ('runner=FlinkyRunner', 'runner=FlinkyRunner: .*FlinkRunner'),
    ('runner=nowhere.Runner', "runner=nowhere.Runner: .*'nowhere'"),
    ('direct_num_workers=x', "--direct_num_workers: invalid int value: 'x'"),
    ('runner', '--runner: expected one argument'),
  ],
)
def test_wrong_option_is_told(tmp_path, option, expected, capfd):
  with pytest.raises(UserError, match=f'--beam_pipeline_options: .*{expected}'):
    beam.OnBeam([option], tmp_path)
  assert capfd.readouterr().err == ''
