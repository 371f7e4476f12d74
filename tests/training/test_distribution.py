import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.training import distribution

METHODS = ('source_only', 'pixelda')


@pytest.fixture(scope='module')
def trained():
  """Results of one and two replicas, by method."""
  script = pathlib.Path(__file__).parent / 'two_replicas.py'
  process = subprocess.run(
    [sys.executable, str(script)], capture_output=True, text=True, timeout=300
  )
  assert process.returncode == 0, process.stderr
  return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.parametrize('name', METHODS)
def test_two_replicas_reach_the_weights_of_one(name, trained):
  """The same global batches: the loss is divided by the replicas, once."""
  one, two = trained[name]
  assert (one['replicas'], two['replicas']) == (1, 2)
  assert one['step'] == two['step'] == 2
  assert len(one['weights']) > 1
  for ours, theirs in zip(two['weights'], one['weights'], strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize('name', METHODS)
def test_logs_are_means_over_the_replicas(name, trained):
  """Of everything but gradient norms, which are those of the parts."""
  one, two = trained[name]
  for ours, theirs in zip(two['logs'], one['logs'], strict=True):
    assert set(ours) == set(theirs)
    for key in ours:
      if not key.endswith('gradient_norm'):
        np.testing.assert_allclose(ours[key], theirs[key], atol=1e-5)


def test_without_several_gpus_the_default_strategy_trains():
  assert distribution.strategy() is tf.distribute.get_strategy()
