"""Label maps on one device, on two, and on two hosts: one result."""

import json

import coloured_maps
import numpy as np
import pytest
from processes import (
  TRAIN,
  TWO_REPLICAS,
  files,
  finish,
  metrics,
  start,
  start_hosts,
)

pytestmark = pytest.mark.long

CONFIG = 'quiet_maps.gin'
ROWS = (
  'source_only',
  'adabn',
  'cycada_translate',
  'cycada_pixel',
  'cycada_feature',
)
# The fewest pixels that a layer of batch normalisation sees: four crops of
# 32x48, halved twice.
PIXELS = 4 * 8 * 12


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
  directory = tmp_path_factory.mktemp('data')
  for name in coloured_maps.COLOURS:
    coloured_maps.store(directory, name, size=(48, 64), block=8, counts=(12, 4))
  return directory


@pytest.fixture(scope='module')
def one_device(tmp_path_factory, data_dir):
  """Directory of a run on one device."""
  run_dir = tmp_path_factory.mktemp('one') / 'run'
  finish(start(run_dir, data_dir, '--strategy=one', config=CONFIG))
  return run_dir


@pytest.fixture(scope='module')
def two_devices(tmp_path_factory, data_dir):
  """Directory of a run on two devices of one host."""
  run_dir = tmp_path_factory.mktemp('two') / 'run'
  _, errors = finish(start(run_dir, data_dir, *TWO_REPLICAS, config=CONFIG))
  assert '2 replicas on 1 hosts' in errors
  return run_dir


def assert_same(run_dir, expected_dir, newest_values, variances=1e-5):
  """Checks files, what is counted, training's logs and the checkpoints.

  `variances` is the tolerance of moving variances, relative, and of scores,
  which come of them.
  """
  assert files(run_dir) == files(expected_dir)
  for row in ROWS:
    found, expected = (
      [
        {key: line[key] for key in line if not key.startswith('target/')}
        for line in metrics(path / row)
      ]
      for path in (run_dir, expected_dir)
    )
    assert [line['step'] for line in found] == [1, 2]
    for ours, theirs in zip(found, expected, strict=True):
      assert ours.keys() == theirs.keys()
      for name, value in theirs.items():
        # Of a pixel that is all but right, the cycle's gradient changes sign
        # with rounding.
        tolerance = 1e-4 if name == 'generators/gradient_norm' else 1e-5
        np.testing.assert_allclose(
          ours[name], value, atol=1e-5, rtol=tolerance, err_msg=f'{row} {name}'
        )
    step, values = newest_values(run_dir / row)
    expected_step, expected = newest_values(expected_dir / row)
    assert step == expected_step == 2 and values.keys() == expected.keys()
    for name, value in expected.items():
      tolerance = variances if 'moving_variance' in name else 0
      np.testing.assert_allclose(
        values[name], value, atol=1e-5, rtol=tolerance, err_msg=f'{row} {name}'
      )
    assert any('moving_variance' in name for name in values) == (
      row != 'cycada_translate'
    )
  for ours, theirs in zip(scores(run_dir), scores(expected_dir), strict=True):
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
      np.testing.assert_allclose(ours[name], value, atol=variances)


def scores(run_dir):
  """Returns what each row's test says, but counts of rounded decisions."""
  rows = json.loads((run_dir / 'result.json').read_text())['rows']
  assert [row['method'] for row in rows] == list(ROWS)
  tests = [row['target_test'] or {} for row in rows]
  names = 'mean_iou', 'pixel_accuracy', 'pixels', 'count', 'per_class_pixels'
  return [{name: test[name] for name in names if test} for test in tests]


def test_two_devices_end_as_one(one_device, two_devices, newest_values):
  """On one device Keras divides moving variances by one pixel less."""
  variances = 1.01 / (PIXELS - 1)
  assert_same(two_devices, one_device, newest_values, variances)


def test_two_hosts_end_as_two_devices(
  two_devices, tmp_path, data_dir, newest_values
):
  """So they do in the moving variances, too."""
  run_dir, scratch = tmp_path / 'run', tmp_path / 'scratch'
  chief, other = start_hosts(
    run_dir, data_dir, scratch, (TRAIN, TRAIN), config=CONFIG
  )
  _, errors = finish(chief)
  assert '2 replicas on 2 hosts' in errors
  output, _ = finish(other)
  assert output == ''
  assert_same(run_dir, two_devices, newest_values)
