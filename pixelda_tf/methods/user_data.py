"""A function on each batch of whatever Keras takes as data."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from pixelda_tf.graph_errors import ToldDataset

# Of whether it is the first batch, and the batch's parts, to the batch.
Function = Callable[..., Any]


def each(data: Any, function: Function) -> Any:
  """Returns data whose batches are what a function makes of them.

  Args:
    data: an array or a dict of arrays, which is one batch; a `tf.data.Dataset`,
      a `tf.keras.utils.Sequence` or an iterator of batches. What a
      `tf.distribute` strategy has distributed stays as it is.
    function: see `Function`; of a data set it is part of the graph.
  """
  if isinstance(data, tf.data.Dataset):
    mapped = data.enumerate().map(
      tf.autograph.experimental.do_not_convert(
        lambda step, batch: function(step == 0, *_parts(batch))
      ),
      num_parallel_calls=2,
      deterministic=True,
    )
    return ToldDataset(mapped.prefetch(2))
  if isinstance(data, tf.distribute.DistributedDataset):
    return data
  if isinstance(data, tf.keras.utils.Sequence):
    return _Sequence(data, function)
  if isinstance(data, Iterator):
    return (
      _arrays(function(number == 0, *_parts(batch)))
      for number, batch in enumerate(data)
    )
  return function(True, data)


class _Sequence(tf.keras.utils.Sequence):
  def __init__(self, sequence, function):
    self._sequence, self._function = sequence, function

  def __len__(self):
    return len(self._sequence)

  def __getitem__(self, index):
    parts = _parts(self._sequence[index])
    return _arrays(self._function(index == 0, *parts))

  def on_epoch_end(self):
    self._sequence.on_epoch_end()


def _parts(batch):
  return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def _arrays(batch):
  return tf.nest.map_structure(lambda tensor: tensor.numpy(), batch)
