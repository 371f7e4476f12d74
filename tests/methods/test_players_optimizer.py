"""One optimizer for Keras, one a player for the players."""

import logging
import pickle

import numpy as np
import pytest
import tensorflow as tf
from chase import Chase, batch_of

from pixelda_tf.errors import UserError

SGD = tf.keras.optimizers.SGD
HALF = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)


def compiled(optimizer):
  method = Chase()
  method.compile(optimizer)
  return method


def rates(method):
  return {
    name: pytest.approx(float(own.learning_rate))
    for name, own in method.player_optimizers.items()
  }


@pytest.mark.parametrize(
  'optimizer',
  [
    'sgd',
    'SGD',
    tf.keras.optimizers.serialize(SGD(0.01)),
    {'first': 'sgd', 'second': SGD(0.01)},
  ],
)
def test_what_keras_takes_for_an_optimizer_moves_the_players(optimizer):
  """SGD's rate is 0.01: a = 1 + 0.01 * 3, as in tests/methods/test_base.py."""
  method = compiled(optimizer)
  method.train_step(batch_of(3.0))
  np.testing.assert_allclose(method.a.value, 1.03, rtol=1e-6)


@pytest.mark.parametrize(
  'optimizer, message',
  [
    (tf.keras.optimizers.legacy.Adam(), r'write tf\.keras\.optimizers\.Adam\('),
    ('adma', "'adma' is no optimizer"),
    (None, 'None is no optimizer'),
    (3, '3 is no optimizer'),
    (tf.keras.optimizers.Adam, 'is no optimizer'),
    (
      tf.keras.mixed_precision.LossScaleOptimizer(SGD()),
      'LossScaleOptimizer.* cannot move players',
    ),
    ({'first': 'sgd'}, r"\['first'\], but the players are \['first', 'second"),
    ({'first': 'sgd', 'second': 'adma'}, "'adma' is no optimizer"),
  ],
)
def test_what_is_no_optimizer_is_told(optimizer, message):
  with pytest.raises(UserError, match=f'^compile: .*{message}'):
    compiled(optimizer)


@pytest.mark.parametrize(
  'arguments',
  [
    {'loss': 'mse'},
    {'metrics': ['accuracy']},
    {'weighted_metrics': ['accuracy']},
    {'loss_weights': [1.0]},
  ],
)
def test_losses_of_a_users_own_are_refused(arguments):
  (name,) = arguments
  with pytest.raises(UserError, match=f'^compile takes no {name}: Chase has'):
    Chase().compile('adam', **arguments)


def test_a_loss_by_its_place_is_refused():
  with pytest.raises(UserError, match='^compile takes no loss'):
    Chase().compile('adam', 'mse')


@pytest.mark.parametrize('name', ['lr', 'learning_rate'])
def test_a_rate_that_is_set_reaches_all_players(name):
  method = compiled('adam')
  setattr(method.optimizer, name, 0.25)
  assert rates(method) == {'first': 0.25, 'second': 0.25}
  getattr(method.optimizer, name).assign(0.5)
  assert rates(method) == {'first': 0.5, 'second': 0.5}
  tf.keras.backend.set_value(getattr(method.optimizer, name), 0.125)
  assert rates(method) == {'first': 0.125, 'second': 0.125}
  assert tf.keras.backend.get_value(method.optimizer.lr) == 0.125
  assert method.optimizer.lr.numpy() == np.float32(0.125)


def test_different_rates_keep_their_ratio_even_past_zero(caplog):
  """0.5 and 0.125: what is set is the highest, the other is a fourth of it."""
  method = compiled({'first': SGD(0.125), 'second': SGD(0.5)})
  assert method.optimizer.lr == 0.5
  with caplog.at_level(logging.WARNING):
    for rate in (0.25, 0.0, 1.0):
      method.optimizer.lr = rate
      assert rates(method) == {'first': rate / 4, 'second': rate}
  (record,) = caplog.records
  assert 'first 0.125, second 0.5' in record.getMessage()


def test_equal_rates_are_set_without_a_word(caplog):
  method = compiled('adam')
  method.optimizer.lr = 0.5
  assert not caplog.records


def test_a_schedule_cannot_be_set():
  method = compiled({'first': SGD(HALF), 'second': SGD(0.1)})
  assert method.optimizer.players_with_schedules() == ['first']
  with pytest.raises(UserError, match="^the learning rate of 'first' is a sch"):
    method.optimizer.lr = 0.1


def test_it_counts_moves():
  method = compiled('adam')
  for _ in range(3):
    method.train_step(batch_of(3.0))
  assert method.optimizer.iterations == 3


def test_a_history_of_rates_can_be_pickled():
  rate = compiled('adam').optimizer.lr
  copy = pickle.loads(pickle.dumps(rate))
  assert type(copy) is float and copy == rate


def test_who_has_no_players_has_no_rate():
  class Nobody(Chase):
    def players(self):
      return ()

  method = Nobody()
  for optimizer in ({}, 'adam'):
    method.compile(optimizer)
    assert method.optimizer.lr == 0.0 and method.optimizer.iterations == 0
