import gin
import numpy as np
import pytest
import tensorflow as tf
from chase import Chase, batch_of

from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose


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
  with pytest.raises(UserError, match=r"players are \['first', 'second'\]"):
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
