"""One of the kills that tests/faults/kills.py makes by the hundred."""

import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
KILLS = 1


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
  done = subprocess.run(
    [sys.executable, 'tests/faults/kills.py', kind, f'--kills={KILLS}'],
    cwd=ROOT,
    env=os.environ | {'PYTHONPATH': f'{ROOT}:{ROOT}/tests/helpers'},
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.startswith(f'{kind}: {KILLS} kills within ')
