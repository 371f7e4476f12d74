"""The command, on a tiny run."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]


def command(name, *arguments, cwd):
  return subprocess.run(
    [sys.executable, '-m', f'pixelda_tf.{name}', *arguments],
    cwd=cwd,
    capture_output=True,
    text=True,
    check=False,
    env=os.environ | {'PYTHONPATH': str(ROOT)},
  )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A folder with a trained run."""
  folder = tmp_path_factory.mktemp('analyze')
  (folder / 'gin').symlink_to(ROOT / 'gin')
  done = command(
    'train',
    f'--gin_file={ROOT}/tests/runs/tiny.gin',
    '--gin_param=Experiment.picture_every = 100',
    '--run_dir=run',
    cwd=folder,
  )
  assert done.returncode == 0, done.stderr
  return folder


def analyze(folder, *arguments):
  return command('analyze', '--run_dir=run', *arguments, cwd=folder)


def test_it_prints_accuracies_and_every_file(folder):
  done = analyze(folder, '--examples=12', '--seed=3')
  assert done.returncode == 0, done.stderr
  assert 'Warning' not in done.stderr
  lines = done.stdout.splitlines()
  files = {line for line in lines if line.startswith('run/analysis/')}
  assert len(files) == 13
  assert {
    str(path.relative_to(folder))
    for path in (folder / 'run/analysis').rglob('*')
    if path.is_file() and 'tfevents' not in path.name
  } == files
  summary = json.loads((folder / 'run/analysis/analysis.json').read_text())
  assert summary['seed'] == 3
  assert summary['examples']['source']['count'] == 12
  for when, name in (('before', 'source_only'), ('after', 'pixelda')):
    right = summary['target_test'][when]['correct']
    (line,) = (line for line in lines if line.startswith(f'{when}: {name}, 6'))
    assert line.endswith(f', {right} of 500 right')


def test_rows_can_be_named(folder):
  done = analyze(
    folder,
    '--examples=10',
    '--row=source_only',
    '--before=pixelda',
    '--translator=pixelda',
  )
  assert done.returncode == 0, done.stderr
  summary = json.loads((folder / 'run/analysis/analysis.json').read_text())
  assert {key: row['name'] for key, row in summary['rows'].items()} == {
    'before': 'pixelda',
    'after': 'source_only',
    'translator': 'pixelda',
  }


@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    (['--row=none'], "run: no row 'none'; there are source_only, pixelda"),
    (
      ['--translator=source_only'],
      "run: row 'source_only' does not translate: name another --translator",
    ),
    (['--examples=9'], 'flag --examples=9: 9 is not integer >= 10'),
    (['--run_dir='], '--run_dir is needed'),
    (['--run_dir=gin'], 'gin: not a run directory (no config.gin)'),
  ],
)
def test_a_mistake_is_one_line(arguments, message, folder):
  done = analyze(folder, *arguments)
  assert done.returncode == 2
  assert done.stderr.startswith(f'error: {message}'), done.stderr
  assert done.stderr.count('\n') == 1
  assert done.stdout == ''
