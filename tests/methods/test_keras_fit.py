"""What `fit` logs, and its callbacks, with a method done by hand.

Two steps of `Chase` with SGD of rate 0.1 from a = 1, b = 0 to a mean of 1:

  a = 1:   first 0 + 1,      da = 1,   a <- 0.9;   second 0.81, b <- 0.18
  a = 0.9: first 0.01 + 0.9, da = 0.8, a <- 0.82;  second 0.64^2 = 0.4096
"""

import math

import numpy as np
import pytest
import tensorflow as tf
from chase import Chase, batch_of

from pixelda_tf.errors import UserError

CALLBACKS = tf.keras.callbacks
TWO_STEPS = {
  'loss': (1 + 0.91 + 0.81 + 0.4096) / 2,
  'first/loss': (1 + 0.91) / 2,
  'first/distance': 0.01 / 2,
  'first/shared': (1 + 0.9) / 2,
  'first/watched': (100 + 90) / 2,
  'first/gradient_norm': (1 + 0.8) / 2,
  'second/loss': (0.81 + 0.4096) / 2,
  'second/distance': (0.81 + 0.4096) / 2,
  'second/gradient_norm': (1.8 + 1.28) / 2,
}
# Of class 1 with probability s(x), s(-x) = 1 - s(x): right, right and wrong.
IMAGES = np.reshape([0.5, -0.5, 0.5], (3, 1, 1, 1)).astype(np.float32)
LABELS = np.array([1, 0, 0])
VALIDATION_LOSS = (
  2 * math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(0.5))
) / 3


def batches():
  """Endless batches of the source mean 1."""
  return tf.data.Dataset.from_tensors(batch_of(1.0)).repeat()


def compiled(rate=0.1, **kwargs):
  method = Chase()
  method.compile(tf.keras.optimizers.SGD(rate), **kwargs)
  return method


def fit(method, epochs=1, steps=2, callbacks=(), **kwargs):
  return method.fit(
    batches(),
    epochs=epochs,
    steps_per_epoch=steps,
    verbose=0,
    callbacks=list(callbacks),
    **kwargs,
  ).history


@pytest.mark.parametrize('steps_per_execution', [1, 2])
@pytest.mark.parametrize('run_eagerly', [False, True])
def test_logs_are_means_over_the_epoch(steps_per_execution, run_eagerly):
  method = compiled(
    steps_per_execution=steps_per_execution, run_eagerly=run_eagerly
  )
  history = fit(method)
  assert list(history)[0] == 'loss'
  assert {
    name: pytest.approx(v, rel=1e-5) for name, (v,) in history.items()
  } == TWO_STEPS
  assert int(method.step) == 2


def test_each_epoch_has_means_of_its_own():
  """The second epoch's are those of a method that begins where it does."""
  history = fit(compiled(), epochs=2)
  other = compiled()
  for _ in range(2):
    other.train_step(batch_of(1.0))
  expected = [other.train_step(batch_of(1.0)) for _ in range(2)]
  for name in ('first/distance', 'second/distance'):
    mean = np.mean([logs[name] for logs in expected])
    np.testing.assert_allclose(history[name][1], mean, rtol=1e-5)


def test_a_step_outside_of_fit_returns_what_it_did():
  method = compiled()
  fit(method)
  logs = method.train_step(batch_of(1.0))
  assert 'loss' not in logs and 'first/loss' not in logs
  np.testing.assert_allclose(logs['first/distance'], 0.18**2, rtol=1e-5)


def test_train_on_batch_logs_that_batch():
  method = compiled()
  for expected in (0.0, 0.01):
    logs = method.train_on_batch(batch_of(1.0), return_dict=True)
    np.testing.assert_allclose(logs['first/distance'], expected, rtol=1e-4)


@pytest.mark.parametrize(
  'labels', [LABELS, LABELS[:, np.newaxis].astype(np.float32)]
)
def test_validation_has_a_loss_and_the_problems_metrics(labels):
  history = fit(compiled(), validation_data=(IMAGES, labels))
  np.testing.assert_allclose(history['val_loss'], [VALIDATION_LOSS], rtol=1e-5)
  np.testing.assert_allclose(history['val_accuracy'], [2 / 3], rtol=1e-6)
  np.testing.assert_allclose(history['loss'], [TWO_STEPS['loss']], rtol=1e-5)


def test_validation_by_dicts_in_uneven_batches():
  examples = {'image': IMAGES, 'label': LABELS}
  data = tf.data.Dataset.from_tensor_slices(examples).batch(2)
  history = fit(compiled(), epochs=2, validation_data=data)
  np.testing.assert_allclose(
    history['val_loss'], [VALIDATION_LOSS] * 2, rtol=1e-5
  )


def test_evaluate_has_no_loss():
  method = compiled()
  assert method.evaluate(IMAGES, LABELS, verbose=0) == pytest.approx(2 / 3)
  found = method.evaluate(IMAGES, LABELS, return_dict=True, verbose=0)
  assert set(found) == {'accuracy'}


def test_a_scheduled_rate_moves_the_players():
  """With a rate of 0 nothing moves; with 0.1 as above."""
  schedule = CALLBACKS.LearningRateScheduler(lambda epoch: 0.1 * epoch)
  method = compiled(rate=0.7)
  history = fit(method, epochs=2, steps=1, callbacks=[schedule])
  np.testing.assert_allclose(history['lr'], [0.0, 0.1], rtol=1e-6)
  np.testing.assert_allclose(method.a.value, 0.9, rtol=1e-6)


def test_a_schedule_of_the_rate_before_gets_it():
  schedule = CALLBACKS.LearningRateScheduler(lambda epoch, rate: rate / 2)
  history = fit(compiled(0.5), epochs=3, steps=1, callbacks=[schedule])
  np.testing.assert_allclose(history['lr'], [0.25, 0.125, 0.0625])


@pytest.mark.parametrize('monitor', ['loss', 'val_loss', 'first/loss'])
def test_a_plateau_reduces_the_players_rates(monitor):
  """Nothing is better by a thousand."""
  plateau = CALLBACKS.ReduceLROnPlateau(
    monitor, factor=0.5, patience=1, min_delta=1000.0, mode='min'
  )
  method = compiled(0.25)
  history = fit(
    method,
    epochs=3,
    callbacks=[plateau],
    validation_data=(IMAGES, LABELS),
  )
  np.testing.assert_allclose(history['lr'], [0.25, 0.25, 0.125])
  for own in method.player_optimizers.values():
    assert float(own.learning_rate) == 0.0625


@pytest.mark.parametrize(
  'callback',
  [
    CALLBACKS.LearningRateScheduler(lambda epoch: 0.1),
    CALLBACKS.ReduceLROnPlateau('loss'),
  ],
)
def test_a_rate_that_is_a_schedule_is_told_before_the_first_step(callback):
  half = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
  method = compiled(half)
  name = type(callback).__name__
  with pytest.raises(
    UserError, match=f"^{name}: .* 'first', 'second' is a schedule"
  ):
    fit(method, callbacks=[callback])
  assert int(method.step) == 0
  assert 'lr' not in fit(method)


@pytest.mark.parametrize('monitor', ['loss', 'val_loss', 'val_accuracy'])
def test_early_stopping_restores_the_best_weights(monitor):
  """Validation never changes, and the loss gets worse as it runs away."""
  stopping = CALLBACKS.EarlyStopping(
    monitor, patience=2, restore_best_weights=True, start_from_epoch=0
  )
  method = compiled(rate=3.0)
  history = fit(
    method,
    epochs=9,
    steps=1,
    callbacks=[stopping],
    validation_data=(IMAGES, LABELS),
  )
  assert len(history['loss']) == 3
  other = compiled(rate=3.0)
  other.train_step(batch_of(1.0))
  np.testing.assert_allclose(method.a.value, other.a.value, rtol=1e-6)


def test_a_loss_that_is_nan_ends_training():
  class Lost(Chase):
    def second(self, batch, shared):
      second_step = tf.cast(self.step == 1, tf.float32)
      return {'distance': self.b.value / (1.0 - second_step)}, {}

  method = Lost()
  method.compile(tf.keras.optimizers.SGD(0.1))
  history = fit(method, 3, 4, callbacks=[CALLBACKS.TerminateOnNaN()])
  assert int(method.step) == 2 and len(history['loss']) == 1


def test_a_gradient_that_is_not_finite_ends_training():
  """That of sqrt(b) at b = 0 is infinite, while the loss is 0."""

  class Steep(Chase):
    def second(self, batch, shared):
      return {'distance': tf.sqrt(self.b.value)}, {}

  method = Steep()
  method.compile('sgd')
  history = fit(method, epochs=3, callbacks=[CALLBACKS.TerminateOnNaN()])
  assert int(method.step) == 1
  assert history['second/distance'] == [0.0] and np.isnan(history['loss'][0])


def test_training_goes_on_after_an_interruption(tmp_path):
  """Stopped in the third of four epochs: the same numbers at the end."""

  class Stop(CALLBACKS.Callback):
    def on_epoch_begin(self, epoch, logs=None):
      if epoch == 2:
        raise KeyboardInterrupt

  whole = tf.keras.optimizers.Adam(0.1)
  uninterrupted, first, second = Chase(), Chase(), Chase()
  for method in (uninterrupted, first, second):
    method.compile(whole)
  backup = str(tmp_path / 'backup')
  fit(uninterrupted, epochs=4)
  with pytest.raises(KeyboardInterrupt):
    fit(first, epochs=4, callbacks=[CALLBACKS.BackupAndRestore(backup), Stop()])
  history = fit(
    second, epochs=4, callbacks=[CALLBACKS.BackupAndRestore(backup)]
  )
  assert len(history['loss']) == 2 and int(second.step) == 8
  for name in ('a', 'b'):
    found, expected = (getattr(m, name).value for m in (second, uninterrupted))
    assert float(found) == float(expected)
