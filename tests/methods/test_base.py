import gin
import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import Method, Player
from pixelda_tf.methods.player import mean_terms, only_when
from pixelda_tf.problems import ClassAndPose


class Weight(tf.keras.layers.Layer):
  """A model of one number, named; shared ones may be given."""

  def __init__(self, value):
    super().__init__()
    initializer = tf.keras.initializers.Constant(value)
    self.value = self.add_weight('value', (), initializer=initializer)


class Chase(Method):
  """Two players: a is drawn to the source's mean, b to a.

  `first` minimises (a - source)^2 + a, `second` (b - a)^2: after `first` moved.
  """

  def __init__(self, **kwargs):
    super().__init__(image_shape=(1, 1, 1), n_classes=2, **kwargs)
    self.a, self.b = Weight(1.0), Weight(0.0)
    self.shared_calls = 0

  def players(self):
    return (
      Player('first', (self.a,), self.first),
      Player('second', (self.b, self.b), self.second),
    )

  def shared(self, batch):
    self.shared_calls += 1
    return 3.0 * self.a.value

  def first(self, batch, shared):
    distance = self.a.value - tf.reduce_mean(batch['source']['image'])
    terms = {'distance': distance**2, 'shared': shared / 3.0}
    return terms, {'watched': 100.0 * self.a.value}

  def second(self, batch, shared):
    return {'distance': (self.b.value - self.a.value) ** 2}, {}

  def call(self, images, training=False):
    """Logits (0, pixel): the class is whether the pixel is positive."""
    pixels = images[:, 0, 0]
    return {'logits': tf.concat([tf.zeros_like(pixels), pixels], -1)}


def batch_of(value):
  return {'source': {'image': tf.fill([2, 1, 1, 1], value)}}


def test_a_step_by_hand():
  """SGD of rate 0.1, source mean 3, a = 1, b = 0.

  first: d/da ((a - 3)^2 + a) = -4 + 1 = -3, so a = 1.3; its terms are 4 and 1;
  what is shared is differentiated, what is watched is not.
  second sees a = 1.3: d/db (b - 1.3)^2 = -2.6, so b = 0.26 (not 0.2); b is in
  two of its networks and moves once.
  """
  method = Chase()
  method.compile(tf.keras.optimizers.SGD(0.1))
  logs = method.train_step(batch_of(3.0))
  expected = {
    'first/distance': 4.0,
    'first/shared': 1.0,
    'first/watched': 100.0,
    'first/gradient_norm': 3.0,
    'second/distance': 1.69,
    'second/gradient_norm': 2.6,
  }
  assert set(logs) == set(expected)
  for name, value in expected.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-6, err_msg=name)
  np.testing.assert_allclose(method.a.value, 1.3, rtol=1e-6)
  np.testing.assert_allclose(method.b.value, 0.26, rtol=1e-6)
  assert method.shared_calls == 1 and int(method.step) == 1


def test_one_optimizer_is_copied_for_every_player():
  method = Chase()
  given = tf.keras.optimizers.Adam(
    tf.keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9), beta_1=0.3
  )
  method.compile(given)
  optimizers = method.player_optimizers
  assert list(optimizers) == ['first', 'second']
  assert optimizers['first'] is not optimizers['second']
  assert given not in optimizers.values()
  for optimizer in optimizers.values():
    assert optimizer.get_config() == given.get_config()
  method.train_step(batch_of(1.0))
  assert [int(o.iterations) for o in optimizers.values()] == [1, 1]
  assert int(given.iterations) == 0


def test_a_dict_gives_each_player_its_own():
  method = Chase()
  sgd = tf.keras.optimizers.SGD
  method.compile({'second': sgd(0.5), 'first': sgd(0.1)})
  method.train_step(batch_of(3.0))
  np.testing.assert_allclose(method.a.value, 1.3, rtol=1e-6)
  np.testing.assert_allclose(method.b.value, 1.3, rtol=1e-6)


@pytest.mark.parametrize('names', [(), ('first',), ('first', 'second', 'x')])
def test_optimizers_of_other_names_are_refused(names):
  optimizers = dict.fromkeys(names, tf.keras.optimizers.SGD(0.1))
  with pytest.raises(ValueError, match=r"Chase are \['first', 'second'\]"):
    Chase().compile(optimizers)


def test_finalize_puts_the_averages_in_place_by_hand():
  """`second` keeps an average of decay 0.5 from b = 0 on, a stays at 1.

  With rate 0.25, b goes halfway to 1 each step: 0.5, 0.75. Average: 0.25, then
  0.5. `first` does not move, keeps no average and is left alone.
  """
  method = Chase()
  averaging = tf.keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5)
  method.compile({'first': tf.keras.optimizers.SGD(0.0), 'second': averaging})
  for _ in range(2):
    method.train_step(batch_of(3.0))
  assert (float(method.a.value), float(method.b.value)) == (1.0, 0.75)
  method.finalize()
  assert (float(method.a.value), float(method.b.value)) == (1.0, 0.5)


def test_without_averages_finalize_changes_nothing():
  method = Chase()
  method.compile(tf.keras.optimizers.Adam(0.1))
  method.train_step(batch_of(3.0))
  before = method.get_weights()
  method.finalize()
  assert method.get_weights() == before


def test_predictions_are_softmax_by_hand():
  """Pixel log 3: classes 1/4 and 3/4."""
  probabilities = Chase().predictions(tf.fill([1, 1, 1, 1], np.log(3.0)))
  assert set(probabilities) == {'probabilities'}
  np.testing.assert_allclose(
    probabilities['probabilities'], [[0.25, 0.75]], rtol=1e-6
  )


def test_a_method_predicts_what_its_problem_says():
  class Poses(Chase):
    def call(self, images, training=False):
      return {
        'logits': tf.zeros([1, 2]),
        'pose': tf.constant([[-0.6, 0.8, 0, 0]]),
      }

  method = Poses(problem=ClassAndPose(pose_weight=1.0))
  predictions = method.predictions(tf.zeros([1, 1, 1, 1]))
  assert set(predictions) == {'probabilities', 'pose'}
  np.testing.assert_allclose(predictions['pose'], [[0.6, -0.8, 0, 0]])


def test_a_task_networks_terms_are_the_problems_weighted_means():
  """Class: log 2 of equal logits. Pose: half a turn, xi = 3."""

  def task(images, training):
    assert training
    quaternions = tf.constant([[0.0, 0, 0, 1.0]] * 2)
    return {'logits': tf.zeros([2, 2]), 'pose': quaternions}

  method = Chase(problem=ClassAndPose(pose_weight=3.0))
  examples = {
    'label': tf.constant([0, 1]),
    'pose': tf.constant([[1.0, 0, 0, 0]] * 2),
  }
  terms = method.task_terms(task, None, examples, 0.5, 'source_')
  assert set(terms) == {'source_class', 'source_pose'}
  np.testing.assert_allclose(terms['source_class'], 0.5 * np.log(2), rtol=1e-6)
  pose = 0.5 * 3.0 * np.log(1.0001)
  np.testing.assert_allclose(terms['source_pose'], pose, rtol=1e-3)


@gin.register
class Parent(Chase):
  def __init__(self, *, depth=2, seed=7, **kwargs):
    super().__init__(seed=seed, **kwargs)
    self.depth = depth


@gin.register
class Child(Parent):
  def __init__(self, *, width=3, **kwargs):
    super().__init__(**kwargs)
    self.width = width


@gin.register
class Grandchild(Child):
  """Has no constructor of its own."""


@gin.configurable
def built(method):
  return method()


@pytest.mark.parametrize('name', ['Child', 'Grandchild'])
def test_gin_knows_and_records_what_a_constructor_passes_on(name):
  gin.parse_config(f'built.method = @{name}\n{name}.depth = 5')
  method = built()
  assert (method.depth, method.width) == (5, 3)
  recorded = gin.operative_config_str()
  for line in ('depth = 5', 'width = 3', 'seed = 7', 'problem = None'):
    assert f'{name}.{line}\n' in recorded
  with pytest.raises(ValueError, match="parameter named 'depht'"):
    gin.parse_config(f'{name}.depht = 1')


def test_a_method_that_does_not_translate_says_so():
  with pytest.raises(NotImplementedError, match='Chase does not translate'):
    Chase().translate(tf.zeros([1, 1, 1, 1]))


def test_what_a_method_has_if_it_says_nothing():
  method = Chase()
  with pytest.raises(NotImplementedError, match='does not translate back'):
    method.translate_back(tf.zeros([1, 1, 1, 1]))
  assert method.predicts and method.translates and not method.translates_back
  assert method.stopped() is None and method.noise(2) is None
  assert (
    method.select_without_labels(lambda n: pytest.fail('not asked for')) == {}
  )


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
