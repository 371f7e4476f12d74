"""On which devices and hosts a method trains.

Every host runs the same program and takes the same steps. The chief alone
writes; what it does alone must not read variables that the hosts share, as
TensorFlow may have to ask all of them for the value: see `copy`.
"""

import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods.base import Method

Strategy: TypeAlias = tf.distribute.Strategy

# A name or a number, as those of IPv6 in brackets, and a port.
_ADDRESS = re.compile(r'(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})', re.ASCII)
# What TensorFlow raises on the hosts that are left.
_LOST = (
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
  tf.errors.InternalError,
  tf.errors.UnavailableError,
)


def strategy(name: str = 'auto') -> Strategy:
  """Returns a `tf.distribute` strategy.

  Args:
    name: 'one' device; 'mirrored': all GPUs of this host or, where there are
      none, all logical CPU devices; 'multi_worker': all GPUs, or else the CPU,
      of each of the hosts that the environment variable TF_CONFIG names;
      'auto': the last where TF_CONFIG is set, else the second where there are
      several GPUs, else the first.

  Raises:
    UserError: TF_CONFIG is missing or cannot be used.
  """
  if name == 'auto' and os.environ.get('TF_CONFIG'):
    name = 'multi_worker'
  if name == 'multi_worker':
    return _multi_worker()
  devices = tf.config.list_logical_devices('GPU')
  if name == 'mirrored' or (name == 'auto' and len(devices) > 1):
    devices = devices or tf.config.list_logical_devices('CPU')
    return tf.distribute.MirroredStrategy([device.name for device in devices])
  return tf.distribute.get_strategy()


def use_logical_cpus(count: int) -> None:
  """Makes several devices of the CPU; to be called before TensorFlow starts."""
  tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * count,
  )


def hosts(strategy: Strategy) -> int:
  """Returns the number of hosts that train together."""
  resolver = strategy.cluster_resolver
  if resolver is None:
    return 1
  return sum(map(len, resolver.cluster_spec().as_dict().values()))


def is_chief(strategy: Strategy) -> bool:
  """Returns whether this host writes the run's files."""
  return strategy.extended.should_checkpoint


def barrier(strategy: Strategy) -> None:
  """Waits until all hosts are here."""
  if hosts(strategy) > 1:
    float(_meeting(strategy)())


@contextlib.contextmanager
def lost_hosts_reported(strategy: Strategy) -> Iterator[None]:
  """Raises a `UserError` within it where another host has gone."""
  try:
    yield
  except _LOST as error:
    if hosts(strategy) == 1:
      raise
    raise UserError(
      'another host has gone, training stopped here too; the same command on '
      'all hosts goes on from the newest checkpoint'
    ) from error


def copy(method: Method, other: Method) -> None:
  """Gives a method's weights and state to one that a host has for itself.

  All hosts have to call it.

  Args:
    method: a method built under a strategy's scope.
    other: the same method, built outside of it.
  """
  for ours, theirs in zip(other.variables, method.variables, strict=True):
    ours.assign(tf.convert_to_tensor(theirs))


def feed(
  strategy: Strategy,
  batch_size: int,
  batches: Callable[[int, int], tf.data.Dataset],
) -> Iterable[Any]:
  """Returns what `step_function` takes its batches from.

  Args:
    strategy: a strategy.
    batch_size: examples in a batch, over all replicas and hosts.
    batches: function of (host, hosts) to the data set of that host's parts of
      the batches; a replica gets its share of a part, in order.

  Raises:
    UserError: the replicas cannot share a batch.
  """
  replicas = strategy.num_replicas_in_sync
  if batch_size % replicas:
    raise UserError(
      f'Pair.batch_size is {batch_size}: a multiple of the number of replicas '
      f'({replicas}) is needed'
    )

  def of_host(context):
    hosts = context.num_input_pipelines
    data = batches(context.input_pipeline_id, hosts)
    return data if replicas == hosts else data.rebatch(batch_size // replicas)

  return strategy.distribute_datasets_from_function(of_host)


def step_function(
  distribution: Strategy, method: Method
) -> Callable[[Iterator[Any]], dict[str, tf.Tensor]]:
  """Returns a function that takes one train step from an iterator.

  Args:
    distribution: the strategy under whose scope the method was built.
    method: a compiled method.

  Returns:
    function of an iterator of distributed batches to the step's logs, float32
    scalars, means over the replicas.
  """

  def replicated(batch):
    return distribution.run(method.train_step, args=(batch,))

  @tf.function(autograph=False)
  def step(iterator):
    logs = replicated(next(iterator))
    return {
      name: distribution.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
      for name, value in logs.items()
    }

  return step


@functools.cache
def _meeting(strategy):
  """Returns a function that returns when all hosts have called it."""

  @tf.function(autograph=False)
  def meet():
    ones = strategy.run(lambda: tf.ones([]))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, ones, axis=None)

  return meet


def _multi_worker():
  _check_config(os.environ.get('TF_CONFIG', ''))
  try:
    return tf.distribute.MultiWorkerMirroredStrategy()
  except tf.errors.OpError as error:
    reason = str(error).splitlines()[0]
    raise UserError(
      f'TF_CONFIG: the hosts could not be joined ({reason}); start one process '
      'for each address, with a free port, on the host of that address'
    ) from error


def _check_config(text):
  """Raises a `UserError` where TF_CONFIG is not of hosts that train."""
  form = (
    'expected {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": '
    '"worker", "index": 0}}, the index being that of the own address, no '
    'address twice, a port in 1..65535'
  )
  try:
    sound = _is_of_hosts(json.loads(text))
  except (ValueError, KeyError, IndexError, TypeError, AttributeError):
    sound = False
  if not sound:
    raise UserError(f'environment variable TF_CONFIG is {text!r}: {form}')


def _is_of_hosts(config):
  """Whether TensorFlow can take it: of some addresses it ends the process."""
  cluster, task = config['cluster'], config['task']
  addresses = [address for kind in cluster.values() for address in kind]
  forms = [_ADDRESS.fullmatch(address) for address in addresses]
  index = task['index']
  return (
    set(cluster) <= {'chief', 'worker'}
    and all(isinstance(kind, list) for kind in cluster.values())
    and len(cluster.get('chief', ())) <= 1
    and len(set(addresses)) == len(addresses)
    and all(form and 1 <= int(form[1]) <= 65535 for form in forms)
    and type(index) is int
    and 0 <= index < len(cluster[task['type']])
    and config.get('rpc_layer', 'grpc') == 'grpc'
  )
