"""A run in stages that is killed at many places, against one that is not."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from pixelda_tf.data import domains

pytestmark = pytest.mark.long

FOLDER = pathlib.Path(__file__).parent
ROWS = ('cyclegan', 'cyclegan_uda_offline', 'cyclegan_uda_two_way')


def networks(directory):
  return {
    path.name: path.read_bytes()
    for path in (directory / 'networks').iterdir()
    if path.suffix == '.json'
  }


def images(row_directory):
  stored = domains.Domain(name='translated').open(str(row_directory))
  return np.stack(
    [example['image'] for example in stored.stored('train').as_numpy_iterator()]
  )


def test_killed_at_any_place_it_ends_with_the_same_bits(
  cyclegan_uda_run, tmp_path, data_dir, newest_values
):
  """Each process goes on from what the one killed before it left."""
  done = subprocess.run(
    [
      *(sys.executable, str(FOLDER / 'killed_stages.py')),
      *(str(FOLDER / 'cyclegan_uda.gin'), str(tmp_path), data_dir, *ROWS),
    ],
    cwd=FOLDER.parents[1],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  places = done.stdout.splitlines()
  assert len(places) > 10
  assert [line for line in places if not line.endswith(': -9')] == []
  for row in ROWS:
    ours = newest_values(tmp_path / row)
    theirs = newest_values(cyclegan_uda_run / row)
    assert ours[0] == theirs[0] and ours[1].keys() == theirs[1].keys()
    for name, value in ours[1].items():
      np.testing.assert_array_equal(
        value, theirs[1][name], err_msg=f'{row}: {name}'
      )
    assert networks(tmp_path / row) == networks(cyclegan_uda_run / row)
    found, expected = (
      json.loads((directory / row / 'result.json').read_text())
      for directory in (tmp_path, cyclegan_uda_run)
    )
    found.pop('wall_seconds'), expected.pop('wall_seconds')
    assert found == expected
  np.testing.assert_array_equal(
    images(tmp_path / 'cyclegan'), images(cyclegan_uda_run / 'cyclegan')
  )
  left = [path for path in tmp_path.rglob('*') if '.partial' in path.name]
  assert left == []
  assert list(tmp_path.rglob('.*')) == []
