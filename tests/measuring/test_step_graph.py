import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.measuring import step_graph


@pytest.fixture(scope='module')
def operations():
  """Of a step through a convolution, a transposed one and a dense layer."""
  layers = tf.keras.layers
  model = tf.keras.Sequential(
    [
      layers.Input((8, 8, 3)),
      layers.Conv2D(4, 3, 2, padding='same'),
      layers.Conv2DTranspose(2, 5, 2, padding='same'),
      layers.Flatten(),
      layers.Dense(7),
    ]
  )

  @tf.function
  def step(images):
    # Nothing depends on it: it is not executed.
    model.layers[0](images * 2.0)
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(model(images) ** 2)
    return tape.gradient(loss, model.trainable_variables)

  images = tf.ones([5, 8, 8, 3])
  return step_graph.executed(step.get_concrete_function(images).graph)


def test_finds_every_convolution_and_its_gradients(operations):
  """A transposed convolution is the gradient of one, and the other way."""
  found = step_graph.convolutions(operations)
  assert set(found.values()) == {1}
  image, small, large = (5, 8, 8, 3), (5, 4, 4, 4), (5, 8, 8, 2)
  first, second = (3, 3, 3, 4), (5, 5, 2, 4)
  assert {(c.kind, c.shapes, c.dtype) for c in found} == {
    (kind, shapes, tf.float32)
    for kind, shapes in (
      ('Conv2D', (image, first)),
      ('Conv2DBackpropFilter', (image, first, small)),
      ('Conv2DBackpropInput', (large, second, small)),
      ('Conv2D', (large, second)),
      ('Conv2DBackpropFilter', (large, second, small)),
    )
  }
  assert all(c.strides == (1, 2, 2, 1) and c.padding == 'SAME' for c in found)


def test_an_operation_alone_gives_what_its_kind_gives(operations):
  for convolution in step_graph.convolutions(operations):
    result = convolution.operation()()
    expected = {
      'Conv2D': (*convolution.shapes[0][:1], 4, 4, convolution.shapes[1][-1]),
      'Conv2DBackpropInput': convolution.shapes[0],
      'Conv2DBackpropFilter': convolution.shapes[1],
    }[convolution.kind]
    assert result.shape == expected
    assert np.any(result != 0)


def test_counts_a_multiplication_and_its_addition_as_two(operations):
  """Forward and backward by hand; the images have no gradient."""
  convolution = 2 * (5 * 4 * 4 * 4) * (3 * 3 * 3)
  transposed = 2 * (5 * 4 * 4 * 4) * (5 * 5 * 2)
  dense = 2 * 5 * 128 * 7
  expected = 2 * convolution + 3 * transposed + 3 * dense
  assert step_graph.count_flops(operations) == expected


def test_the_time_of_several_is_their_sum(monkeypatch):
  """Seconds by a clock that counts the calls of each operation."""
  clock = [0.0]
  costs = {'a': 1.0, 'b': 10.0}

  class Fake:
    def __init__(self, name):
      self.name = name

    def operation(self):
      def run():
        clock[0] += costs[self.name]

      return run

  monkeypatch.setattr(step_graph.time, 'perf_counter', lambda: clock[0])
  found = {Fake('a'): 3, Fake('b'): 2}
  assert step_graph.timed_convolutions(found)() == 23.0
