"""What all tests share: a fixed seed, a config that does not leak, commands.

Also a trained run, and the stand-in for LineMod, tiny.
"""

import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
# Workers share the processors: one thread each, as for the processes they
# start. TensorFlow reads this as it starts.
for _kind in ('INTRAOP', 'INTEROP'):
  os.environ.setdefault(f'TF_NUM_{_kind}_THREADS', '1')

import dataclasses
import gc
import pathlib
import runpy
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv

import gin
import hypothesis
import pytest
import tensorflow as tf
from absl import app
from absl.testing import flagsaver

from pixelda_tf import config, datasets
from pixelda_tf.datasets import preparing
from pixelda_tf.datasets.pose import standin
from pixelda_tf.runs import distribution, experiment
from pixelda_tf.runs.directory import RunDirectory

# Started behind an & of a script, Python ignores Ctrl-C, and so would the
# commands that are tested here.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The graphs of TensorFlow are many objects, and they stay: to look through them
# at every turn takes a tenth of the time.
gc.set_threshold(50_000, 50, 100)
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

# What `train` asks for by default, which has to be said before TensorFlow
# starts; `in_process` below runs it here.
distribution.use_logical_cpus(1)
# Else the first command would define these, and its end delete them.
app.define_help_flags()


@pytest.fixture(autouse=True)
def _independent():
  tf.keras.utils.set_random_seed(0)
  yield
  gin.clear_config()
  tf.keras.mixed_precision.set_global_policy('float32')


@dataclasses.dataclass(frozen=True)
class Done:
  """How a command ended; what it logged is not in `stderr`."""

  returncode: int
  stdout: str
  stderr: str

  def assert_mistake(self, *parts):
    """Checks that it told a mistake in one line with these parts."""
    assert self.returncode == 2, self.stderr
    assert self.stderr.startswith('error: '), self.stderr
    assert self.stderr.count('\n') == 1, self.stderr
    assert self.stdout == ''
    for part in parts:
      assert part in self.stderr


@pytest.fixture
def in_process(capsys, monkeypatch):
  """Function of a command's name and arguments that runs it, to its `Done`.

  A process of its own, as `run_command` gives it, first imports TensorFlow for
  seconds.
  """

  def run(name, *arguments):
    monkeypatch.setattr(sys, 'argv', [name, *arguments])
    capsys.readouterr()
    # Flags that the command defines are gone afterwards.
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as end:
      runpy.run_module(f'pixelda_tf.{name}', run_name='__main__')
    return Done(end.value.code or 0, *capsys.readouterr())

  return run


@pytest.fixture(scope='session')
def data_dir(tmp_path_factory):
  """A data directory with the embedded pair."""
  directory = str(tmp_path_factory.mktemp('data'))
  for name in ('digits', 'digits_photo'):
    datasets.prepare(name, data_dir=directory)
  return directory


@pytest.fixture(scope='session')
def tiny_run(tmp_path_factory, data_dir):
  """Directory of a finished run of tiny.gin; not to be changed."""
  directory = tmp_path_factory.mktemp('tiny')
  config.parse([str(ROOT / 'tests/runs/tiny.gin')])
  RunDirectory(str(directory)).claim(
    config.text(), config.operative('Experiment')
  )
  experiment.Experiment(str(directory), data_dir).train()
  return directory


@pytest.fixture(scope='session')
def standin_dir(tmp_path_factory):
  """Data directory with 44 and 22 pictures of each domain of the stand-in."""
  directory = tmp_path_factory.mktemp('standin')
  for name in ('rendered', 'camera'):
    preparing.build(
      lambda path, name=name: standin.Standin(
        data_dir=path,
        config=name,
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
