import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

PATH = pathlib.Path(__file__).parents[2] / 'tools/cost.py'


@pytest.fixture(scope='module')
def cost():
  spec = importlib.util.spec_from_file_location('cost', PATH)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def cell(devices, size, batch, **measured):
  place = {'image_size': size, 'batch_size': batch, 'devices': devices}
  return place | measured


CELLS = [
  cell(1, 16, 8, milliseconds=12.3, gibibytes=0.51),
  cell(1, 32, 8, milliseconds=45.6, gibibytes=0.64),
  cell(1, 32, 32, failure='out of memory'),
  cell(2, 32, 32, milliseconds=1234.5, gibibytes=2.0),
]


def test_a_row_is_a_size_on_some_devices_and_a_column_a_batch(cost):
  assert cost.table(CELLS).splitlines() == [
    '| image | devices | batch 8 | batch 32 |',
    '|---|---|---|---|',
    '| 16x16 | 1 | 12 ms, 0.5 GiB |  |',
    '| 32x32 | 1 | 46 ms, 0.6 GiB | out of memory |',
    '| 32x32 | 2 |  | 1234 ms, 2.0 GiB |',
  ]


def test_a_plot_leaves_out_what_did_not_fit(cost, tmp_path):
  cost.plot(CELLS, tmp_path / 'cost.png')
  with Image.open(tmp_path / 'cost.png') as picture:
    assert picture.size == (1000, 400)


def test_measures_what_is_not_measured_and_keeps_the_rest(tmp_path):
  """On two devices; the other cell would take hours."""
  kept = cell(1, 16, 10**9, failure='out of memory')
  (tmp_path / 'cost.json').write_text(json.dumps([kept]))
  done = subprocess.run(
    [
      *(sys.executable, PATH),
      '--gin_file=gin/quickstart.gin',
      '--row=source_only',
      '--image_sizes=16',
      '--batch_sizes=4',
      '--devices=2',
      '--seconds=0',
      f'--output={tmp_path / "cost"}',
      f'--data_dir={tmp_path / "data"}',
    ],
    cwd=PATH.parents[1],
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
      *(sys.executable, PATH),
      '--gin_file=gin/none.gin',
      f'--output={tmp_path / "cost"}',
    ],
    cwd=PATH.parents[1],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 2
  assert done.stderr.splitlines()[-1].startswith('error: ')
  assert 'none.gin' in done.stderr.splitlines()[-1]
