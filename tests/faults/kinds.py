"""What is read: sound raw files of each kind, and the command that reads them.

All is tiny, so that thousands of damaged ones are read in minutes.
"""

import gzip
import os
import pathlib
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import bop_boxes
import numpy as np
import scipy.io
import tensorflow_datasets as tfds
import trimesh
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]


class Kind(NamedTuple):
  """What may be damaged.

  Attributes:
    write: writes sound files into a folder.
    damaged: pattern of the files that are damaged, below that folder.
    command: function of that folder to the command line that reads them; on
      sound files it ends well.
    keeps: what is there once the command has ended well, and may not be lost
      where it ends by a mistake, below that folder.
  """

  write: Callable[[pathlib.Path], None]
  damaged: str
  command: Callable[[pathlib.Path], Sequence[str]]
  keeps: str = 'data'


def stored_badly(data_dir: pathlib.Path) -> str | None:
  """Returns what is wrong with data sets that a command stored, or None."""
  left = [p for p in (data_dir / '.staging').rglob('*') if p.suffix != '.lock']
  if left:
    return f'left behind: {left}'
  for info in data_dir.rglob('dataset_info.json'):
    builder = tfds.builder_from_directory(info.parent)
    for split, about in builder.info.splits.items():
      examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
      if len(examples) != about.num_examples:
        return f'{split}: {len(examples)} of {about.num_examples} examples'
      for example in examples:
        for name, value in example.items():
          if not np.isfinite(value).all() if name != 'key' else False:
            return f'{split}: {name} is not finite'
  return None


def prepares(
  write: Callable[[pathlib.Path], None], kind: str, *options: str
) -> Kind:
  """Returns a kind of raw files, of which a set is prepared already.

  Args:
    write: writes them.
    kind: of the data set.
    *options: others; RAW in them is the folder.
  """

  def write_raw(folder):
    write(folder / 'raw')

  def command(folder):
    own = [option.replace('RAW', str(folder / 'raw')) for option in options]
    return (
      'prepare_data',
      kind,
      f'--manual_dir={folder / "raw"}',
      f'--data_dir={folder / "data"}',
      '--overwrite',
      *own,
    )

  return Kind(write_raw, 'raw/**/*', command)


def _pixels(shape, seed=0):
  return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _save(path, pixels, **options):
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(pixels).save(path, **options)


def _idx(array, magic):
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return gzip.compress(header + array.tobytes())


def write_mnist(raw: pathlib.Path) -> None:
  """MNIST's four files."""
  raw.mkdir(parents=True)
  labels = np.arange(20, dtype=np.uint8) % 10
  for prefix in ('train', 't10k'):
    images = _idx(_pixels((20, 28, 28)), 2051)
    (raw / f'{prefix}-images-idx3-ubyte.gz').write_bytes(images)
    (raw / f'{prefix}-labels-idx1-ubyte.gz').write_bytes(_idx(labels, 2049))


def write_usps(raw: pathlib.Path) -> None:
  """USPS's two files."""
  raw.mkdir(parents=True)
  for split in ('train', 'test'):
    lines = [
      f'{n % 10}.0000 '
      + ' '.join(f'{v:.4f}' for v in _pixels(256, n) / 127.5 - 1)
      for n in range(10)
    ]
    data = gzip.compress('\n'.join(lines).encode())
    (raw / f'zip.{split}.gz').write_bytes(data)


def write_svhn(raw: pathlib.Path) -> None:
  """SVHN's two files."""
  raw.mkdir(parents=True)
  for split in ('train', 'test'):
    labels = np.arange(1, 11, dtype=np.uint8)[:, None]
    arrays = {'X': _pixels((32, 32, 3, 10)), 'y': labels}
    scipy.io.savemat(raw / f'{split}_32x32.mat', arrays)


def write_mnistm_files(raw: pathlib.Path) -> None:
  """MNIST-M's published files."""
  for split in ('train', 'test'):
    lines = []
    for n in range(10):
      _save(raw / f'mnist_m_{split}/{n:08}.png', _pixels((32, 32, 3), n))
      lines.append(f'{n:08}.png {n}')
    text = '\n'.join(lines)
    (raw / f'mnist_m_{split}_labels.txt').write_text(text)


def write_images(raw: pathlib.Path) -> None:
  """A folder of a user's images, in several formats."""
  for label in ('cat', 'dog'):
    for n, suffix in enumerate(('png', 'jpg', 'gif', 'bmp', 'tif', 'webp')):
      _save(raw / label / f'{n}.{suffix}', _pixels((9, 8, 3), n))


def write_csv(raw: pathlib.Path) -> None:
  """The same by a CSV, with splits and masks."""
  lines = ['path,label,split,mask']
  for n in range(8):
    _save(raw / f'{n}.png', _pixels((9, 8, 3), n))
    _save(raw / f'mask_{n}.png', 255 * (_pixels((9, 8), n) > 99).astype('u1'))
    split = 'test' if n % 4 == 3 else 'train'
    lines.append(f'{n}.png,{"cat" if n % 2 else "dog"},{split},mask_{n}.png')
  (raw / 'list.csv').write_text('\n'.join(lines))


def write_label_maps(raw: pathlib.Path) -> None:
  """A user's images with label maps, and a file of classes."""
  for split in ('train', 'test'):
    for n in range(3):
      _save(raw / f'images/{split}/{n}.png', _pixels((12, 16, 3), n))
      ids = np.repeat(np.arange(3, dtype=np.uint8), 64)
      _save(raw / f'labels/{split}/{n}.png', ids.reshape(12, 16))
  (raw / 'classes.csv').write_text('id,name\n0,sky\n1,road\n2,car\n')


def write_gta5(raw: pathlib.Path) -> None:
  """GTA5's folders."""
  for n in range(1, 4):
    _save(raw / f'images/{n:05}.png', _pixels((12, 16, 3), n))
    ids = np.full((12, 16), 7, np.uint8)
    ids[:, 2 * n + 5 :] = 26
    label_map = Image.fromarray(ids)
    label_map.putpalette(list(range(256)) * 3)
    (raw / 'labels').mkdir(exist_ok=True)
    label_map.save(raw / f'labels/{n:05}.png')


def write_linemod_cropped(raw: pathlib.Path) -> None:
  """Cropped LineMod's three sets of two objects."""
  for name in ('coarse', 'fine', 'real'):
    for label in ('cat', 'ape'):
      lines = []
      for n in range(3):
        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels[10:40, 10:40] = _pixels((30, 30, 3), n)
        _save(raw / name / label / f'img{n}.png', pixels)
        lines += [f'# img{n}.png', '0.5 -0.5 0.5 -0.5']
      (raw / name / label / 'poses.txt').write_text('\n'.join(lines))
  (raw / 'real/training_split.txt').write_text('1, 3, 4')


def write_bop(raw: pathlib.Path) -> None:
  """A BOP set of one scene of boxes."""
  bop_boxes.write_set(raw, bop_boxes.FRAMES)


def write_meshes(folder: pathlib.Path) -> None:
  """A PLY file, and an OBJ file with its materials."""
  raw = folder / 'raw'
  raw.mkdir(parents=True)
  ball = trimesh.creation.icosphere(subdivisions=1, radius=40)
  ball.export(raw / 'obj_1.ply', encoding='ascii')
  box = trimesh.creation.box((50.0, 60.0, 70.0))
  lines = ['mtllib box.mtl', 'usemtl red']
  lines += [f'v {x} {y} {z}' for x, y, z in box.vertices]
  lines += [f'f {a + 1} {b + 1} {c + 1}' for a, b, c in box.faces]
  (raw / 'obj_2.obj').write_text('\n'.join(lines))
  (raw / 'box.mtl').write_text('newmtl red\nKd 0.8 0.1 0.1\n')


def _render(folder):
  return (
    'render_views',
    '--name=mine',
    f'--meshes_dir={folder / "raw"}',
    f'--data_dir={folder / "data"}',
    '--views=2',
    '--size=16',
    '--overwrite',
  )


# A run of a second on a user's own images.
CONFIG = """
include 'gin/base.gin'
include 'gin/methods/pixelda.gin'
source/Domain.name = 'drawn'
target/Domain.name = 'photographed'
target/Domain.validation = 'train[:4]'
Pair.batch_size = 4
Pair.image_size = (28, 28)
Pair.channels = 3
Experiment.rows = [@source_only/Row()]
source_only/adam.learning_rate = 1e-3
"""


def write_run(folder: pathlib.Path) -> None:
  """A trained run, and the data of it."""
  for name in ('drawn', 'photographed'):
    for label in ('cat', 'dog'):
      for n in range(8):
        path = folder / name / f'{"test" if n > 5 else "train"}/{label}/{n}.png'
        _save(path, _pixels((28, 28, 3), n))
    _call(
      'prepare_data',
      'images',
      f'--name={name}',
      f'--manual_dir={folder / name}',
      f'--data_dir={folder / "data"}',
    )
  (folder / 'run.gin').write_text(CONFIG)
  _call(*_train(folder))


def write_unfinished_run(folder: pathlib.Path) -> None:
  """The same, to go on with from its checkpoint."""
  write_run(folder)
  for path in (folder / 'run').rglob('result.json'):
    path.unlink()


def write_config(folder: pathlib.Path) -> None:
  """Its config, not trained yet."""
  write_run(folder)
  shutil.rmtree(folder / 'run')


def _call(*command):
  environment = os.environ | {'PYTHONPATH': str(ROOT)}
  subprocess.run(
    [sys.executable, '-m', f'pixelda_tf.{command[0]}', *command[1:]],
    check=True,
    cwd=ROOT,
    env=environment,
    capture_output=True,
  )


def _train(folder):
  return (
    'train',
    f'--gin_file={folder / "run.gin"}',
    '--gin_param=source_only/Row.steps = 2',
    *_places(folder),
  )


def _evaluate(folder):
  return ('evaluate', *_places(folder))


def _places(folder):
  return f'--run_dir={folder / "run"}', f'--data_dir={folder / "data"}'


KINDS = {
  'mnist': prepares(write_mnist, 'mnist'),
  'usps': prepares(write_usps, 'usps'),
  'svhn': prepares(write_svhn, 'svhn'),
  'mnistm_files': prepares(write_mnistm_files, 'mnistm/files'),
  'images': prepares(write_images, 'images', '--name=mine'),
  'images_csv': prepares(
    write_csv, 'images', '--name=mine', '--csv=RAW/list.csv'
  ),
  'label_maps': prepares(
    write_label_maps,
    'segmentation',
    '--name=mine',
    '--classes=RAW/classes.csv',
  ),
  'gta5': prepares(write_gta5, 'gta5'),
  'linemod_cropped': prepares(
    write_linemod_cropped, 'linemod_cropped/synthetic'
  ),
  'bop': prepares(write_bop, 'bop', '--name=mine', '--bop_splits=train:test'),
  'meshes': Kind(write_meshes, 'raw/*', _render),
  'records': Kind(write_run, 'data/*/*/*', _evaluate, 'run'),
  'run': Kind(write_run, 'run/**/*', _evaluate, 'run'),
  'unfinished_run': Kind(write_unfinished_run, 'run/**/*', _train),
  'config': Kind(write_config, 'run.gin', _train),
}
