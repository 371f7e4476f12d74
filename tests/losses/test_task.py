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


def test_classification_names_its_term_and_reads_the_label():
  logits = tf.constant([[0.0, np.log(3.0)]])
  losses = task.classification(
    {'label': tf.constant([1]), 'image': None}, {'logits': logits}
  )
  assert set(losses) == {'class'}
  np.testing.assert_allclose(losses['class'], [np.log(4 / 3)], rtol=1e-6)
