import re
import signal
import subprocess
import sys

import pytest

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
