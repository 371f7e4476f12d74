import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import CyCADAFeatures
from pixelda_tf.methods.feature_alignment import (
  FeatureAlignment,
  features,
  scores,
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


@pytest.mark.parametrize(
  'representation, size, key',
  [(features, 72, 'features'), (scores, 3, 'logits')],
)
def test_d_feat_sees_features_or_scores(
  representation, size, key, build_method, build_batch
):
  """Features: 6 * 6 pixels of two channels."""
  method = build_method(CyCADAFeatures, representation=representation)
  assert method.alignment.discriminator.input_shape == (None, size)
  batch = build_batch()
  shared = method.shared(batch)
  images = batch['target']['image']
  np.testing.assert_array_equal(shared['aligned'], method.task(images)[key])
  fake = method.translate(batch['source']['image'])
  np.testing.assert_array_equal(
    shared['reference'], method.reference_task(fake)[key]
  )


def state(method):
  """f_T's weights and its optimizer's, with averages of the weights."""
  optimizer = method.player_optimizers['alignment']
  return [v.numpy() for v in (*method.task.variables, *optimizer.variables)]


def test_behind_a_closed_gate_nothing_of_f_t_moves(
  step_of, build_method, build_batch
):
  """Neither weights, moments, averages nor the number of iterations."""
  method = build_method(CyCADAFeatures, threshold=-1.0)
  method.compile(tf.keras.optimizers.Adam(1e-2, use_ema=True))
  step = step_of(method)
  at_first = state(method)
  assert float(method.train_step(build_batch(0))['alignment/gate_open']) == 1.0
  before = state(method)
  assert sum(np.any(a != b) for a, b in zip(at_first, before, strict=True)) > 6
  others = [
    network.get_weights()
    for network in (method.source_to_target, method.reference_task)
  ]
  discriminator = method.alignment.discriminator.get_weights()
  method.alignment.threshold = 2.0
  for number in range(2):
    logs = step(build_batch(number))
    assert float(logs['alignment/gate_open']) == 0.0
    assert logs['alignment/gradient_norm'] > 0.0
  for old, new in zip(before, state(method), strict=True):
    np.testing.assert_array_equal(old, new)
  optimizers = method.player_optimizers
  assert int(optimizers['alignment'].iterations) == 1
  assert int(optimizers['feature_discriminator'].iterations) == 3
  after = method.alignment.discriminator.get_weights()
  for old, new in zip(discriminator, after, strict=True):
    assert np.any(old != new)
  for network, weights in zip(
    (method.source_to_target, method.reference_task), others, strict=True
  ):
    for old, new in zip(weights, network.get_weights(), strict=True):
      np.testing.assert_array_equal(old, new)


def adam():
  """Adam that does not make much of the rounding of tiny gradients.

  Its first step is rate * g / (|g| + epsilon). With the usual 1e-7 a gradient
  of 1e-6 that two orders of summation round 1e-9 apart moves a weight 1e-5
  apart; with 1e-3, 1e-8.
  """
  return tf.keras.optimizers.Adam(1e-2, epsilon=1e-3)


class ByHand:
  """The feature stage's step written out: D_feat, then f_T."""

  def __init__(self, method, key, translated):
    self.method, self.key, self.translated = method, key, translated
    self.adam = [adam() for _ in range(2)]

  def step(self, batch):
    method, task = self.method, self.method.task
    discriminator = method.alignment.discriminator
    x, y = batch['source']['image'], batch['target']['image']
    if self.translated:
      x = method.source_to_target([x, tf.zeros([len(x), 0])])
    reference = method.reference_task(x)[self.key]
    with tf.GradientTape() as tape:
      source = discriminator(reference)['domain']
      target = discriminator(task(y)[self.key])['domain']
      loss = tf.reduce_mean(
        -tf.math.log(tf.sigmoid(source)) - tf.math.log(1.0 - tf.sigmoid(target))
      )
    self.apply(0, tape, loss, discriminator.trainable_variables)
    with tf.GradientTape() as tape:
      target = discriminator(task(y)[self.key])['domain']
      loss = tf.reduce_mean(-tf.math.log(tf.sigmoid(target)))
    variables = task.trainable_variables
    if self.key == 'features':  # the last layer is behind them
      variables = variables[:-2]
    self.apply(1, tape, loss, variables)

  def apply(self, player, tape, loss, variables):
    gradients = tape.gradient(loss, variables)
    self.adam[player].apply_gradients(zip(gradients, variables, strict=True))


@pytest.mark.parametrize(
  'key, options',
  [
    ('features', {}),
    ('logits', {'representation': scores}),
    ('features', {'generator': None}),
  ],
  ids=['features', 'scores', 'without a generator'],
)
def test_with_an_open_gate_two_steps_equal_an_update_by_hand(
  key, options, build_method, build_batch
):
  method, twin = (
    build_method(CyCADAFeatures, threshold=-1.0, **options) for _ in '12'
  )
  assert method.translates == ('generator' not in options)
  method.compile(adam())
  reference = ByHand(twin, key, method.translates)
  for number in range(2):
    logs = method.train_step(build_batch(number))
    reference.step(build_batch(number))
  assert set(logs) == {
    'feature_discriminator/domain',
    'feature_discriminator/accuracy',
    'feature_discriminator/gradient_norm',
    'alignment/domain',
    'alignment/gate_open',
    'alignment/gradient_norm',
  }
  for ours, theirs in (
    (method.task, twin.task),
    (method.alignment.discriminator, twin.alignment.discriminator),
    (method.reference_task, twin.reference_task),
  ):
    for a, b in zip(ours.variables, theirs.variables, strict=True):
      np.testing.assert_allclose(a, b, atol=1e-5, err_msg=b.name)


@pytest.mark.parametrize(
  'player, options, expected',
  [
    ('feature_discriminator', {}, {'feature_discriminator': 1.0}),
    # The kernel and offset of the convolution; not the last layer's.
    ('alignment', {}, {'task': 0.5}),
    ('alignment', {'representation': scores}, {'task': 1.0}),
    ('alignment', {'threshold': 2.0}, {}),
    ('task', {'task_weight': 0.5}, {'task': 1.0}),
  ],
)
def test_what_a_player_moves(
  player, options, expected, build_method, build_batch, changed_by
):
  method = build_method(CyCADAFeatures, **{'threshold': -1.0} | options)
  assert changed_by(method, build_batch(), player) == expected


def test_the_task_loss_beside_it(
  build_method, build_batch, no_rate, cross_entropy
):
  method = build_method(CyCADAFeatures, task_weight=0.3)
  method.compile(no_rate)
  source = build_batch()['source']
  fake = method.translate(source['image'])
  logits = method.task(fake)['logits']
  np.testing.assert_allclose(
    method.train_step(build_batch())['task/translated_class'],
    0.3 * cross_entropy(source['label'], logits),
    rtol=1e-5,
  )


def test_the_stage_stops_and_a_checkpoint_holds_the_count(
  build_method, build_batch, tmp_path
):
  options = {'threshold': 2.0, 'patience': 2, 'window': 2}
  method, other = (build_method(CyCADAFeatures, **options) for _ in '12')
  for built in (method, other):
    built.compile(tf.keras.optimizers.Adam(1e-3))
  method.train_step(build_batch())
  assert method.stopped() is None
  path = tf.train.Checkpoint(method=method).write(str(tmp_path / 'c'))
  tf.train.Checkpoint(method=other).read(path).expect_partial()
  np.testing.assert_array_equal(
    other.alignment.accuracies, method.alignment.accuracies
  )
  for ours, theirs in zip(
    method.alignment.discriminator.get_weights(),
    other.alignment.discriminator.get_weights(),
    strict=True,
  ):
    np.testing.assert_array_equal(ours, theirs)
  other.train_step(build_batch())
  assert 'above 200%' in other.stopped()


def test_without_a_generator_it_does_not_translate(build_method, build_batch):
  method = build_method(CyCADAFeatures, generator=None)
  assert not method.translates and method.predicts
  images = build_batch()['target']['image']
  np.testing.assert_array_equal(
    method(images)['logits'], method.task(images)['logits']
  )
