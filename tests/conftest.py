"""What all tests share: a fixed seed, a config that does not leak, commands.

Also the stand-in for LineMod, tiny, and how to run commands on it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import venv

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import gin  # noqa: E402
import hypothesis  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402

from pixelda_tf.datasets import preparing  # noqa: E402
from pixelda_tf.datasets.pose import standin  # noqa: E402

hypothesis.settings.register_profile('tests', deadline=None, derandomize=True)
hypothesis.settings.load_profile('tests')

ROOT = pathlib.Path(__file__).parents[1]
# What makes gin/linemod.gin small.
TINY = (
  'Pair.image_size = (16, 16)',
  'Pair.batch_size = 4',
  'STEPS = 2',
  'source_only/Row.steps = 2',
  'residual_generator.filters = 4',
  'residual_generator.blocks = 1',
  'pyramid_discriminator.filters = 2',
  'pose_estimator.filters = 2',
)


@pytest.fixture(autouse=True)
def _independent():
  tf.keras.utils.set_random_seed(0)
  yield
  gin.clear_config()
  tf.keras.mixed_precision.set_global_policy('float32')


@pytest.fixture(scope='session')
def standin_dir(tmp_path_factory):
  """Data directory with 44 and 22 pictures of each domain of the stand-in."""
  directory = tmp_path_factory.mktemp('standin')
  for config in ('rendered', 'camera'):
    preparing.build(
      lambda path, config=config: standin.Standin(
        data_dir=path,
        config=config,
        views_of={'train': 4, 'test': 2},
        workers=1,
      ),
      name='standin',
      data_dir=directory,
    )
  return directory


@pytest.fixture(scope='session')
def wheel_path(tmp_path_factory):
  """A wheel, built from a source distribution of a copy of the clone."""
  folder = tmp_path_factory.mktemp('wheel')
  clone = folder / 'clone'
  for name in ('pixelda_tf', 'gin', 'tests', 'tools'):
    ignore = shutil.ignore_patterns('__pycache__')
    shutil.copytree(ROOT / name, clone / name, ignore=ignore)
  for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
    shutil.copy(ROOT / name, clone)
  _set_up(clone, 'sdist', '--formats=zip')
  (archive,) = (clone / 'dist').iterdir()
  shutil.unpack_archive(archive, folder / 'unpacked')
  (unpacked,) = (folder / 'unpacked').iterdir()
  _set_up(unpacked, 'bdist_wheel')
  (path,) = (unpacked / 'dist').iterdir()
  return path


@pytest.fixture(scope='session')
def installed_python(wheel_path, tmp_path_factory):
  """Python of an environment with the wheel, beside this one's packages.

  What is installed here as an editable clone is not seen there: a path that a
  .pth file names is searched, but not for further .pth files.
  """
  folder = tmp_path_factory.mktemp('environment')
  venv.create(folder)
  python = folder / 'bin/python'
  packages = sysconfig.get_path('purelib', 'posix_prefix', {'base': folder})
  dependencies = {sysconfig.get_path(name) for name in ('purelib', 'platlib')}
  (pathlib.Path(packages) / 'dependencies.pth').write_text(
    '\n'.join(sorted(dependencies))
  )
  pip = sys.executable, '-m', 'pip', '--python', python
  subprocess.run(
    [*pip, 'install', '--quiet', '--no-deps', '--no-index', wheel_path],
    check=True,
  )
  return python


def _set_up(clone, *command):
  subprocess.run(
    [sys.executable, 'setup.py', '--quiet', *command],
    cwd=clone,
    check=True,
    capture_output=True,
  )


@pytest.fixture
def run_command(standin_dir):
  """Function of a command's name and arguments to the finished process."""

  def run(name, *arguments):
    return subprocess.run(
      [
        *(sys.executable, '-m', f'pixelda_tf.{name}'),
        *arguments,
        f'--data_dir={standin_dir}',
      ],
      capture_output=True,
      text=True,
      cwd=ROOT,
      env=os.environ | {'PYTHONPATH': str(ROOT)},
    )

  return run


@pytest.fixture
def tiny():
  """Flags that make gin/linemod.gin small."""
  return [
    '--gin_file=gin/linemod.gin',
    *(f'--gin_param={parameter}' for parameter in TINY),
  ]
