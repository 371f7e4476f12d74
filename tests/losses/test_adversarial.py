import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses import adversarial

PAIRS = {
  'sigmoid': adversarial.sigmoid_loss,
  'least_squares': adversarial.least_squares_loss,
  'wasserstein': adversarial.wasserstein_loss,
}
LOG_2 = 0.6931471805599453


def test_sigmoid_by_hand():
  """D(x) = 1/2 at logit 0 and 3/4 at log 3.

  Discriminator: -(log 1/2 + log 3/4) / 2 - log(1 - 1/2), the fake logit
  being 0: (log 2 + log 4/3) / 2 + log 2. Generator: -log 1/2.
  """
  pair = adversarial.sigmoid_loss()
  real, fake = tf.constant([[0.0], [np.log(3.0)]]), tf.zeros([2, 1])
  np.testing.assert_allclose(
    pair.discriminator(real, fake),
    (LOG_2 + np.log(4 / 3)) / 2 + LOG_2,
    rtol=1e-6,
  )
  np.testing.assert_allclose(pair.generator(fake), LOG_2, rtol=1e-6)
  assert pair.threshold == 0.0


def test_least_squares_by_hand():
  """Discriminator: ((3 - 1)^2 + (1 - 1)^2) / 2 + (2^2 + 0^2) / 2 = 4.

  Generator: ((2 - 1)^2 + (0 - 1)^2) / 2 = 1.
  """
  pair = adversarial.least_squares_loss()
  real, fake = tf.constant([[3.0], [1.0]]), tf.constant([[2.0], [0.0]])
  assert float(pair.discriminator(real, fake)) == 4.0
  assert float(pair.generator(fake)) == 1.0
  assert pair.threshold == 0.5


def test_wasserstein_by_hand():
  """Critic: (2 + 0) / 2 - (3 + 2) / 2 = -1.5. Generator: -(2 + 0) / 2."""
  pair = adversarial.wasserstein_loss()
  real, fake = tf.constant([[3.0], [2.0]]), tf.constant([[2.0], [0.0]])
  assert float(pair.discriminator(real, fake)) == -1.5
  assert float(pair.generator(fake)) == -1.0


@pytest.mark.parametrize(
  'name, expected', [('sigmoid', (0.75, 0.5)), ('least_squares', (0.5, 0.75))]
)
def test_accuracies_by_hand(name, expected):
  """Above 0 are 3 real ones of 4, and 2 fake; above 0.5 are 2, and 1."""
  real = tf.constant([[-0.2], [0.5], [0.6], [0.8]])
  fake = tf.constant([[-0.8], [0.0], [0.3], [0.9]])
  found = PAIRS[name]().accuracies(real, fake, 'source_')
  assert list(found) == ['source_accuracy_real', 'source_accuracy_fake']
  assert tuple(map(float, found.values())) == expected
  assert all(value.dtype == tf.float32 for value in found.values())


def test_a_critic_decides_nothing():
  pair = adversarial.wasserstein_loss()
  assert pair.accuracies(tf.zeros([2, 1]), tf.zeros([2, 1])) == {}


@pytest.mark.parametrize(
  'decisions, expected',
  [([True, False, True, True], 0.75), ([[False], [False]], 0.0), ([True], 1.0)],
)
def test_fraction_by_hand(decisions, expected):
  found = adversarial.fraction(tf.constant(decisions))
  assert found.dtype == tf.float32 and float(found) == expected


def _sigmoid(x):
  return 1 / (1 + np.exp(-x))


RECOMPUTED = {
  'sigmoid': (
    lambda real, fake: (
      -np.log(_sigmoid(real)).mean() - np.log(1 - _sigmoid(fake)).mean()
    ),
    lambda fake: -np.log(_sigmoid(fake)).mean(),
  ),
  'least_squares': (
    lambda real, fake: np.square(real - 1).mean() + np.square(fake).mean(),
    lambda fake: np.square(fake - 1).mean(),
  ),
  'wasserstein': (
    lambda real, fake: fake.mean() - real.mean(),
    lambda fake: -fake.mean(),
  ),
}


@pytest.mark.parametrize('name', PAIRS)
@pytest.mark.parametrize('shape', [(5, 1), (2, 3, 4, 1)])
def test_halves_equal_numpys_mean_over_all_decisions(name, shape):
  random = np.random.default_rng(0)
  real, fake = random.normal(scale=2.0, size=(2, *shape)).astype(np.float32)
  pair = PAIRS[name]()
  discriminator, generator = RECOMPUTED[name]
  loss = pair.discriminator(real, fake)
  assert loss.shape == () and loss.dtype == tf.float32
  np.testing.assert_allclose(loss, discriminator(real, fake), rtol=1e-5)
  loss = pair.generator(fake)
  assert loss.shape == () and loss.dtype == tf.float32
  np.testing.assert_allclose(loss, generator(fake), rtol=1e-5)


@pytest.mark.parametrize('name', PAIRS)
def test_gradients_pull_real_up_and_fake_both_ways(name):
  """D raises real and lowers fake logits; G raises fake ones."""
  real, fake = tf.Variable(0.2), tf.Variable(0.3)
  pair = PAIRS[name]()
  with tf.GradientTape(persistent=True) as tape:
    discriminator = pair.discriminator(real, fake)
    generator = pair.generator(fake)
  assert float(tape.gradient(discriminator, real)) < 0
  assert float(tape.gradient(discriminator, fake)) > 0
  assert float(tape.gradient(generator, fake)) < 0
  assert tape.gradient(generator, real) is None


@pytest.mark.parametrize('logit', [-200.0, 200.0])
def test_sigmoid_is_finite_where_the_discriminator_is_sure(logit):
  """Wrong by 200, each half costs 200; the generator's gradient stays -1."""
  pair = adversarial.sigmoid_loss()
  logits = tf.Variable([[logit]])
  with tf.GradientTape() as tape:
    loss = pair.generator(logits)
  wrong = logit < 0
  np.testing.assert_allclose(loss, 200.0 if wrong else 0.0, atol=1e-6)
  np.testing.assert_allclose(
    tape.gradient(loss, logits), [[-1.0 if wrong else 0.0]], atol=1e-6
  )
  assert float(pair.discriminator(logits, logits)) == 200.0
