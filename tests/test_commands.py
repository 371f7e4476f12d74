"""Every command: its help, its version, and what it refuses."""

import os
import pathlib
import platform
import re
import subprocess
import sys
from importlib import metadata

import pytest

from pixelda_tf import __version__

ROOT = pathlib.Path(__file__).parents[1]
COMMANDS = sorted(
  path.stem
  for path in ROOT.glob('pixelda_tf/*.py')
  if 'command_line.run(main' in path.read_text() and path.stem != 'command_line'
)


def command(name, *args, cwd):
  return subprocess.run(
    [sys.executable, '-m', f'pixelda_tf.{name}', *args],
    cwd=cwd,
    capture_output=True,
    text=True,
    check=False,
  )


def test_all_commands_are_here():
  assert COMMANDS == [
    'analyze',
    'benchmark',
    'cost',
    'evaluate',
    'export',
    'judge_validators',
    'memorisation',
    'prepare_data',
    'render_views',
    'results_table',
    'study',
    'train',
    'translate',
  ]


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_explains_itself_at_once(name, tmp_path):
  done = command(name, '--help', cwd=tmp_path)
  assert done.returncode == 0
  assert done.stderr == ''
  assert f'python -m pixelda_tf.{name}' in done.stdout
  assert f'pixelda_tf/{name}.py:' in done.stdout
  assert '--[no]version:' in done.stdout


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_tells_the_versions(name, tmp_path):
  """Without the flags that it needs else, and without TensorFlow's start."""
  done = command(name, '--version', cwd=tmp_path)
  assert done.returncode == 0
  assert done.stderr == ''
  assert done.stdout == (
    f'pixelda_tf {__version__} (TensorFlow {metadata.version("tensorflow")}, '
    f'Python {platform.python_version()})\n'
  )


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_refuses_what_it_does_not_know(name, tmp_path):
  done = command(name, '--no_such_flag=1', cwd=tmp_path)
  assert done.returncode == 2
  assert done.stderr.startswith("error: Unknown command line flag 'no_such_fla")
  assert done.stderr.count('\n') == 1
  assert list(tmp_path.iterdir()) == []


def test_train_asks_for_a_config(tmp_path):
  done = command('train', cwd=tmp_path)
  assert re.match('error: which run.*--gin_file=.*\n$', done.stderr)
  assert done.returncode == 2
  assert list(tmp_path.iterdir()) == []


def test_train_tells_a_mistake_in_the_config_and_leaves_nothing(tmp_path):
  param = 'PixelDA.noise_sise=3'
  args = '--gin_file=gin/quickstart.gin', f'--gin_param={param}'
  done = command('train', *args, cwd=tmp_path)
  assert re.match(f"error: .*'{param}': .*'noise_size'.*\n$", done.stderr)
  assert done.returncode == 2
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
  ('flag', 'message'),
  [
    ('--rows=nobody', "no row 'nobody'; there are source_only"),
    ("--gin_param=source/Domain.name = 'nothing'", 'prepare_data'),
    ('--gin_param=unet_generator.filters = 2', 'nothing uses unet_generator'),
    (
      '--gin_param=pixelda/Row.method = @LabelledTargetOnly',
      "row 'pixelda': a method learns from labelled target images, but ",
    ),
  ],
)
def test_after_a_mistake_the_run_directory_is_free_for_another_config(
  flag, message, tmp_path, data_dir, in_process
):
  run_dir = tmp_path / 'run'
  places = f'--run_dir={run_dir}', f'--data_dir={data_dir}'
  done = in_process('train', '--gin_file=gin/quickstart.gin', flag, *places)
  done.assert_mistake(message)
  assert not run_dir.exists()


def from_tools(name, *args, cwd):
  environment = os.environ | {'PYTHONPATH': ''}
  return subprocess.run(
    [sys.executable, ROOT / f'tools/{name}.py', *args],
    cwd=cwd,
    capture_output=True,
    text=True,
    check=False,
    env=environment,
  )


@pytest.mark.parametrize(
  'name', sorted({path.stem for path in ROOT.glob('tools/*.py')} - {'checkout'})
)
def test_a_file_of_tools_is_the_command_of_its_name(name, tmp_path):
  assert name in COMMANDS
  done = from_tools(name, '--help', cwd=tmp_path)
  assert done.returncode == 0
  assert f'python -m pixelda_tf.{name}' in done.stdout


def test_what_a_file_of_tools_starts_is_of_its_checkout_too(tmp_path):
  """The process that measures a cell says where it looks for configs."""
  done = from_tools('cost', '--gin_file=no.gin', '--output=cost', cwd=tmp_path)
  assert done.returncode == 2
  assert f"there is no gin file 'no.gin' in {tmp_path}, {ROOT}" in done.stderr
