import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses import task


def numpy_cross_entropy(labels, logits):
  """-log softmax(logits)[label], for labels of the logits' leading shape."""
  logits = logits.astype(np.float64)
  normalizer = np.log(np.exp(logits).sum(-1))
  chosen = np.take_along_axis(logits, labels[..., None], -1)[..., 0]
  return normalizer - chosen


def test_cross_entropy_by_hand():
  """Softmax of (0, log 3) is (1/4, 3/4): log 4 for class 0, log 4/3 for 1."""
  logits = tf.constant([[0.0, np.log(3.0)]] * 2)
  np.testing.assert_allclose(
    task.cross_entropy(tf.constant([0, 1]), logits),
    [np.log(4), np.log(4 / 3)],
    rtol=1e-6,
  )


def test_patch_cross_entropy_by_hand():
  """Two patches of one image of class 0: (log 4 + log 2) / 2."""
  logits = tf.constant([0.0, np.log(3.0), 0.0, 0.0], tf.float32)
  np.testing.assert_allclose(
    task.patch_cross_entropy(
      tf.constant([0]), tf.reshape(logits, [1, 1, 2, 2])
    ),
    [(np.log(4) + np.log(2)) / 2],
    rtol=1e-6,
  )


@pytest.mark.parametrize('dtype', [np.int32, np.int64])
def test_cross_entropy_equals_numpys(dtype):
  random = np.random.default_rng(0)
  logits = random.normal(size=(6, 5)).astype(np.float32)
  labels = random.integers(5, size=6).astype(dtype)
  values = task.cross_entropy(labels, logits)
  assert values.dtype == tf.float32
  np.testing.assert_allclose(
    values, numpy_cross_entropy(labels, logits), rtol=1e-5
  )


@pytest.mark.parametrize('dtype', [np.int32, np.int64])
def test_patch_cross_entropy_equals_numpys_mean_over_patches(dtype):
  random = np.random.default_rng(0)
  logits = random.normal(size=(6, 2, 3, 5)).astype(np.float32)
  labels = random.integers(5, size=6).astype(dtype)
  grid = np.broadcast_to(labels[:, None, None], (6, 2, 3))
  np.testing.assert_allclose(
    task.patch_cross_entropy(tf.constant(labels), logits),
    numpy_cross_entropy(grid, logits).mean((1, 2)),
    rtol=1e-5,
  )


def test_gradient_is_softmax_minus_one_hot():
  random = np.random.default_rng(0)
  logits = tf.Variable(random.normal(size=(3, 4)).astype(np.float32))
  labels = np.array([3, 0, 2], np.int32)
  with tf.GradientTape() as tape:
    loss = tf.reduce_sum(task.cross_entropy(labels, logits))
  shares = np.exp(logits.numpy())
  shares /= shares.sum(-1, keepdims=True)
  np.testing.assert_allclose(
    tape.gradient(loss, logits), shares - np.eye(4)[labels], atol=1e-6
  )


def test_every_patch_gets_its_share_of_the_gradient():
  """Equal logits: (1/2 - 1) / 4 patches for the class, the opposite else."""
  logits = tf.Variable(tf.zeros([1, 2, 2, 2]))
  with tf.GradientTape() as tape:
    loss = task.patch_cross_entropy(tf.constant([1]), logits)
  np.testing.assert_allclose(
    tape.gradient(loss, logits),
    np.broadcast_to([0.125, -0.125], (1, 2, 2, 2)),
    rtol=1e-6,
  )


def random_quaternions(n, seed=0):
  values = np.random.default_rng(seed).normal(size=(n, 4))
  values /= np.linalg.norm(values, axis=1, keepdims=True)
  return values.astype(np.float32)


HALF = np.sqrt(0.5)
POSES = {
  'equal': ([1, 0, 0, 0], [1, 0, 0, 0], np.log(1e-4)),
  'opposite signs': ([1, 0, 0, 0], [-1, 0, 0, 0], np.log(1e-4)),
  'half a turn': ([1, 0, 0, 0], [0, 0, 1, 0], np.log(1.0001)),
  'quarter of a turn': (
    [1, 0, 0, 0],
    [HALF, 0, 0, HALF],
    np.log(1.0001 - HALF),
  ),
  'turns from each other': (
    [0, 0.6, 0.8, 0],
    [0, 0.8, 0.6, 0],
    np.log(1e-4 + 0.04),
  ),
}


@pytest.mark.parametrize('name', POSES)
def test_quaternion_log_loss_by_hand(name):
  """log(1e-4 + 1 - |cosine|); float32 holds 1e-4 + 1 to 6e-8."""
  true, predicted, expected = POSES[name]
  value = task.quaternion_log_loss(
    tf.constant([true], tf.float32), tf.constant([predicted], tf.float32)
  )
  assert value.dtype == tf.float32 and value.shape == (1,)
  np.testing.assert_allclose(value, [expected], atol=1e-3, rtol=1e-5)


def test_quaternion_log_loss_equals_numpys():
  true, predicted = random_quaternions(50), random_quaternions(50, seed=1)
  cosine = np.abs(np.sum(true.astype(np.float64) * predicted, -1))
  found = task.quaternion_log_loss(true, predicted)
  np.testing.assert_allclose(found, np.log(1.0001 - cosine), atol=1e-4)
  for other in (
    task.quaternion_log_loss(predicted, true),
    task.quaternion_log_loss(true, -predicted),
    task.quaternion_log_loss(-true, predicted),
  ):
    np.testing.assert_array_equal(found, other)


def test_quaternion_log_loss_of_lengths_just_above_one_is_finite():
  true = np.full((1, 4), 0.5000001, np.float32)
  value = task.quaternion_log_loss(true, true)
  np.testing.assert_allclose(value, [np.log(1e-4)], atol=1e-3)


def test_gradient_of_the_pose_pulls_towards_the_nearer_sign():
  """d/dq^ log(1e-4 + 1 - |c|) = -sign(c) q / (1e-4 + 1 - |c|)."""
  true, predicted = random_quaternions(20), random_quaternions(20, seed=1)
  cosine = np.sum(true * predicted, -1, keepdims=True)
  assert (cosine < 0).any() and (cosine > 0).any()
  variable = tf.Variable(predicted)
  with tf.GradientTape() as tape:
    loss = task.quaternion_log_loss(true, variable)
  expected = -np.sign(cosine) * true / (1.0001 - np.abs(cosine))
  np.testing.assert_allclose(tape.gradient(loss, variable), expected, rtol=1e-3)


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_gradient_of_equal_poses_is_finite(sign):
  true = random_quaternions(50)
  variable = tf.Variable(sign * true)
  with tf.GradientTape() as tape:
    unit = tf.math.l2_normalize(variable, axis=-1)
    loss = task.quaternion_log_loss(true, unit)
  gradient = tape.gradient(loss, variable)
  assert np.isfinite(gradient).all()
  assert np.abs(gradient).max() < 2e4
