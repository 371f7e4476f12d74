"""Methods as Keras users use them: compile, fit, evaluate, predict."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import data
from pixelda_tf.methods import SourceOnly

LEFT, RIGHT = 0, 1


def stripes(count, sign, seed):
  """Images whose left or right half is bright (sign 1) or dark (-1)."""
  random = np.random.default_rng(seed)
  labels = random.integers(2, size=count)
  images = random.uniform(-0.1, 0.1, (count, 8, 8, 1))
  for image, label in zip(images, labels, strict=True):
    image[:, slice(0, 4) if label == LEFT else slice(4, 8)] += 0.8 * sign
  return images.astype(np.float32), labels


@pytest.fixture
def method(build_networks):
  task = build_networks()[2]
  return SourceOnly(image_shape=(8, 8, 1), n_classes=3, task=lambda *_: task)


def test_source_only_learns_the_source_and_not_the_other_way_round(method):
  """The target's stripes have the opposite sign: the answers are reversed."""
  source, target = stripes(64, 1, seed=0), stripes(50, -1, seed=1)
  batches = data.pair(source, target[0], batch_size=16)
  method.compile(tf.keras.optimizers.Adam(0.01))
  history = method.fit(batches, epochs=4, steps_per_epoch=10, verbose=0)
  names = {'loss', 'task/loss', 'task/class', 'task/gradient_norm'}
  assert set(history.history) == names
  assert history.history['task/class'][-1] < 0.1
  assert int(method.step) == 40
  evaluation = method.evaluate(*stripes(50, 1, seed=2), verbose=0)
  assert evaluation == 1.0
  assert method.evaluate(*target, verbose=0) < 0.1


@pytest.mark.parametrize('form', ['dicts', 'tuples', 'arrays'])
def test_evaluate_and_predict_equal_numpy(form, method):
  """45 examples in batches of 16: the last batch has 13."""
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (45, 8, 8, 1)).astype(np.float32)
  labels = random.integers(3, size=45)
  logits = method.task(images)['logits'].numpy()
  expected = np.mean(logits.argmax(-1) == labels)
  method.compile(tf.keras.optimizers.SGD(0.0))
  elements = {
    'dicts': {'image': images, 'label': labels},
    'tuples': (images, labels),
  }
  if form == 'arrays':
    arguments = {'x': images, 'y': labels, 'batch_size': 16}
    predicted = method.predict(images, batch_size=16, verbose=0)
  else:
    batches = tf.data.Dataset.from_tensor_slices(elements[form]).batch(16)
    arguments = {'x': batches}
    predicted = method.predict(batches, verbose=0)
  for _ in range(2):
    found = method.evaluate(**arguments, return_dict=True, verbose=0)
    assert set(found) == {'accuracy'}
    np.testing.assert_allclose(found['accuracy'], expected, rtol=1e-6)
  shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
  assert set(predicted) == {'probabilities'}
  np.testing.assert_allclose(predicted['probabilities'], shares, rtol=1e-4)


@pytest.mark.slow
def test_pixelda_fits_evaluates_and_predicts(build_pixelda):
  source, target = stripes(32, 1, seed=0), stripes(32, -1, seed=1)
  method = build_pixelda()
  method.compile(tf.keras.optimizers.Adam(1e-3, beta_1=0.5))
  batches = data.pair(source, target[0], batch_size=8)
  history = method.fit(batches, epochs=2, steps_per_epoch=2, verbose=0)
  assert int(method.step) == 4
  assert all(np.isfinite(values).all() for values in history.history.values())
  probabilities = method.predict(target[0], verbose=0)['probabilities']
  found = method.evaluate(*target, verbose=0)
  expected = np.mean(probabilities.argmax(-1) == target[1])
  np.testing.assert_allclose(found, expected, rtol=1e-6)
