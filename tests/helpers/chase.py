"""A method of two numbers, whose steps are done by hand."""

import tensorflow as tf

from pixelda_tf.methods import Method, Player


class Weight(tf.keras.layers.Layer):
  """A model of one number, named; shared ones may be given."""

  def __init__(self, value):
    super().__init__()
    initializer = tf.keras.initializers.Constant(value)
    self.value = self.add_weight('value', (), initializer=initializer)


class Chase(Method):
  """Two players: a is drawn to the source's mean, b to a.

  `first` minimises (a - source)^2 + a, `second` (b - a)^2: after `first` moved.
  """

  def __init__(self, **kwargs):
    super().__init__(image_shape=(1, 1, 1), n_classes=2, **kwargs)
    self.a, self.b = Weight(1.0), Weight(0.0)
    self.shared_calls = 0

  def players(self):
    return (
      Player('first', (self.a,), self.first),
      Player('second', (self.b, self.b), self.second),
    )

  def shared(self, batch):
    self.shared_calls += 1
    return 3.0 * self.a.value

  def first(self, batch, shared):
    distance = self.a.value - tf.reduce_mean(batch['source']['image'])
    terms = {'distance': distance**2, 'shared': shared / 3.0}
    return terms, {'watched': 100.0 * self.a.value}

  def second(self, batch, shared):
    return {'distance': (self.b.value - self.a.value) ** 2}, {}

  def call(self, images, training=False):
    """Logits (0, pixel): the class is whether the pixel is positive."""
    pixels = images[:, 0, 0]
    return {'logits': tf.concat([tf.zeros_like(pixels), pixels], -1)}


def batch_of(value):
  return {'source': {'image': tf.fill([2, 1, 1, 1], value)}}
