import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses import four_way
from pixelda_tf.networks import patch_discriminator

KINDS = ('source_real', 'source_fake', 'target_real', 'target_fake')
# By player: what each kind of image is to be taken for.
AIMS = {
  four_way.discriminator_loss: dict(zip(KINDS, range(4), strict=True)),
  four_way.generator_loss: {'source_fake': 0, 'target_fake': 2},
  four_way.embedding_loss: {'source_fake': 2, 'target_fake': 0},
}


def test_taken_for_by_hand():
  """Softmax of (log 3, 0, 0, 0) is 1/2 and thrice 1/6, of zeros 1/4 each."""
  logits = tf.constant([[[np.log(3.0), 0, 0, 0], [0, 0, 0, 0]]], tf.float32)
  for domain, share in enumerate((1 / 2, 1 / 6, 1 / 6, 1 / 6)):
    found = four_way.taken_for(logits, domain)
    assert found.shape == () and found.dtype == tf.float32
    expected = -(np.log(share) + np.log(1 / 4)) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize('loss', AIMS, ids=lambda loss: loss.__name__)
def test_a_player_has_a_cross_entropy_a_kind_of_image(loss):
  """Against numpy, with a gradient for each; D's output of a patch network."""
  random = np.random.default_rng(0)
  discriminator = patch_discriminator((8, 8, 3), filters=2, n_domains=4)
  logits = {
    kind: tf.Variable(
      discriminator(random.normal(size=(2, 8, 8, 3)))['domain'] * 30.0
    )
    for kind in AIMS[loss]
  }
  with tf.GradientTape() as tape:
    value = loss(**logits)
  expected = 0.0
  for kind, aim in AIMS[loss].items():
    values = logits[kind].numpy().astype(np.float64)
    assert values.shape == (2, 2, 2, 4)
    normalizer = np.log(np.exp(values).sum(-1))
    expected += (normalizer - values[..., aim]).mean()
  np.testing.assert_allclose(value, expected, rtol=1e-5)
  for kind, gradient in tape.gradient(value, logits).items():
    for domain in range(4):
      sign = -1 if domain == AIMS[loss][kind] else 1
      assert np.all(sign * gradient[..., domain] > 0)


def test_accuracy_by_hand():
  """Kinds are named right in 2 of 2, 1 of 2, 0 of 2 and 2 of 2 patches."""

  def named(*domains):
    return tf.one_hot([domains], 4)

  found = four_way.accuracy(named(0, 0), named(1, 2), named(0, 1), named(3, 3))
  assert float(found) == 5 / 8
