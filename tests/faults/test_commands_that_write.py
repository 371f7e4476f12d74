"""One of what tests/faults/ does by the hundred to whole commands."""

import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

# What the tools import.
PATHS = '.:tests/helpers'
ROOT = pathlib.Path(__file__).parents[2]
KILLS = 1


def run(tool, kind, count):
  """Runs a tool; returns what it prints."""
  done = subprocess.run(
    [sys.executable, f'tests/faults/{tool}.py', kind, count],
    cwd=ROOT,
    env=os.environ | {'PYTHONPATH': PATHS},
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  return done.stdout


@pytest.mark.parametrize(
  'kind',
  [
    'prepare',
    *(
      pytest.param(kind, marks=pytest.mark.long)
      for kind in ('train', 'render', 'translate')
    ),
  ],
)
def test_what_is_killed_ends_with_the_same_bits(kind):
  told = run('kills', kind, f'--kills={KILLS}')
  assert told.startswith(f'{kind}: {KILLS} kills within ')


@pytest.mark.long
@pytest.mark.parametrize('tool', ['full_disk', 'two_writers'])
@pytest.mark.parametrize('kind', ['train', 'prepare', 'translate', 'export'])
def test_a_full_disk_and_another_writer_change_no_bit(tool, kind):
  if tool == 'full_disk' and os.geteuid():
    pytest.skip('only root may mount a disk')
  count = '--sizes=3' if tool == 'full_disk' else '--times=1'
  assert run(tool, kind, count).startswith(f'{kind}: ')
