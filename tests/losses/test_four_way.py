import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses import four_way
from pixelda_tf.networks import patch_discriminator

# "src-real", "src-fake", "tgt-real", "tgt-fake", in the order of Sect. 3.4.
CLASSES = {'src-real': 0, 'src-fake': 1, 'tgt-real': 2, 'tgt-fake': 3}
# The sentences of Table 1, by the loss's name there.
TABLE_1 = {
  'L^s_adv,D': (
    ('discriminator', 'source_real', 'src-real'),
    ('discriminator', 'source_fake', 'src-fake'),
  ),
  'L^s_adv,G': (('generator', 'source_fake', 'src-real'),),
  'L^t_adv,D': (
    ('discriminator', 'target_real', 'tgt-real'),
    ('discriminator', 'target_fake', 'tgt-fake'),
  ),
  'L^t_adv,G': (('generator', 'target_fake', 'tgt-real'),),
  'L^s_adv,F': (('embedding', 'source_fake', 'tgt-real'),),
  'L^t_adv,F': (('embedding', 'target_fake', 'src-real'),),
}


def test_the_table_is_the_papers():
  expected = {}
  for sentences in TABLE_1.values():
    for player, kind, aim in sentences:
      expected.setdefault(player, {})[kind] = CLASSES[aim]
  assert expected == four_way.TABLE_1


def test_taken_for_by_hand():
  """Softmax of (log 3, 0, 0, 0) is 1/2 and thrice 1/6, of zeros 1/4 each."""
  logits = tf.constant([[[np.log(3.0), 0, 0, 0], [0, 0, 0, 0]]], tf.float32)
  for domain, share in enumerate((1 / 2, 1 / 6, 1 / 6, 1 / 6)):
    found = four_way.taken_for(logits, domain)
    assert found.shape == () and found.dtype == tf.float32
    expected = -(np.log(share) + np.log(1 / 4)) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize('player', four_way.TABLE_1)
def test_a_player_has_a_cross_entropy_a_kind_of_image(player):
  """Against numpy, with a gradient for each; D's output of a patch network."""
  random = np.random.default_rng(0)
  discriminator = patch_discriminator((8, 8, 3), filters=2, n_domains=4)
  aims = four_way.TABLE_1[player]
  logits = {
    kind: tf.Variable(
      discriminator(random.normal(size=(2, 8, 8, 3)))['domain'] * 30.0
    )
    for kind in aims
  }
  with tf.GradientTape() as tape:
    losses = four_way.losses(player, logits)
    total = tf.add_n(list(losses.values()))
  assert losses.keys() == aims.keys()
  for kind, aim in aims.items():
    values = logits[kind].numpy().astype(np.float64)
    assert values.shape == (2, 2, 2, 4)
    normalizer = np.log(np.exp(values).sum(-1))
    expected = (normalizer - values[..., aim]).mean()
    np.testing.assert_allclose(losses[kind], expected, rtol=1e-5)
  for kind, gradient in tape.gradient(total, logits).items():
    for domain in range(4):
      sign = -1 if domain == aims[kind] else 1
      assert np.all(sign * gradient[..., domain] > 0)


def test_accuracies_by_hand():
  """Kinds are named right in 2 of 2, 1 of 2, 0 of 2 and 2 of 2 patches."""

  def named(*domains):
    return tf.one_hot([domains], 4)

  found = four_way.accuracies(
    {
      'source_real': named(0, 0),
      'source_fake': named(1, 2),
      'target_real': named(0, 1),
      'target_fake': named(3, 3),
    }
  )
  assert {name: float(value) for name, value in found.items()} == {
    'accuracy_source_real': 1.0,
    'accuracy_source_fake': 0.5,
    'accuracy_target_real': 0.0,
    'accuracy_target_fake': 1.0,
  }
