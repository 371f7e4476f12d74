"""LSD-seg's step against one that is written out."""

import numpy as np
import pytest
import tensorflow as tf
from lsd_seg_parts import N_CLASSES, batch, build

RATES = {'discriminator': 0.3, 'generator': 0.2, 'task': 0.1}
ALPHA, BETA = 0.7, 0.4


def cross_entropy(logits, aim):
  """The mean over patches of -log of the share of one of the four."""
  shares = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), -1, keepdims=True)
  return -tf.reduce_mean(tf.math.log(shares[..., aim]))


def of_labels(logits, labels):
  """The mean over images of that over their pixels that count."""
  shares = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), -1, keepdims=True)
  known = tf.one_hot(labels, N_CLASSES)  # Of 255: zeros.
  likelihoods = tf.reduce_sum(known * tf.math.log(shares), [1, 2, 3])
  return -tf.reduce_mean(likelihoods / tf.reduce_sum(known, [1, 2, 3]))


def by_hand(method, batch):
  """Moves D, then G, then F and C, all on the images that were made first.

  Returns:
    The terms of each.
  """
  task, g, d = method.task, method.generator, method.discriminator
  x, y = batch['source']['image'], batch['target']['image']
  labels = batch['source']['segmentation'][..., 0]
  # D's grid is half as high and wide: the second pixel of two is nearest to
  # the middle of a patch.
  grid = labels[:, 1::2, 1::2]
  with tf.GradientTape(persistent=True) as tape:
    outputs = task(x)
    fake_x = g([outputs['features']])
    fake_y = g([task(y)['features']])

    still_x, still_y = tf.stop_gradient(fake_x), tf.stop_gradient(fake_y)
    d_terms = {
      'source_real': cross_entropy(d(x)['domain'], 0),
      'source_fake': cross_entropy(d(still_x)['domain'], 1),
      'target_real': cross_entropy(d(y)['domain'], 2),
      'target_fake': cross_entropy(d(still_y)['domain'], 3),
      'class': of_labels(d(x)['class'], grid),
    }
    loss = sum(d_terms.values())
  move(tape, loss, d, 'discriminator')

  with tape:
    g_terms = {
      'source_fake': cross_entropy(d(fake_x)['domain'], 0),
      'target_fake': cross_entropy(d(fake_y)['domain'], 2),
      'source_reconstruction': tf.reduce_mean(tf.abs(fake_x - x)),
      'target_reconstruction': tf.reduce_mean(tf.abs(fake_y - y)),
    }
    loss = sum(g_terms.values())
  move(tape, loss, g, 'generator')

  with tape:
    f_terms = {
      'pixels': of_labels(outputs['logits'], labels),
      'class': ALPHA * of_labels(d(fake_x)['class'], grid),
      'source_fake': BETA * cross_entropy(d(fake_x)['domain'], 2),
      'target_fake': BETA * cross_entropy(d(fake_y)['domain'], 0),
    }
    loss = sum(f_terms.values())
  move(tape, loss, task, 'task')
  return {'discriminator': d_terms, 'generator': g_terms, 'task': f_terms}


def move(tape, loss, network, name):
  variables = network.trainable_variables
  gradients = tape.gradient(loss, variables)
  for gradient, variable in zip(gradients, variables, strict=True):
    variable.assign_sub(RATES[name] * gradient)


@pytest.fixture
def pair():
  """Two methods of the same weights, the first compiled with SGD."""
  method, twin = (
    build(auxiliary_weight=ALPHA, adversarial_weight=BETA) for _ in '12'
  )
  method.compile(
    {name: tf.keras.optimizers.SGD(rate) for name, rate in RATES.items()}
  )
  return method, twin


def test_two_steps_equal_an_update_by_hand(pair, step_of, assert_equal_weights):
  method, twin = pair
  step = step_of(method)
  for number in range(2):
    logs = step(batch(number))
    terms = by_hand(twin, batch(number))
    assert set(logs) == {
      *(f'{player}/{term}' for player in terms for term in terms[player]),
      *(f'{player}/gradient_norm' for player in terms),
      'discriminator/accuracy_source_real',
      'discriminator/accuracy_source_fake',
      'discriminator/accuracy_target_real',
      'discriminator/accuracy_target_fake',
    }
    for player, values in terms.items():
      for term, value in values.items():
        found = logs[f'{player}/{term}']
        np.testing.assert_allclose(found, value, rtol=1e-4, err_msg=term)
  names = ('task', 'generator', 'discriminator')
  assert_equal_weights(
    {name: getattr(method, name) for name in names},
    {name: getattr(twin, name) for name in names},
  )
