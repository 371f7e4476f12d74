"""What a graph finds wrong reaches the user as one line."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import graph_errors
from pixelda_tf.errors import UserError

TEXT = 'the "first" of {} is {}: it\'s [wrong]'


def first_is_small(values):
  graph_errors.require(values[0] < 3, TEXT, lambda: (values, values[0]))
  return values


def test_eagerly_it_is_raised_at_once():
  first_is_small(tf.constant([2, 5]))
  with pytest.raises(UserError) as error:
    first_is_small(tf.constant([5, 2]))
  assert error.value.message == 'the "first" of [5 2] is 5: it\'s [wrong]'


@pytest.mark.parametrize('kind', ['function', 'data set', 'told', 'made of it'])
def test_of_a_graph_it_is_told_as_it_is_eagerly(kind):
  rows = tf.data.Dataset.from_tensor_slices([[2, 5], [5, 2]])
  checked = rows.map(first_is_small).prefetch(1)

  def run():
    if kind == 'function':
      function = tf.function(first_is_small, autograph=False)
      with graph_errors.told():
        return [function(row) for row in rows]
    if kind == 'data set':
      with graph_errors.told():
        return list(checked)
    made = graph_errors.ToldDataset(checked)
    if kind == 'made of it':
      made = made.take(2).enumerate().map(lambda _, row: row).prefetch(1)
    return list(made)

  with pytest.raises(UserError) as error:
    run()
  assert error.value.message == 'the "first" of [5 2] is 5: it\'s [wrong]'


def test_other_errors_stay_as_they_are():
  with pytest.raises(tf.errors.InvalidArgumentError), graph_errors.told():
    tf.debugging.Assert(tf.constant(False), ['else'])


def test_a_told_data_set_is_one_like_others():
  """As an argument of a function, in loops of graphs, as arrays, shared out."""
  rows = np.arange(6).reshape(3, 2)
  told = graph_errors.ToldDataset(tf.data.Dataset.from_tensor_slices(rows))
  step = tf.function(lambda iterator: next(iterator), autograph=False)
  iterator = iter(told)
  found = [step(iterator).numpy(), next(iterator).numpy()]
  np.testing.assert_array_equal(found, rows[:2])

  @tf.function
  def total(dataset):
    result = tf.zeros([2], tf.int64)
    for row in dataset:
      result += row
    return result

  np.testing.assert_array_equal(total(told), [6, 9])
  np.testing.assert_array_equal(list(told.as_numpy_iterator()), rows)
  strategy = tf.distribute.MirroredStrategy(['CPU:0'])
  shared = strategy.experimental_distribute_dataset(told.batch(3))
  (batch,) = shared
  np.testing.assert_array_equal(batch, rows)
