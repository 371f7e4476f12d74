"""Players that move on a condition, or several times, and who follows them."""

import numpy as np
import pytest
import tensorflow as tf
from chase import Chase, Weight, batch_of

from pixelda_tf.errors import UserError
from pixelda_tf.methods.player import mean_terms, only_when


class Gated(Chase):
  """`second` moves where the source's mean is above 1."""

  def players(self):
    first, second = super().players()
    return first, second._replace(when=lambda: self.mean > 1.0)

  def first(self, batch, shared):
    self.mean = tf.reduce_mean(batch['source']['image'])
    return super().first(batch, shared)


@pytest.mark.parametrize('compiled', [False, True])
def test_a_player_moves_when_it_says_by_hand(compiled):
  """`when` is asked after the losses: of this step's mean, 3, 1, then 3.

  SGD of rate 0.1, as the step above: a is 1.3 after the first step, b 0.26.
  Then a: d/da ((a - 1)^2 + a) = 0.6 + 1, to 1.14, and b stays. Then a:
  2 (1.14 - 3) + 1 = -2.72, to 1.412, b: 0.26 + 0.2 (1.412 - 0.26) = 0.4904.
  """
  method = Gated()
  method.compile(tf.keras.optimizers.SGD(0.1))
  step = method.train_step
  if compiled:
    step = tf.function(step)
  found = []
  for mean in (3.0, 1.0, 3.0):
    logs = step(batch_of(tf.constant(mean)))
    found.append((float(method.a.value), float(method.b.value)))
  np.testing.assert_allclose(
    found, [(1.3, 0.26), (1.14, 0.26), (1.412, 0.4904)], rtol=1e-5
  )
  np.testing.assert_allclose(logs['second/gradient_norm'], 2.304, rtol=1e-5)
  iterations = [
    int(method.player_optimizers[name].iterations)
    for name in ('first', 'second')
  ]
  assert iterations == [3, 2] and int(method.step) == 3


class Repeated(Chase):
  """`first` moves three times a step; the n-th time, n a is what is shared."""

  def players(self):
    first, second = super().players()
    return first._replace(repeats=3), second

  def shared(self, batch):
    super().shared(batch)
    return self.shared_calls * self.a.value

  def second(self, batch, shared):
    return super().second(batch, shared)[0], {'shared': shared}


@pytest.mark.parametrize('compiled', [False, True])
def test_a_player_that_moves_three_times_by_hand(compiled):
  """SGD of rate 0.1, source mean 3, a = 1, b = 0.

  first: d/da ((a - 3)^2 + n a / 3) = 2 (a - 3) + n / 3, at a = 1 and n = 1
  -11/3, then at 41/30 and 2 -2.6, then at 122/75 and 3 -131/75, to 1351/750.
  Its terms and norms are logged as means. second moves once, sees the last a,
  and what was shared at first: b = 0.2 a.
  """
  method = Repeated()
  method.compile(tf.keras.optimizers.SGD(0.1))
  step = tf.function(method.train_step) if compiled else method.train_step
  logs = step(batch_of(3.0))
  a = np.array([1.0, 41 / 30, 122 / 75])
  expected = {
    'first/distance': np.mean((a - 3.0) ** 2),
    'first/shared': np.mean(a * [1, 2, 3] / 3.0),
    'first/watched': 100.0 * np.mean(a),
    'first/gradient_norm': (11 / 3 + 2.6 + 131 / 75) / 3,
    'second/distance': (1351 / 750) ** 2,
    'second/shared': 1.0,
    'second/gradient_norm': 2 * 1351 / 750,
  }
  assert set(logs) == set(expected)
  for name, value in expected.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-6, err_msg=name)
  np.testing.assert_allclose(method.a.value, 1351 / 750, rtol=1e-6)
  np.testing.assert_allclose(method.b.value, 0.2 * 1351 / 750, rtol=1e-6)
  optimizers = method.player_optimizers.values()
  assert [int(o.iterations) for o in optimizers] == [3, 1]
  assert method.shared_calls == 3 and int(method.step) == 1


def test_a_schedule_counts_steps_however_often_a_player_moves():
  """Half the rate at each step, for who moves thrice and who moves once."""
  method = Repeated()
  half = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
  method.compile(tf.keras.optimizers.SGD(half))
  a, b, n = 1.0, 0.0, 0
  for rate in (0.1, 0.05, 0.025):
    for _ in range(3):
      n += 1
      a -= rate * (2 * (a - 3) + n / 3)
    b -= rate * 2 * (b - a)
    method.train_step(batch_of(3.0))
    np.testing.assert_allclose(method.a.value, a, rtol=1e-6)
    np.testing.assert_allclose(method.b.value, b, rtol=1e-6)
    for optimizer in method.player_optimizers.values():
      np.testing.assert_allclose(optimizer.learning_rate, rate)


class Joint(Chase):
  """One player, of whose two networks the second has an optimizer apart."""

  def players(self):
    first, second = super().players()
    networks = (*first.networks, *second.networks)

    def losses(batch, shared):
      del shared
      mean = tf.reduce_mean(batch['source']['image'])
      a, b = self.a.value, self.b.value
      return {'distance': (a - mean) ** 2 + (b - a) ** 2}, {}

    apart = {'slow': second.networks[0]}
    return (first._replace(networks=networks, losses=losses, apart=apart),)


@pytest.mark.parametrize('compiled', [False, True])
def test_a_part_has_a_rate_of_its_own_and_the_same_gradient(compiled):
  """Mean 3, a = 1, b = 0: da 2 (1 - 3) - 2 (0 - 1) = -2, db 2 (0 - 1) = -2.

  Both are of the weights as they were: a is 1.2, b 0.02. Then da is
  2 (1.2 - 3) - 2 (0.02 - 1.2) = -1.24, db -2.36.
  """
  method = Joint()
  sgd = tf.keras.optimizers.SGD
  method.compile({'first': sgd(0.1), 'slow': sgd(0.01)})
  step = tf.function(method.train_step) if compiled else method.train_step
  logs = step(batch_of(3.0))
  assert set(logs) == {'first/distance', 'first/gradient_norm'}
  np.testing.assert_allclose(logs['first/gradient_norm'], 8**0.5, rtol=1e-6)
  found = [float(method.a.value), float(method.b.value)]
  np.testing.assert_allclose(found, [1.2, 0.02], rtol=1e-6)
  step(batch_of(3.0))
  found = [float(method.a.value), float(method.b.value)]
  np.testing.assert_allclose(found, [1.324, 0.0436], rtol=1e-6)
  moves = {n: int(o.iterations) for n, o in method.player_optimizers.items()}
  assert moves == {'first': 2, 'slow': 2}


def test_parts_without_optimizers_are_told():
  method = Joint()
  with pytest.raises(UserError, match=r"players are \['first', 'slow'\]"):
    method.compile({'first': tf.keras.optimizers.SGD(0.1)})


def test_a_parts_averages_take_its_place():
  """Of two steps with decay 0.5, from a start at the first weights."""
  method = Joint()
  average = tf.keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
  method.compile({'first': average, 'slow': tf.keras.optimizers.SGD(0.1)})
  for _ in range(2):
    method.train_step(batch_of(3.0))
  a, b = float(method.a.value), float(method.b.value)
  method.finalize()
  assert float(method.a.value) != a and float(method.b.value) == b


class Taught(Repeated):
  """A teacher t follows a, t <- (t + a) / 2; what is shared is noise."""

  def __init__(self):
    super().__init__()
    self.teacher = Weight(0.0)

  def shared(self, batch):
    return self.random.uniform([]) * super().shared(batch)

  def after_step(self):
    self.teacher.value.assign((self.teacher.value + self.a.value) / 2.0)


def test_a_teacher_follows_once_a_step_after_all_players():
  method = Taught()
  method.compile(tf.keras.optimizers.SGD(0.1))
  teacher = 0.0
  for _ in range(3):
    method.train_step(batch_of(3.0))
    teacher = (teacher + float(method.a.value)) / 2
    np.testing.assert_allclose(method.teacher.value, teacher, rtol=1e-6)


def test_a_teacher_and_fresh_noise_go_on_from_a_checkpoint(tmp_path):
  """The same bits after two steps, with a checkpoint in between or not."""

  def start():
    method = Taught()
    method.compile(tf.keras.optimizers.Adam(0.1))
    return method, tf.function(method.train_step)

  whole, step = start()
  step(batch_of(3.0))
  path = tf.train.Checkpoint(method=whole).write(str(tmp_path / 'c'))
  expected = step(batch_of(3.0))
  resumed, step = start()
  tf.train.Checkpoint(method=resumed).read(path).assert_consumed()
  logs = step(batch_of(3.0))
  assert {k: float(v) for k, v in logs.items()} == {
    k: float(v) for k, v in expected.items()
  }
  for ours, theirs in zip(resumed.weights, whole.weights, strict=True):
    np.testing.assert_array_equal(ours, theirs)
  assert float(resumed.teacher.value) not in (0.0, float(resumed.a.value))


@pytest.mark.parametrize('compiled', [False, True])
@pytest.mark.parametrize(
  'optimizer',
  [
    tf.keras.optimizers.Adam(0.1, use_ema=True, weight_decay=0.1),
    tf.keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    tf.keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=1),
  ],
  ids=['adam', 'sgd', 'overwriting'],
)
def test_only_when_undoes_or_does_all(optimizer, compiled):
  """After a step that moves: bit-identical, or as without a condition."""
  found = {}
  for condition in (False, True, None):
    weights = [tf.Variable([1.0, -2.0]), tf.Variable(3.0)]
    gradients = [tf.constant([0.3, 0.1]), tf.constant(-0.7)]
    own = optimizer.from_config(optimizer.get_config())
    own.build(weights)
    own.apply_gradients(zip(gradients, weights, strict=True))
    first = [v.numpy() for v in (*weights, *own.variables)]

    def move(condition, own=own, weights=weights, gradients=gradients):
      apply = own.apply_gradients
      if condition is not None:
        apply = only_when(condition, own)
      apply(zip(gradients, weights, strict=True))

    if compiled:
      move = tf.function(move)
    move(None if condition is None else tf.constant(condition))
    found[condition] = [v.numpy() for v in (*weights, *own.variables)]
    if condition is False:
      for old, new in zip(first, found[condition], strict=True):
        np.testing.assert_array_equal(old, new)
  for ours, theirs in zip(found[True], found[None], strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
  assert np.any(found[True][0] != found[False][0])


def test_mean_terms_by_hand():
  terms = mean_terms({'class': tf.constant([1.0, 2.0])}, 2.0, 'source_')
  assert set(terms) == {'source_class'} and float(terms['source_class']) == 3.0
