import math

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import optimizers


def test_cosine_by_hand():
  """0.4 falls to 0.1 of it: halfway, (1 + 0.1) / 2; then it stays."""
  rate = optimizers.cosine(learning_rate=0.4, steps=100, final=0.1)
  for step, share in {0: 1.0, 50: 0.55, 100: 0.1, 150: 0.1}.items():
    np.testing.assert_allclose(rate(step), 0.4 * share, rtol=1e-5)
  quarter = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 4))
  np.testing.assert_allclose(rate(25), 0.4 * quarter, rtol=1e-5)


def test_cosine_rises_before_it_falls_by_hand():
  """From 0 to 0.4 in 10 steps, then to 0 in 100."""
  rate = optimizers.cosine(learning_rate=0.4, steps=100, warmup_steps=10)
  for step, value in {0: 0.0, 5: 0.2, 10: 0.4, 60: 0.2, 110: 0.0}.items():
    np.testing.assert_allclose(rate(step), value, atol=1e-6)


def test_staircase_by_hand():
  """0.1, times 0.95 after every 20,000 steps: the released code's."""
  rate = optimizers.staircase(learning_rate=0.1, factor=0.95, every=20_000)
  for step, power in {0: 0, 19_999: 0, 20_000: 1, 59_999: 2}.items():
    np.testing.assert_allclose(rate(step), 0.1 * 0.95**power, rtol=1e-5)


def steps_of(optimizer, gradients):
  """Returns the variable after each gradient, from 1 on."""
  variable = tf.Variable(np.ones_like(gradients[0], np.float32))
  values = []
  for gradient in gradients:
    gradient = tf.constant(gradient, tf.float32)
    optimizer.apply_gradients([(gradient, variable)])
    values.append(variable.numpy())
  return values, variable


@pytest.mark.parametrize('beta_1, beta_2', [(0.9, 0.999), (0.5, 0.9)])
def test_adam_equals_numpys(beta_1, beta_2):
  random = np.random.default_rng(0)
  gradients = random.normal(size=(5, 3))
  found, _ = steps_of(
    optimizers.adam(learning_rate=0.1, beta_1=beta_1, beta_2=beta_2), gradients
  )
  value, first, second = np.ones(3), np.zeros(3), np.zeros(3)
  for step, gradient in enumerate(gradients, 1):
    first = beta_1 * first + (1 - beta_1) * gradient
    second = beta_2 * second + (1 - beta_2) * gradient**2
    mean = first / (1 - beta_1**step)
    deviation = np.sqrt(second / (1 - beta_2**step))
    value = value - 0.1 * mean / (deviation + 1e-7)
    np.testing.assert_allclose(found[step - 1], value, rtol=1e-4)


def test_adam_follows_a_schedule():
  """Equal gradients: each step of Adam is the rate of that step."""
  rate = optimizers.staircase(learning_rate=0.1, factor=0.5, every=2)
  found, _ = steps_of(optimizers.adam(learning_rate=rate), [[1.0]] * 4)
  taken = -np.diff([1.0, *(value[0] for value in found)])
  np.testing.assert_allclose(taken, [0.1, 0.1, 0.05, 0.05], rtol=1e-4)


def test_clip_norm_limits_the_whole_gradient():
  """Gradients (3) and (4) of norm 5 become 0.6 and 0.8: seen in Adam's m."""
  optimizer = optimizers.adam(learning_rate=0.1, beta_1=0.0, clip_norm=1.0)
  variables = [tf.Variable([0.0]), tf.Variable([0.0])]
  gradients = [tf.constant([3.0]), tf.constant([4.0])]
  optimizer.apply_gradients(zip(gradients, variables, strict=True))
  first_moments = [v for v in optimizer.variables if '/m/' in v.name]
  np.testing.assert_allclose(np.ravel(first_moments), [0.6, 0.8], rtol=1e-6)


def test_the_average_by_hand():
  """Decay 0.5, from 1 on: Adam's values 0.9, 0.8 give 0.95, 0.875."""
  optimizer = optimizers.adam(learning_rate=0.1, average=0.5)
  found, variable = steps_of(optimizer, [[1.0], [1.0]])
  np.testing.assert_allclose(np.ravel(found), [0.9, 0.8], rtol=1e-5)
  optimizer.finalize_variable_values([variable])
  np.testing.assert_allclose(variable, [0.875], rtol=1e-5)
  assert not optimizers.adam(learning_rate=0.1).use_ema


def test_weight_decay_is_in_the_momentum_by_hand():
  """v <- 0.5 v - 0.1 (g + 0.2 w), w <- w + v, from w = 1 and v = 0.

  g = 1: v = -0.12, w = 0.88; g = 0: v = -0.06 - 0.1 * 0.176 = -0.0776, w =
  0.8024. An offset, of one axis, does not decay: 0.9, then 0.85.
  """
  built = optimizers.sgd(learning_rate=0.1, momentum=0.5, weight_decay=0.2)
  for optimizer in (built, built.from_config(built.get_config())):
    kernel, offset = tf.Variable([[1.0]]), tf.Variable([1.0])
    found = []
    for gradient in (1.0, 0.0):
      optimizer.apply_gradients(
        [
          (tf.constant([[gradient]]), kernel),
          (tf.constant([gradient]), offset),
        ]
      )
      found.append((float(kernel[0, 0]), float(offset[0])))
    expected = [(0.88, 0.9), (0.8024, 0.85)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_without_decay_and_momentum_it_is_keras_sgd():
  found, _ = steps_of(optimizers.sgd(learning_rate=0.1), [[[1.0]], [[2.0]]])
  np.testing.assert_allclose(np.ravel(found), [0.9, 0.7], rtol=1e-6)


@pytest.mark.parametrize(
  'make, options, told',
  [
    ('adam', {'learning_rate': '1e-3'}, "adam.learning_rate is '1e-3'"),
    ('adam', {'learning_rate': -1.0}, 'adam.learning_rate is -1.0'),
    ('adam', {'learning_rate': float('nan')}, 'adam.learning_rate is nan'),
    ('adam', {'learning_rate': 1, 'beta_1': 1.0}, 'beta_1 .* and below 1 is'),
    ('adam', {'learning_rate': 1, 'average': True}, 'adam.average is True'),
    ('sgd', {'learning_rate': [1]}, r'sgd.learning_rate is \[1\]'),
    ('sgd', {'learning_rate': 1, 'momentum': None}, 'sgd.momentum is None'),
    ('cosine', {'learning_rate': 1, 'steps': 0}, 'cosine.steps is 0'),
    ('staircase', {'learning_rate': 1, 'factor': 'x', 'every': 1}, 'factor is'),
  ],
)
def test_what_is_no_number_is_told(make, options, told):
  with pytest.raises(UserError, match=told):
    getattr(optimizers, make)(**options)
