"""CyCADA's feature stage: who moves, behind which gate, and when it ends."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import CyCADAFeatures
from pixelda_tf.methods.feature_alignment import (
  features,
  scores,
)


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
  key, options, build_method, build_batch, assert_equal_weights
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
  assert_equal_weights(
    *(
      {
        'task': each.task,
        'discriminator': each.alignment.discriminator,
        'reference_task': each.reference_task,
      }
      for each in (method, twin)
    )
  )


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
