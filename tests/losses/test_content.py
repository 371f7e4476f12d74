import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses import content

LOSSES = {
  'masked_pairwise_mse': content.masked_pairwise_mse,
  'pairwise_mse': content.pairwise_mse,
  'l1': content.l1,
  'l2': content.l2,
}


def numpy_pairwise(source, translated, mask):
  """Eq. 5 as a mean over pairs of pixels, which is what its name says.

  1/k sum d_i^2 - 1/k^2 (sum d_i)^2 = 1/(2 k^2) sum_ij (d_i - d_j)^2.
  """
  values = []
  for example in (source - translated) * mask:
    d = example.astype(np.float64).ravel()
    values.append(np.square(d[:, None] - d[None]).sum() / (2 * d.size**2))
  return values


NUMPY = {
  'masked_pairwise_mse': numpy_pairwise,
  'pairwise_mse': lambda s, t, m: numpy_pairwise(s, t, np.ones_like(m)),
  'l1': lambda s, t, m: np.abs((s - t) * m).mean((1, 2, 3)),
  'l2': lambda s, t, m: np.square((s - t) * m).mean((1, 2, 3)),
}


def random_images(seed=0, channels=3):
  random = np.random.default_rng(seed)
  source, translated = random.uniform(-1, 1, (2, 4, 5, 3, channels))
  mask = (random.uniform(size=(4, 5, 3, 1)) < 0.5).astype(np.float32)
  return source.astype(np.float32), translated.astype(np.float32), mask


def test_masked_pairwise_mse_by_hand():
  """One row of two RGB pixels: k = 1 * 2 * 3 = 6.

  s - t = (1, 2, 3 | 4, 5, 6). Unmasked: 91/6 - (21/6)^2 = 35/12. With the
  second pixel masked out, in all three of its channels: 14/6 - (6/6)^2 = 4/3;
  k stays 6, so the two numbers come to other values if k counts the mask (2/3)
  or if the mask reaches one channel only.
  """
  source = tf.reshape(tf.range(1.0, 7.0), [1, 1, 2, 3])
  translated = tf.zeros_like(source)
  mask = tf.constant([1.0, 0.0], shape=[1, 1, 2, 1])
  loss = content.masked_pairwise_mse
  np.testing.assert_allclose(loss(source, translated), [35 / 12], rtol=1e-6)
  np.testing.assert_allclose(loss(source, translated, mask), [4 / 3], rtol=1e-6)


@pytest.mark.parametrize(
  'name, expected, masked',
  [
    ('pairwise_mse', 35 / 12, 35 / 12),
    ('l1', 3.5, 1.0),
    ('l2', 91 / 6, 14 / 6),
  ],
)
def test_alternatives_by_hand(name, expected, masked):
  """The images of the test above.

  l1: 21/6 and (1 + 2 + 3)/6; l2: 91/6 and (1 + 4 + 9)/6; pairwise_mse does not
  look at a mask.
  """
  source = tf.reshape(tf.range(1.0, 7.0), [1, 1, 2, 3])
  translated = tf.zeros_like(source)
  mask = tf.constant([1.0, 0.0], shape=[1, 1, 2, 1])
  np.testing.assert_allclose(
    LOSSES[name](source, translated), [expected], rtol=1e-6
  )
  np.testing.assert_allclose(
    LOSSES[name](source, translated, mask), [masked], rtol=1e-6
  )


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_values_equal_numpys_one_an_example(name, channels):
  source, translated, mask = random_images(channels=channels)
  values = LOSSES[name](source, translated, mask)
  assert values.shape == (4,) and values.dtype == tf.float32
  expected = NUMPY[name](source, translated, mask)
  np.testing.assert_allclose(values, expected, rtol=1e-5)
  without = NUMPY[name](source, translated, np.ones_like(mask))
  np.testing.assert_allclose(
    LOSSES[name](source, translated), without, rtol=1e-5
  )


@pytest.mark.parametrize('name', ['masked_pairwise_mse', 'pairwise_mse'])
def test_a_constant_shift_costs_nothing(name):
  source = random_images()[0]
  shift = np.array([0.5, -0.3, 0.0, 1.0], np.float32).reshape(4, 1, 1, 1)
  values = LOSSES[name](source, source + shift)
  np.testing.assert_allclose(values, np.zeros(4), atol=1e-6)


def test_a_shift_of_the_foreground_costs_because_k_counts_all_pixels():
  """d = 1 on half of the pixels and 0 on the others: 1/2 - 1/4."""
  source = tf.zeros([1, 2, 2, 3])
  mask = tf.constant([1.0, 1.0, 0.0, 0.0], shape=[1, 2, 2, 1])
  values = content.masked_pairwise_mse(source, source - 1.0, mask)
  np.testing.assert_allclose(values, [0.25], rtol=1e-6)


@pytest.mark.parametrize('name', LOSSES)
def test_only_the_translated_foreground_gets_a_gradient(name):
  source, translated, mask = random_images()
  translated = tf.Variable(translated)
  mask = tf.Variable(mask)
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(LOSSES[name](source, translated, mask))
  gradient = tape.gradient(loss, translated).numpy()
  moves = np.broadcast_to(mask.numpy() > 0, gradient.shape)
  if name == 'pairwise_mse':
    moves = np.ones_like(moves)
  np.testing.assert_array_equal(gradient != 0, moves)


@pytest.mark.parametrize('name', LOSSES)
def test_an_example_does_not_reach_another(name):
  source, translated, mask = random_images()
  before = LOSSES[name](source, translated, mask).numpy()
  translated[2] = -translated[2]
  after = LOSSES[name](source, translated, mask).numpy()
  assert after[2] != before[2]
  np.testing.assert_array_equal(np.delete(after, 2), np.delete(before, 2))
