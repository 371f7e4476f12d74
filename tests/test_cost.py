import json
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[1]


def test_measures_what_is_not_measured_and_keeps_the_rest(tmp_path):
  """On two devices; the other cell would take hours."""
  place = {'image_size': 16, 'batch_size': 10**9, 'devices': 1}
  kept = place | {'failure': 'out of memory'}
  (tmp_path / 'cost.json').write_text(json.dumps([kept]))
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'pixelda_tf.cost'),
      '--gin_file=gin/quickstart.gin',
      '--row=source_only',
      '--image_sizes=16',
      '--batch_sizes=4',
      '--devices=2',
      '--seconds=0',
      f'--output={tmp_path / "cost"}',
      f'--data_dir={tmp_path / "data"}',
    ],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  first, second = json.loads((tmp_path / 'cost.json').read_text())
  assert first == kept
  assert (second['image_size'], second['batch_size']) == (16, 4)
  assert second['devices'] == 2
  assert second['milliseconds'] > 0 and second['gibibytes'] > 0.1
  assert (tmp_path / 'cost.md').read_text() in done.stdout


def test_a_mistake_in_the_config_is_told_once(tmp_path):
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'pixelda_tf.cost'),
      '--gin_file=gin/none.gin',
      f'--output={tmp_path / "cost"}',
    ],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 2
  assert done.stderr.splitlines()[-1].startswith('error: ')
  assert 'none.gin' in done.stderr.splitlines()[-1]
