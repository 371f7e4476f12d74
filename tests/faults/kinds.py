"""What is read: sound raw files of each kind, and the command that reads them.

All is tiny, so that thousands of damaged ones are read in minutes.
"""

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import raw_files
import tensorflow_datasets as tfds

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
        raw_files.save(path, raw_files.pixels((28, 28, 3), n))
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
  'mnist': prepares(raw_files.write_mnist, 'mnist'),
  'usps': prepares(raw_files.write_usps, 'usps'),
  'svhn': prepares(raw_files.write_svhn, 'svhn'),
  'mnistm_files': prepares(raw_files.write_mnistm_files, 'mnistm/files'),
  'images': prepares(raw_files.write_images, 'images', '--name=mine'),
  'images_csv': prepares(
    raw_files.write_csv, 'images', '--name=mine', '--csv=RAW/list.csv'
  ),
  'label_maps': prepares(
    raw_files.write_label_maps,
    'segmentation',
    '--name=mine',
    '--classes=RAW/classes.csv',
  ),
  'gta5': prepares(raw_files.write_gta5, 'gta5'),
  'linemod_cropped': prepares(
    raw_files.write_linemod_cropped, 'linemod_cropped/synthetic'
  ),
  'bop': prepares(
    raw_files.write_bop, 'bop', '--name=mine', '--bop_splits=train:test'
  ),
  'meshes': Kind(raw_files.write_meshes, 'raw/*', _render),
  'records': Kind(write_run, 'data/*/*/*', _evaluate, 'run'),
  'run': Kind(write_run, 'run/**/*', _evaluate, 'run'),
  'unfinished_run': Kind(write_unfinished_run, 'run/**/*', _train),
  'config': Kind(write_config, 'run.gin', _train),
}
