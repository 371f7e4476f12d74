import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import distribution

METHODS = (
  'source_only',
  'taught',
  'segmentation',
  'lsd_seg',
  'lsd_seg_features',
  'i2i',
  'pixelda',
  'pixelda_batch',
  'cyclegan',
  'cycada',
  'features_open',
  'features_closed',
)
ALIGNING = METHODS[9:]


@pytest.fixture(scope='module')
def trained():
  """Results of one and two replicas, by method."""
  script = pathlib.Path(__file__).parent / 'two_replicas.py'
  process = subprocess.run(
    [sys.executable, str(script)], capture_output=True, text=True, timeout=600
  )
  assert process.returncode == 0, process.stderr
  return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize('name', METHODS)
def test_two_replicas_reach_the_weights_of_one(name, trained):
  """The same global batches: the loss is divided by the replicas, once."""
  one, two = trained[name]
  assert (one['replicas'], two['replicas']) == (1, 2)
  assert one['step'] == two['step'] == 2
  assert len(one['weights']) > 1
  for ours, theirs in zip(two['weights'], one['weights'], strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
  assert set(one['optimizers']) == set(two['optimizers'])
  for player, state in one['optimizers'].items():
    for ours, theirs in zip(two['optimizers'][player], state, strict=True):
      np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=player)


@pytest.mark.slow
@pytest.mark.parametrize('name', ALIGNING)
def test_the_gates_accuracy_is_the_mean_over_the_replicas(name, trained):
  """Two batches of the window: their accuracies, the same on both sides."""
  key = 'feature_discriminator/accuracy'
  for result in trained[name]:
    found = [entry[key] for entry in result['logs']]
    np.testing.assert_allclose(result['window'], found, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize('name', ALIGNING)
def test_the_gate_holds_on_both_replicas(name, trained):
  """Closed, f_T's momenta and its count of steps stay 0; so does it move."""
  closed = name == 'features_closed'
  for result in trained[name]:
    moved = [entry['alignment/gate_open'] for entry in result['logs']]
    assert moved == ([0.0, 0.0] if closed else [1.0, 1.0])
    iterations, _, *momenta = result['optimizers']['alignment']
    assert iterations == [0 if closed else 2]
    assert any(np.any(momentum) for momentum in momenta) != closed
    assert (result['stopped'] is not None) == closed


@pytest.mark.slow
@pytest.mark.parametrize('name', METHODS)
def test_logs_are_means_over_the_replicas(name, trained):
  """So are gradient norms: they are of the whole batch's gradient."""
  one, two = trained[name]
  for ours, theirs in zip(two['logs'], one['logs'], strict=True):
    assert set(ours) == set(theirs)
    for key in ours:
      np.testing.assert_allclose(
        ours[key], theirs[key], atol=1e-5, rtol=1e-5, err_msg=key
      )


def test_without_several_gpus_the_default_strategy_trains():
  assert distribution.strategy() is tf.distribute.get_strategy()


def hosts(workers, index=0, **more):
  """A TF_CONFIG of workers, one of which has an index."""
  task = {'type': 'worker', 'index': index}
  return json.dumps({'cluster': {'worker': workers}, 'task': task} | more)


@pytest.mark.parametrize(
  'text',
  [
    hosts(['a.b-c_d:1', '10.0.0.1:65535', '[::1]:22'], 2),
    '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]},'
    ' "task": {"type": "chief", "index": 0}}',
    hosts(['a:1'], rpc_layer='grpc', environment='cloud'),
  ],
)
def test_a_tf_config_of_hosts_is_taken(text, monkeypatch):
  """As far as the attempt to join them."""
  joined = object()
  monkeypatch.setenv('TF_CONFIG', text)
  monkeypatch.setattr(
    tf.distribute, 'MultiWorkerMirroredStrategy', lambda: joined
  )
  assert distribution.strategy() is joined


@pytest.mark.parametrize(
  'text',
  [
    '',
    '{',
    '[]',
    '{"cluster": {"worker": ["a:1"]}}',
    '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    '{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}',
    '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
    '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]},'
    ' "task": {"type": "worker", "index": 0}}',
    *map(
      hosts,
      [
        ['http://a:1'],
        ['grpc://a:1'],
        ['a:1', 'http://b:1'],
        ['a:http'],
        ['a:0'],
        ['a:-1'],
        ['a:65536'],
        ['a:'],
        [':1'],
        ['a:1/b'],
        ['a b:1'],
        ['me@a:1'],
        ['a:1,b:1'],
        ['::1:1'],
        ['\u00e4:1'],
        ['a:\u0661'],
        ['a:1', 'a:1'],
        ['a:1', None],
        [1],
        [],
        'a:1',
        {'0': 'a:1'},
      ],
    ),
    *(hosts(['a:1', 'b:1'], index) for index in (-1, 2, True, 0.0, '0', None)),
    hosts(['a:1'], rpc_layer='http'),
    '{"cluster": {"chief": ["a:1", "b:1"]},'
    ' "task": {"type": "chief", "index": 0}}',
  ],
)
def test_a_tf_config_that_cannot_be_is_told(text, monkeypatch):
  monkeypatch.setenv('TF_CONFIG', text)
  with pytest.raises(UserError, match='variable TF_CONFIG .*expected {"clust'):
    distribution.strategy('multi_worker')


def test_auto_is_several_hosts_where_tf_config_is_set(monkeypatch):
  monkeypatch.setenv('TF_CONFIG', '{')
  with pytest.raises(UserError, match='TF_CONFIG'):
    distribution.strategy()


def test_a_batch_that_replicas_cannot_share_is_told():
  strategy = types.SimpleNamespace(num_replicas_in_sync=3)
  with pytest.raises(UserError, match=r'batch_size is 8: .* replicas \(3\)'):
    distribution.feed(strategy, 8, None)


def test_one_device_is_a_chief_alone():
  strategy = distribution.strategy('one')
  assert distribution.hosts(strategy) == 1
  assert distribution.is_chief(strategy)


def test_an_error_of_one_host_stays_as_it_is():
  strategy = distribution.strategy('one')
  error = tf.errors.UnavailableError(None, None, 'none')
  with (
    pytest.raises(tf.errors.UnavailableError),
    distribution.lost_hosts_reported(strategy),
  ):
    raise error
