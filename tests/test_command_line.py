import os
import pathlib
import platform
import re
import signal
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

SCRIPT = '''
"""Does as --what says."""

import logging as std_logging
import sys
import time

import gin
from absl import flags, logging

from pixelda_tf import command_line
from pixelda_tf.errors import UserError

command_line.define_flags('gin_file', 'skip_corrupt')
flags.DEFINE_string('what', 'nothing', 'What to do.')
FLAGS = flags.FLAGS


@gin.register
def inner(*, size=None):
  if FLAGS.what == 'mistake in gin':
    raise UserError('a mistake\\n  on two lines')
  if FLAGS.what == 'a folder':
    open('/')
  if FLAGS.what == 'full disk':
    with open('/dev/full', 'w') as file:
      file.write('x')


@gin.register
def outer():
  inner()


@gin.register
def needy(*, steps):
  del steps


def main(word=None):
  logging.info('told')
  logging.warning('warned')
  if FLAGS.what == 'logs of others':
    for level in ('INFO', 'WARNING'):
      record = std_logging.makeLogRecord({
        'pathname': '/venv/lib/python3.11/site-packages/other/file.py',
        'levelno': getattr(std_logging, level),
        'levelname': level,
        'msg': f'other {level}',
      })
      logging.get_absl_logger().handle(record)
  if FLAGS.what == 'imports':
    command_line.default_run_dir(['x.gin'])
    print('tensorflow' in sys.modules)
  if FLAGS.what == 'flags':
    print(FLAGS.gin_file, FLAGS.skip_corrupt, word)
  if FLAGS.what == 'bug':
    raise ValueError('a bug')
  if FLAGS.what == 'unset':
    gin.get_configurable('left/needy')()
  if FLAGS.what == 'wait':
    print('waiting', flush=True)
    time.sleep(60)
  gin.get_configurable('outer')()


if __name__ == '__main__':
  command_line.run(main, n_arguments=1)
'''


@pytest.fixture
def run(tmp_path):
  """Runs SCRIPT, in a folder of its own, as users run commands."""
  script = tmp_path / 'script.py'
  script.write_text(SCRIPT)

  def run(*args):
    return subprocess.run(
      [sys.executable, script, *args],
      cwd=tmp_path,
      capture_output=True,
      text=True,
      check=False,
    )

  return run


def without_logs(stderr):
  """Lines that are not log lines."""
  lines = stderr.splitlines()
  return [x for x in lines if not re.match(r'[IW] \d\d:\d\d:\d\d ', x)]


@pytest.mark.parametrize(
  ('args', 'line'),
  [
    (['--gin_fil=x'], "'gin_fil'.* gin_file .*--help"),
    (['--gin_file'], '--gin_file .*--help'),
    (['--skip_corrupt=maybe'], "--skip_corrupt=maybe: .*'maybe'.*--help"),
    (['a', 'gin/quickstart.gin'], r'--gin_file=gin/quickstart\.gin'),
    (['a', 'b'], "'b' .*--help"),
    (['--what=mistake in gin'], 'a mistake on two lines$'),
    (['--what=a folder'], "Is a directory: '/'$"),
    (['--what=full disk'], 'No space left on device$'),
    (['--what=unset'], "left/needy needs 'steps': .*--gin_param"),
  ],
)
def test_a_mistake_is_one_line_and_status_2(args, line, run):
  done = run(*args)
  (told,) = without_logs(done.stderr)
  assert re.match(f'error: .*{line}', told), told
  assert done.stdout == ''
  assert done.returncode == 2


def test_a_bug_keeps_its_traceback(run):
  done = run('--what=bug')
  assert 'Traceback' in done.stderr
  assert done.stderr.endswith('ValueError: a bug\n')
  assert done.returncode == 1


@pytest.mark.parametrize(
  ('what', 'more'),
  [('nothing', []), ('logs of others', ['W time other WARNING'])],
)
def test_logs_are_short_and_go_to_stderr(what, more, run):
  done = run(f'--what={what}')
  lines = re.sub(r'\d\d:\d\d:\d\d', 'time', done.stderr).splitlines()
  assert lines == ['I time told', 'W time warned', *more]
  assert done.stdout == ''
  assert done.returncode == 0


def test_flags_arrive(run):
  done = run(
    '--what=flags', '--gin_file=a', '--gin_file', 'b,c', '--skip_corrupt'
  )
  assert done.stdout == "['a', 'b,c'] True None\n"


@pytest.mark.parametrize(
  'args', [['digits', '--what=flags'], ['--what=flags', 'digits']]
)
def test_an_argument_arrives_before_or_after_the_flags(args, run):
  assert run(*args).stdout == '[] False digits\n'


def test_flags_and_help_need_no_tensorflow(run):
  assert run('--what=imports').stdout == 'False\n'


@pytest.mark.parametrize('flag', ['--help', '-h'])
def test_help_explains_the_flags_that_were_defined(flag, run):
  done = run(flag)
  assert done.returncode == 0
  assert done.stdout.startswith('Does as --what says.\n')
  assert '--gin_file:' in done.stdout
  assert '--[no]skip_corrupt:' in done.stdout
  assert '--what:' in done.stdout
  assert '--run_dir:' not in done.stdout


def test_ctrl_c_is_said_and_is_status_130(run, tmp_path):
  run()
  with subprocess.Popen(
    [sys.executable, tmp_path / 'script.py', '--what=wait'],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    # A shell starts what runs in its background with Ctrl-C ignored.
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
  ) as process:
    assert process.stdout.readline() == 'waiting\n'
    process.send_signal(signal.SIGINT)
    stderr = process.stderr.read()
  assert without_logs(stderr) == ['interrupted']
  assert process.returncode == 130


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
