import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods.feature_alignment import (
  FeatureAlignment,
  features,
)


def softplus(x):
  return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def column(values):
  return tf.constant(values, tf.float32, [len(values), 1])


def make(threshold=0.6, window=1, patience=None):
  """An alignment whose D_feat gives a feature of length 1 as it is."""
  inputs = tf.keras.Input([1])
  task = tf.keras.Model(inputs, {'features': tf.keras.layers.ReLU()(inputs)})
  alignment = FeatureAlignment(
    task,
    representation=features,
    threshold=threshold,
    window=window,
    patience=patience,
  )
  scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer='ones')
  alignment.discriminator = tf.keras.Model(inputs, {'domain': scale(inputs)})
  return alignment


def show(alignment, right, count=10):
  """A batch of `count` decisions of which `right` are right."""
  half = count // 2
  reference = [1.0 if i < right else -1.0 for i in range(half)]
  aligned = [-1.0 if i + half < right else 1.0 for i in range(half)]
  shared = {'reference': column(reference), 'aligned': column(aligned)}
  _, monitors = alignment.discriminator_losses({}, shared)
  np.testing.assert_allclose(monitors['accuracy'], right / count, rtol=1e-6)
  return shared


def test_both_losses_and_the_accuracy_by_hand():
  """Source 1, -1, 2, target -1, 0, 3: right are 2 and, with 0, 2 of 3.

  D_feat: softplus of -source and of target. f_T's labels are inverted: its
  loss falls as target features look like the source's.
  """
  alignment = make()
  source, target = np.array([1.0, -1.0, 2.0]), np.array([-1.0, 0.0, 3.0])
  shared = {'reference': column(source), 'aligned': column(target)}
  terms, monitors = alignment.discriminator_losses({}, shared)
  assert set(terms) == {'domain'} and set(monitors) == {'accuracy'}
  expected = softplus(-source).mean() + softplus(target).mean()
  np.testing.assert_allclose(terms['domain'], expected, rtol=1e-6)
  np.testing.assert_allclose(monitors['accuracy'], 4 / 6, rtol=1e-6)
  terms, monitors = alignment.task_losses({}, shared)
  assert set(terms) == {'domain'} and set(monitors) == {'gate_open'}
  np.testing.assert_allclose(
    terms['domain'], softplus(-target).mean(), rtol=1e-6
  )
  assert float(monitors['gate_open']) == 1.0
  closer = alignment.task_losses({}, {'aligned': column(target + 1.0)})[0]
  assert closer['domain'] < terms['domain']


def test_only_f_t_has_a_gradient_and_only_of_target_features():
  alignment = make()
  shared = {'reference': column([1.0]), 'aligned': column([-2.0])}
  for losses, expected in (
    (alignment.discriminator_losses, (None, None)),
    # d softplus(-t) / dt = -sigmoid(-t), t = -2.
    (alignment.task_losses, (None, -1 / (1 + np.exp(-2)))),
  ):
    with tf.GradientTape() as tape:
      tape.watch(shared)
      terms, _ = losses({}, shared)
    found = tape.gradient(
      terms['domain'], [shared['reference'], shared['aligned']]
    )
    for gradient, value in zip(found, expected, strict=True):
      assert (gradient is None) == (value is None)
      if value is not None:
        np.testing.assert_allclose(gradient, [[value]], rtol=1e-6)


@pytest.mark.parametrize(
  'right, threshold, is_open',
  [
    (6, 0.6, False),
    (7, 0.6, True),
    (5, 0.6, False),
    (6, 0.59, True),
    (10, 1.0, False),
    (0, 0.0, False),
  ],
)
def test_the_gate_is_open_above_the_threshold_only(right, threshold, is_open):
  alignment = make(threshold)
  shared = show(alignment, right)
  assert bool(alignment.gate_is_open()) == is_open
  _, monitors = alignment.task_losses({}, shared)
  assert float(monitors['gate_open']) == is_open


def test_the_gate_looks_at_the_mean_of_a_window():
  """Of three: 10, 5, 0, 0 right of 10; batches not seen yet count as 0."""
  alignment = make(threshold=0.45, window=3)
  found = []
  for right in (10, 5, 0, 0):
    show(alignment, right)
    found.append(
      (alignment.accuracies.numpy().tolist(), bool(alignment.gate_is_open()))
    )
  assert found == [
    ([0.0, 0.0, 1.0], False),
    ([0.0, 1.0, 0.5], True),
    ([1.0, 0.5, 0.0], True),
    ([0.5, 0.0, 0.0], False),
  ]


def test_it_is_over_after_as_many_closed_steps_in_a_row():
  alignment = make(patience=3)
  for right, closed, over in (
    (6, 1, False),
    (0, 2, False),
    (7, 0, False),  # opens: counted from the start again
    (6, 1, False),
    (6, 2, False),
    (6, 3, True),
    (6, 4, True),
  ):
    show(alignment, right)
    assert float(alignment.closed_steps) == closed
    assert (alignment.stopped() is not None) == over
  assert 'above 60%' in alignment.stopped() and '3 steps' in alignment.stopped()


def test_without_patience_it_is_never_over():
  alignment = make()
  for _ in range(5):
    show(alignment, 0)
  assert alignment.stopped() is None


def of_maps(window):
  """One whose D_feat gives maps of one feature as they are."""
  inputs = tf.keras.Input([None, None, 1])
  outputs = {'features': tf.keras.layers.Activation('linear')(inputs)}
  return FeatureAlignment(
    tf.keras.Model(inputs, outputs),
    representation=features,
    threshold=0.6,
    window=window,
    patience=None,
    discriminator=lambda size: tf.keras.Model(
      inputs, {'domain': tf.keras.layers.Activation('linear')(inputs)}
    ),
  )


def show_maps(alignment, right, places=20):
  """Maps of 2 x 5 decisions of each domain, of which `right` are right."""
  signs = np.where(np.arange(places) < right, 1.0, -1.0)
  reference, aligned = signs.reshape(2, 1, 2, places // 4, 1)
  shared = {
    'reference': tf.constant(reference, tf.float32),
    'aligned': tf.constant(-aligned, tf.float32),
  }
  _, monitors = alignment.discriminator_losses({}, shared)
  np.testing.assert_allclose(monitors['accuracy'], right / places, rtol=1e-6)


def test_the_gate_looks_at_the_last_hundred_accuracies_a_place():
  """All right: above 60 of 100 with the 61st. Then 40 times 10 of 20 right
  fill the window, mean (60 + 1 + 39 * 0.5) / 100 and so on; the mean falls to
  0.6 when 80 halves are in: 20 + 80 / 2 = 60.
  """
  alignment = of_maps(100)
  for count in range(1, 101):
    show_maps(alignment, 20)
    assert bool(alignment.gate_is_open()) == (count > 60)
  for count in range(1, 100):
    show_maps(alignment, 10)
    mean = float(tf.reduce_mean(alignment.accuracies))
    np.testing.assert_allclose(mean, 1.0 - 0.005 * count, rtol=1e-5)
    if count != 80:  # Just there rounding decides.
      assert bool(alignment.gate_is_open()) == (count < 80)
