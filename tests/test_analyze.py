"""The command, on a tiny run."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory, tiny_run):
  """A run to be analysed."""
  return shutil.copytree(tiny_run, tmp_path_factory.mktemp('analyze') / 'run')


@pytest.fixture
def analyze(in_process, run_dir, data_dir):
  """Function of arguments to the command on the run."""
  where = f'--run_dir={run_dir}', f'--data_dir={data_dir}'
  return lambda *arguments: in_process('analyze', *where, *arguments)


def summary(run_dir):
  return json.loads((run_dir / 'analysis/analysis.json').read_text())


@pytest.mark.slow
def test_it_prints_accuracies_and_every_file(run_dir, data_dir):
  """As users run it: in a process of its own."""
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'pixelda_tf.analyze', '--run_dir=run'),
      *(f'--data_dir={data_dir}', '--examples=12', '--seed=3'),
    ],
    cwd=run_dir.parent,
    capture_output=True,
    text=True,
    check=False,
    env=os.environ | {'PYTHONPATH': str(ROOT)},
  )
  assert done.returncode == 0, done.stderr
  assert 'Warning' not in done.stderr
  lines = done.stdout.splitlines()
  files = {line for line in lines if line.startswith('run/analysis/')}
  assert len(files) == 14
  assert {
    str(path.relative_to(run_dir.parent))
    for path in (run_dir / 'analysis').rglob('*')
    if path.is_file() and 'tfevents' not in path.name
  } == files
  found = summary(run_dir)
  assert found['seed'] == 3
  assert found['examples']['source']['count'] == 12
  for when, name in (('before', 'source_only'), ('after', 'pixelda')):
    right = found['target_test'][when]['correct']
    (line,) = (line for line in lines if line.startswith(f'{when}: {name}, 6'))
    assert line.endswith(f', right / count {right} / 500')


@pytest.mark.slow
def test_rows_can_be_named(analyze, run_dir):
  done = analyze(
    '--examples=10',
    '--row=source_only',
    '--before=pixelda',
    '--translator=pixelda',
  )
  assert done.returncode == 0, done.stderr
  rows = summary(run_dir)['rows']
  assert {key: row['name'] for key, row in rows.items()} == {
    'before': 'pixelda',
    'after': 'source_only',
    'translator': 'pixelda',
  }


@pytest.mark.parametrize(
  ('argument', 'parts'),
  [
    ('--row=none', ["no row 'none'", 'source_only, pixelda']),
    ('--translator=source_only', ["'source_only' does not translate"]),
    ('--examples=9', ['--examples=9', '>= 10']),
    ('--run_dir=', ['--run_dir is needed']),
    ('--run_dir=gin', ['gin: not a run directory']),
  ],
)
def test_a_mistake_is_one_line(argument, parts, analyze):
  analyze(argument).assert_mistake(*parts)


@pytest.mark.long
def test_rows_that_are_named_are_drawn_side_by_side(run_dir, analyze):
  """Two panels, wider than one; a row that is not there is told."""
  done = analyze('--examples=10', '--tsne_rows=source_only,pixelda')
  assert done.returncode == 0, done.stderr
  assert (run_dir / 'analysis/tsne_rows.png').exists()
  assert f'{run_dir}/analysis/tsne_rows.png' in done.stdout.splitlines()
  analyze('--tsne_rows=source_only,none').assert_mistake("no row 'none'")
