"""I2I Adapt's step against one that is written out."""

import numpy as np
import pytest
import tensorflow as tf
from i2i_parts import OPTIONS, build, logs_of

RATES = {'critics': 0.2, 'model': 0.1}
PENALTY = 2.0
NAMES = (
  'task',
  'source_decoder',
  'target_decoder',
  'source_critic',
  'target_critic',
  'feature_critic',
)


def mean(network, examples):
  return tf.reduce_mean(network(examples)['domain'])


def classes(logits, labels):
  shares = tf.exp(logits) / tf.reduce_sum(tf.exp(logits), -1, keepdims=True)
  return -tf.reduce_mean(
    tf.reduce_sum(tf.one_hot(labels, 3) * tf.math.log(shares), -1)
  )


def penalty(critic, real, fake, random):
  """Of lengths of slopes of each example's mean decision, one by one."""
  mix = random.uniform([len(real)])
  lengths = []
  for number in range(len(real)):
    share = mix[number]
    between = share * real[number] + (1.0 - share) * fake[number]
    with tf.GradientTape() as tape:
      tape.watch(between)
      value = mean(critic, between[tf.newaxis])
    slope = tape.gradient(value, between)
    lengths.append(tf.sqrt(tf.reduce_sum(slope**2)))
  return tf.reduce_mean((tf.stack(lengths) - 1.0) ** 2)


def by_hand(method, batch):
  """Moves the critics, then f, h and the decoders; returns their terms."""
  task = method.task
  x, y = batch['source']['image'], batch['target']['image']
  labels = batch['source']['label']

  def f(images):
    return task(images)['features']

  def z(images):
    return f(images) / tf.sqrt(
      tf.reduce_mean(f(images) ** 2, axis=1, keepdims=True)
    )

  g_x, g_y = method.source_decoder, method.target_decoder
  critics = {
    'feature': (method.feature_critic, z(x), z(y)),
    'target': (method.target_critic, y, g_y(f(x))),
    'source': (method.source_critic, x, g_x(f(y))),
  }
  with tf.GradientTape() as tape:
    of_critics = {}
    for name, (critic, real, fake) in critics.items():
      of_critics[f'{name}_domain'] = mean(critic, fake) - mean(critic, real)
      of_critics[f'{name}_penalty'] = PENALTY * penalty(
        critic, real, fake, method.random
      )
    loss = sum(of_critics.values())
  move(tape, loss, [critic for critic, _, _ in critics.values()], 'critics')

  made = tf.constant(g_y(f(x)).numpy())
  with tf.GradientTape() as tape:
    terms = {
      'class': 0.9 * classes(task(x)['logits'], labels),
      'feature_domain': -0.8 * mean(method.feature_critic, z(y)),
      'target_domain': -0.7 * mean(method.target_critic, g_y(f(x))),
      'source_domain': -0.7 * mean(method.source_critic, g_x(f(y))),
      'source_identity': 0.6 * tf.reduce_mean(tf.abs(g_x(f(x)) - x)),
      'target_identity': 0.5 * tf.reduce_mean(tf.abs(g_y(f(y)) - y)),
      'source_cycle': 0.4 * tf.reduce_mean(tf.abs(g_x(f(g_y(f(x)))) - x)),
      'target_cycle': 0.4 * tf.reduce_mean(tf.abs(g_y(f(g_x(f(y)))) - y)),
      'translated_class': 0.3 * classes(task(made)['logits'], labels),
    }
    loss = sum(terms.values())
  move(tape, loss, [task, g_x, g_y], 'model')
  return {'critics': of_critics, 'model': terms}


def move(tape, loss, networks, name):
  variables = [v for net in networks for v in net.trainable_variables]
  gradients = tape.gradient(loss, variables)
  for gradient, variable in zip(gradients, variables, strict=True):
    if gradient is not None:  # The last offset of a critic, which cancels.
      variable.assign_sub(RATES[name] * gradient)


@pytest.fixture
def pair():
  """Two methods of the same weights, the first compiled with SGD."""
  method, twin = (build(*OPTIONS, penalty_weight=PENALTY) for _ in '12')
  method.compile(
    {name: tf.keras.optimizers.SGD(rate) for name, rate in RATES.items()}
  )
  return method, twin


def test_two_steps_equal_an_update_by_hand(
  pair, step_of, build_batch, assert_equal_weights
):
  method, twin = pair
  step = step_of(method)
  for number in range(2):
    logs = step(build_batch(number))
    terms = by_hand(twin, build_batch(number))
    assert set(logs) == logs_of(OPTIONS)
    for player, values in terms.items():
      for term, value in values.items():
        found = logs[f'{player}/{term}']
        np.testing.assert_allclose(
          found, value, rtol=1e-4, atol=1e-6, err_msg=term
        )
  assert_equal_weights(
    {name: getattr(method, name) for name in NAMES},
    {name: getattr(twin, name) for name in NAMES},
    atol=1e-5,
  )
