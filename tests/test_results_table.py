import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
COMMAND = sys.executable, '-m', 'pixelda_tf.results_table'
ENVIRONMENT = os.environ | {'PYTHONPATH': str(ROOT)}

README = """# Title

Text with | bars | and → arrows.

<!-- results:start -->
an old table
<!-- results:end -->

The end.
"""

RESULT = {
  'source': 'mnist',
  'target': 'usps',
  'seed': 3,
  'precision': 'mixed_bfloat16',
  'rows': [
    {
      'method': 'source_only',
      'steps': 500,
      'wall_seconds': 59.7,
      'target_test': {'accuracy': 1573 / 2007, 'correct': 1573, 'count': 2007},
    },
    {
      'method': 'pixelda',
      'steps': 11000,
      'wall_seconds': 3125.2,
      'target_test': {'accuracy': 1925 / 2007, 'correct': 1925, 'count': 2007},
      'note': 'tuned by hand',
    },
  ],
}

# 1573 / 2007 = 0.78376 and 1925 / 2007 = 0.95914; 3125 s = 52 * 60 + 5.
TABLE = """\
<!-- results:start -->
| source → target | method | target test accuracy | mean angle error | \
right / count | paper | steps | seed | precision | wall time | note |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| mnist → usps | source_only | 78.38% |  | 1,573 / 2,007 | 78.9% | 500 | 3 | \
mixed_bfloat16 | 1:00 min |  |
| mnist → usps | pixelda | 95.91% |  | 1,925 / 2,007 | 95.9% | 11,000 | 3 | \
mixed_bfloat16 | 52:05 min | tuned by hand |
<!-- results:end -->"""


@pytest.fixture
def run(tmp_path):
  """Runs the tool in a folder with README.md and results/one.json."""
  (tmp_path / 'README.md').write_text(README)
  (tmp_path / 'results').mkdir()
  (tmp_path / 'results/one.json').write_text(json.dumps(RESULT))

  def run(*args):
    return subprocess.run(
      [*COMMAND, *args],
      cwd=tmp_path,
      env=ENVIRONMENT,
      capture_output=True,
      text=True,
      check=False,
    )

  return run


def test_the_table_is_written_between_the_markers_only(run, tmp_path):
  done = run('results/one.json')
  assert done.stderr == ''
  assert done.stdout == 'README.md: 2 rows of 1 results\n'
  start = README.index('<!-- results:start')
  end = README.index('<!-- results:end -->') + len('<!-- results:end -->')
  expected = README[:start] + TABLE + README[end:]
  assert (tmp_path / 'README.md').read_text() == expected
  run('results/one.json')
  assert (tmp_path / 'README.md').read_text() == expected
  assert sorted(p.name for p in tmp_path.iterdir()) == ['README.md', 'results']


def test_given_results_are_read_in_their_order(run, tmp_path):
  other = copy.deepcopy(RESULT) | {'target': 'mine'}
  other['rows'][0]['target_test'] = None
  (tmp_path / 'other.json').write_text(json.dumps(other))
  done = run('other.json', 'results/one.json')
  assert done.stdout == 'README.md: 4 rows of 2 results\n'
  lines = (tmp_path / 'README.md').read_text().splitlines()
  assert [line[:16] for line in lines if line.startswith('| mnist')] == [
    '| mnist → mine |',
    '| mnist → mine |',
    '| mnist → usps |',
    '| mnist → usps |',
  ]
  assert '| mnist → mine | source_only | no labels |  |  |  | 500 |' in ''.join(
    lines
  )


@pytest.mark.parametrize(
  ('readme', 'message'),
  [
    ('nothing', "README.md: one '<!-- results:start -->' and one"),
    (README + README, "README.md: one '<!-- results:start -->' and one"),
    (
      '<!-- results:end --> <!-- results:start -->',
      "README.md: '<!-- results:start -->' has to stand before",
    ),
  ],
)
def test_a_readme_without_its_markers_is_left_alone(
  readme, message, run, tmp_path
):
  (tmp_path / 'README.md').write_text(readme)
  done = run('results/one.json')
  assert done.returncode == 2
  assert done.stderr.startswith(f'error: {message}')
  assert (tmp_path / 'README.md').read_text() == readme


def test_line_ends_and_links_stay(run, tmp_path):
  real = tmp_path / 'docs.md'
  real.write_bytes(README.replace('\n', '\r\n').encode())
  (tmp_path / 'README.md').unlink()
  (tmp_path / 'README.md').symlink_to('docs.md')
  assert run('results/one.json').stderr == ''
  assert (tmp_path / 'README.md').is_symlink()
  written = real.read_bytes()
  assert written.count(b'\n') == written.count(b'\r\n')
  assert b'| source_only |' in written


def test_a_readme_of_another_encoding_is_told_and_left_alone(run, tmp_path):
  content = README.encode('utf-16')
  (tmp_path / 'README.md').write_bytes(content)
  done = run('results/one.json')
  assert done.returncode == 2
  assert done.stderr.startswith('error: README.md: not UTF-8')
  assert done.stderr.count('\n') == 1
  assert (tmp_path / 'README.md').read_bytes() == content


@pytest.mark.parametrize(
  ('text', 'reason'),
  [
    ('{', 'JSONDecodeError'),
    ('[]', 'TypeError'),
    ('{}', "KeyError('seed')"),
    (json.dumps(RESULT).replace('"steps"', '"step"'), "KeyError('steps')"),
  ],
)
def test_what_is_no_result_is_named(text, reason, run, tmp_path):
  (tmp_path / 'results/two.json').write_text(text)
  done = run('results/one.json', 'results/two.json')
  assert done.returncode == 2
  assert done.stderr.startswith(
    f"error: 'results/two.json' is no result.json of pixelda_tf.train: {reason}"
  )
  assert done.stderr.count('\n') == 1
  assert (tmp_path / 'README.md').read_text() == README


@pytest.mark.parametrize(
  ('args', 'message'),
  [
    (['no.json'], "cannot read 'no.json': No such file or directory"),
    (
      ['results/one.json', '--readme=no.md'],
      "there is no 'no.md': give --readme",
    ),
    ([], 'which results? give their files, as results/*.json'),
  ],
)
def test_missing_files_are_named(args, message, run):
  done = run(*args)
  assert done.returncode == 2
  assert done.stderr == f'error: {message}\n'


def test_the_table_of_this_readme_is_that_of_its_results(tmp_path):
  shutil.copy(ROOT / 'README.md', tmp_path)
  results = sorted((ROOT / 'results').glob('*.json'))
  subprocess.run(
    [*COMMAND, *results],
    cwd=tmp_path,
    env=ENVIRONMENT,
    check=True,
  )
  written = (tmp_path / 'README.md').read_text('utf-8')
  assert written == (ROOT / 'README.md').read_text('utf-8')


def test_a_bound_is_compared_with_the_paper_of_its_run(run, tmp_path):
  """The bounds of CyCADA's Table 2, not of PixelDA's Table 1."""
  names = ('source_only', 'cycada_translate', 'cycada_pixel', 'cycada')
  rows = [
    RESULT['rows'][0] | {'method': name, 'target_test': None} for name in names
  ]
  rows[1]['answers'] = False
  (tmp_path / 'other.json').write_text(json.dumps(RESULT | {'rows': rows}))
  run('other.json')
  lines = (tmp_path / 'README.md').read_text().splitlines()
  cells = [line.split(' | ') for line in lines if 'usps' in line]
  assert [row[5].strip() for row in cells] == ['69.8%', '', '95.6%', '95.6%']
  expected = ['no labels', 'translates only', 'no labels', 'no labels']
  assert [row[2] for row in cells] == expected


def test_numbers_of_two_networks_are_told_apart(run, tmp_path):
  """CyCADA's Table 4 has FCN8s and DRN-26 of the same domains."""
  row = RESULT['rows'][0] | {'method': 'cycada'}
  result = RESULT | {
    'rows': [row],
    'source': 'gta5',
    'target': 'cityscapes/extra',
  }
  (tmp_path / 'other.json').write_text(json.dumps(result))
  run('other.json')
  assert '| FCN8s 35.4%, DRN-26 39.5% |' in (tmp_path / 'README.md').read_text()
