"""An adaptation of models and data made by hand, to analyse."""

import types

import numpy as np
import tensorflow as tf

from pixelda_tf.analysis.adaptation import Adaptation, Model
from pixelda_tf.analysis.examples import UNKNOWN, Examples
from pixelda_tf.problems import Classification

SIZE = (8, 8)
NAMES = ('cat', 'dog', 'cow')


class Method:
  """Negates images there, halves them back; answers by the first pixel."""

  def __init__(self, channels=3, back=True, with_features=True, scale=1.0):
    self.image_shape = (*SIZE, channels)
    self.translates_back = back
    self.with_features = with_features
    self.scale = scale

  def noise(self, count, seed):
    del count, seed

  def translate(self, images, noise):
    del noise
    return -images

  def translate_back(self, images, noise):
    del noise
    return images / 2

  def predictions(self, images, size):
    del size
    first = tf.cast(images[:, 0, 0, 0] > 0, tf.int32)
    return {'probabilities': tf.one_hot(first, 3)}

  def __call__(self, images):
    outputs = {'logits': tf.zeros((len(images), 3))}
    if self.with_features:
      flat = tf.reshape(images, (len(images), -1))[:, :5]
      outputs['features'] = self.scale * flat
    return outputs


def images(n, channels, seed):
  shape = (n, *SIZE, channels)
  return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


class Pair:
  """A target of 40 random training and ten test images."""

  class_names, n_classes = NAMES, 3
  problem = Classification()

  def __init__(self, channels, has_labels):
    self.source = types.SimpleNamespace(name='drawn', n_classes=3)
    self.target = types.SimpleNamespace(
      name='seen', n_classes=3 if has_labels else None, test='test'
    )
    self.channels = channels

  def image_batches(self, domain, limit):
    assert (domain, limit) == ('target', 10_000)
    yield from np.split(images(40, self.channels, seed=5), [16, 32])

  def test_batches(self):
    """Of ten images, the first six are bright; the labels are 1, 0, ..."""
    if self.target.n_classes is None:
      return None
    shown = np.ones((10, *SIZE, self.channels), np.float32)
    shown[6:] = -1
    columns = {'image': shown, 'label': np.array([1, 0] * 5, np.int32)}
    return tf.data.Dataset.from_tensor_slices(columns).batch(4)


def adaptation(channels=3, has_labels=True, back=True, **changes):
  source, target = images(14, channels, 0), images(11, channels, 1)
  labels = np.arange(11) % 3 if has_labels else np.full(11, UNKNOWN)
  method = Method(channels, back)
  return Adaptation(
    pair=Pair(channels, has_labels),
    before=Model('plain', method, 100),
    after=Model('adapted', method, 2000),
    translator=Model('translator', method, 30),
    source=Examples(source, np.arange(14) % 3, 'train'),
    target=Examples(target, labels, 'test'),
    translated=-source,
    seed=0,
    wanted=14,
  )._replace(**changes)
