import numpy as np
import tensorflow as tf

from pixelda_tf.losses.cycle import reconstruction


def test_reconstruction_by_hand():
  """Differences 1, 2, 0, 1 of one image, 0.5 everywhere of the other.

  4 / 4 = 1 and 0.5; a sum would give 4 and 2, a square 1.5 and 0.25.
  """
  images = tf.constant([[0.0, 1.0, -1.0, 0.5], [0.25] * 4])
  others = tf.constant([[1.0, -1.0, -1.0, -0.5], [-0.25] * 4])
  losses = reconstruction(
    tf.reshape(images, [2, 2, 1, 2]), tf.reshape(others, [2, 2, 1, 2])
  )
  np.testing.assert_allclose(losses, [1.0, 0.5], rtol=1e-6)


def test_reconstruction_equals_numpy():
  random = np.random.default_rng(0)
  one, other = random.uniform(-1, 1, (2, 5, 4, 6, 3)).astype(np.float32)
  losses = reconstruction(tf.constant(one), tf.constant(other))
  assert losses.shape == (5,) and losses.dtype == tf.float32
  expected = np.abs(one - other).reshape(5, -1).mean(-1)
  np.testing.assert_allclose(losses, expected, rtol=1e-5)
  np.testing.assert_array_equal(losses, reconstruction(other, one))
  np.testing.assert_array_equal(reconstruction(one, one), np.zeros(5))


def test_its_gradient_is_the_sign_over_the_pixels():
  images = tf.constant([0.5, -0.5, 0.25, 0.0], shape=[1, 2, 2, 1])
  others = tf.Variable(tf.zeros([1, 2, 2, 1]))
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(reconstruction(images, others))
  np.testing.assert_allclose(
    tf.reshape(tape.gradient(loss, others), [4]), [-0.25, 0.25, -0.25, 0.0]
  )
