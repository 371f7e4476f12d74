import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import loop


class Echo:
  """A method whose term is the number in the batch."""

  def __init__(self, step=0):
    self.step = tf.Variable(step, dtype=tf.int64)
    self.total = tf.Variable(0.0)

  def train_step(self, batch):
    self.step.assign_add(1)
    self.total.assign_add(batch)
    return {'player/term': batch, 'player/gradient_norm': 0.5 * batch}

  def stopped(self):
    return None


class Calls(list):
  """A hook that keeps what it is called with."""

  def __call__(self, step, logs):
    self.append((step, logs))

  def steps(self):
    return [step for step, _ in self]


def numbers(start):
  """Batch k is k: the batch of step k + 1, counted from 1, is k + 1."""
  return tf.data.Dataset.range(start + 1, 10_000).map(
    lambda number: tf.cast(number, tf.float32)
  )


def run(method, hooks, batches=numbers, steps=10, log_every=4):
  loop.run(
    method,
    batches,
    steps=steps,
    log_every=log_every,
    hooks=hooks,
    strategy=tf.distribute.get_strategy(),
    title='test',
  )


def test_hooks_see_the_means_since_their_last_call():
  """(1 + 2 + 3 + 4) / 4, (5 + 6 + 7 + 8) / 4, (9 + 10) / 2."""
  calls, others = Calls(), Calls()
  run(Echo(), [calls, others])
  assert calls == [
    (4, {'player/term': 2.5, 'player/gradient_norm': 1.25}),
    (8, {'player/term': 6.5, 'player/gradient_norm': 3.25}),
    (10, {'player/term': 9.5, 'player/gradient_norm': 4.75}),
  ]
  assert calls == others
  assert all(isinstance(v, float) for _, logs in calls for v in logs.values())


def test_it_goes_on_from_the_methods_step_at_the_same_boundaries():
  calls, method = Calls(), Echo(step=6)
  run(method, [calls])
  assert [(s, logs['player/term']) for s, logs in calls] == [
    (8, 7.5),
    (10, 9.5),
  ]
  assert float(method.total) == 7 + 8 + 9 + 10


def test_a_finished_method_takes_no_step():
  calls = Calls()
  run(Echo(step=10), [calls], batches=lambda start: 1 / 0)
  assert calls == []


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('step', [1, 4, 7, 10])
def test_a_value_that_is_not_finite_stops_and_is_named(step, value):
  def batches(start):
    return numbers(start).map(lambda x: tf.where(x == step, value, x))

  calls = Calls()
  with pytest.raises(UserError) as error:
    run(Echo(), [calls], batches)
  assert str(error.value).startswith(f'player/term is {value} at step {step}: ')
  assert 'the last checkpoint is kept' in str(error.value)
  assert calls.steps() == [s for s in (4, 8) if s < step]


def test_a_gradient_that_is_not_finite_stops_too():
  class Overflow(Echo):
    def train_step(self, batch):
      logs = super().train_step(batch)
      return logs | {'player/gradient_norm': 1.0 / (batch - 3.0)}

  with pytest.raises(UserError, match='^player/gradient_norm is inf at step 3'):
    run(Overflow(), [])


class Stopping(Echo):
  """Says that it is done from its third step on, but not at the fifth."""

  def stopped(self):
    return 'done' if self.step >= 3 and self.step != 5 else None


def test_a_method_that_is_done_ends_at_the_next_boundary():
  calls, method = Calls(), Stopping()
  run(method, [calls])
  assert calls.steps() == [4]
  run(method, [calls], batches=lambda start: numbers(start).take(0))
  assert (calls.steps(), int(method.step)) == ([4], 4)


@pytest.mark.parametrize(
  ('step', 'end'), [(3, 4), (5, 8), (6, 8), (7, 8), (9, 10)]
)
def test_one_that_was_stopped_between_boundaries_ends_where_others_do(
  step, end
):
  calls = Calls()
  run(Stopping(step), [calls])
  assert calls.steps() == [end]


def interrupted_at(step):
  """Batches that press Ctrl-C while the batch of a step is made."""

  def batches(start):
    def press(number):
      if number == step:
        os.kill(os.getpid(), signal.SIGINT)
      return number

    options = tf.data.Options()
    options.autotune.enabled = False  # It would make batches in advance.
    pressing = numbers(start).map(
      lambda number: tf.numpy_function(press, [number], tf.float32)
    )
    return pressing.with_options(options)

  return batches


@pytest.mark.parametrize('step', [1, 3, 4, 6])
def test_ctrl_c_finishes_the_step_and_tells_the_hooks(step):
  """Whatever was done by then is told, and a second run goes on from it."""
  handler = signal.getsignal(signal.SIGINT)
  calls, method = Calls(), Echo()
  with pytest.raises(loop.Interrupted) as error:
    run(method, [calls], interrupted_at(step))
  done = int(method.step)
  assert step - 1 <= done <= step + 1
  assert str(error.value) == f'test: stopped after step {done} of 10'
  assert isinstance(error.value, KeyboardInterrupt)
  assert calls.steps()[-1:] == ([done] if done else [])
  assert signal.getsignal(signal.SIGINT) is handler
  run(method, [calls])
  assert calls.steps()[-1] == 10
  assert float(method.total) == 55


def test_ctrl_c_in_a_hook_stops_after_all_hooks():
  def press(step, logs):
    os.kill(os.getpid(), signal.SIGINT)

  calls, method = Calls(), Echo()
  with pytest.raises(loop.Interrupted, match='after step 4 of 10'):
    run(method, [press, calls])
  assert calls.steps() == [4]


def test_an_error_gives_ctrl_c_back():
  handler = signal.getsignal(signal.SIGINT)

  def fail(step, logs):
    raise RuntimeError('hook')

  with pytest.raises(RuntimeError, match='hook'):
    run(Echo(), [fail])
  assert signal.getsignal(signal.SIGINT) is handler
