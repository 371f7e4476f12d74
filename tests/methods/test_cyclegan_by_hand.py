"""CycleGAN's step against one that is written out, and its terms in NumPy."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.adversarial import sigmoid_loss
from pixelda_tf.methods import CycleGAN

NAMES = (
  'source_to_target',
  'target_to_source',
  'target_discriminator',
  'source_discriminator',
)


DOMAINS = ('target', 'source')
WEIGHTS = {
  'target_domain_weight': 1.5,
  'source_domain_weight': 0.5,
  'cycle_weight': 3.0,
  'identity_weight': 0.25,
  'discriminator_weight': 0.7,
}


# Options, the keys that are gone, calls of each generator and discriminator.


def networks(method):
  return {name: getattr(method, name) for name in NAMES}


def apply(network, images):
  """A generator's images, without the library's own helper."""
  images = tf.constant(images)
  return network([images, tf.zeros([len(images), 0])], training=True)


@pytest.mark.parametrize('domain', DOMAINS)
@pytest.mark.parametrize('loss', ['least squares', 'cross entropy'])
def test_the_terms_equal_numpys(
  loss, domain, build_method, build_batch, no_rate
):
  """Each direction by itself: y are the domain's images, x the other's."""
  options = (
    {'adversarial_loss': sigmoid_loss} if loss == 'cross entropy' else {}
  )
  method = build_method(CycleGAN, **WEIGHTS, **options)
  method.compile(no_rate)
  batch = build_batch()
  batch[domain]['image'] = 0.5 + 0.5 * batch[domain]['image']
  for name in NAMES[2:]:  # else real and fake would be as good as equal
    network = getattr(method, name)
    network.set_weights([10.0 * weight for weight in network.get_weights()])
  there, back, discriminator, _ = networks(method).values()
  other = 'source'
  if domain == 'source':
    there, back, other = back, there, 'target'
    discriminator = method.source_discriminator
  y, x = (batch[name]['image'].numpy() for name in (domain, other))
  fake, other_fake = apply(there, x).numpy(), apply(back, y).numpy()
  real_out = discriminator(y, training=True)['domain'].numpy()
  fake_out = discriminator(fake, training=True)['domain'].numpy()
  assert abs(real_out.mean() - fake_out.mean()) > 0.01
  if loss == 'least squares':
    threshold = 0.5
    fooled = np.square(fake_out - 1).mean()
    told = np.square(real_out - 1).mean() + np.square(fake_out).mean()
  else:
    threshold = 0.0
    fooled = np.log1p(np.exp(-fake_out)).mean()
    told = (
      np.log1p(np.exp(-real_out)).mean() + np.log1p(np.exp(fake_out)).mean()
    )
  weight = WEIGHTS[f'{domain}_domain_weight']
  expected = {
    f'generators/{domain}_domain': weight * fooled,
    f'generators/{domain}_cycle': 3.0
    * np.abs(y - apply(there, other_fake)).mean(),
    f'generators/{domain}_identity': 0.25 * np.abs(y - apply(there, y)).mean(),
    f'discriminators/{domain}_domain': 0.7 * told,
    f'discriminators/{domain}_accuracy_real': np.mean(real_out > threshold),
    f'discriminators/{domain}_accuracy_fake': np.mean(fake_out <= threshold),
  }
  logs = method.train_step(batch)
  assert expected.keys() == {key for key in logs if f'/{domain}_' in key}
  for name, value in expected.items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize('domain', DOMAINS)
def test_the_discriminators_accuracy_by_hand(
  domain, build_method, build_batch, no_rate, first_pixels
):
  """D gives each image's first pixel, G the image as it is.

  Real pixels -0.2, 0.2, 0.6, 0.8: 2 of 4 above 0.5. Fake pixels -0.8, -0.4,
  0.3, 0.9: 3 of 4 not above it.
  """

  method = build_method(CycleGAN, **first_pixels)
  method.compile(no_rate)
  batch = build_batch()
  other = {'target': 'source', 'source': 'target'}[domain]
  for name, pixels in {
    domain: [-0.2, 0.2, 0.6, 0.8],
    other: [-0.8, -0.4, 0.3, 0.9],
  }.items():
    pixels = tf.reshape(tf.constant(pixels), [4, 1, 1, 1])
    batch[name]['image'] = tf.tile(pixels, [1, 8, 8, 1])
  logs = method.train_step(batch)
  prefix = f'discriminators/{domain}_accuracy'
  assert float(logs[f'{prefix}_real']) == 0.5
  assert float(logs[f'{prefix}_fake']) == 0.75


class ByHand:
  """CycleGAN's step written out: every direction, every term, no sharing."""

  def __init__(self, nets, learning_rate):
    self.nets = nets
    self.adam = [tf.keras.optimizers.Adam(learning_rate) for _ in range(2)]

  def step(self, batch, order='GD'):
    x, y = batch['source']['image'], batch['target']['image']
    g, f, d_y, d_x = self.nets.values()
    fake_y, fake_x = apply(g, x), apply(f, y)
    moves = {
      'G': functools.partial(self.move_generators, x, y, g, f, d_y, d_x),
      'D': functools.partial(
        self.move_discriminators, x, y, fake_x, fake_y, d_y, d_x
      ),
    }
    for player in order:
      moves[player]()

  def move_generators(self, x, y, g, f, d_y, d_x):
    with tf.GradientTape() as tape:
      fake_y, fake_x = apply(g, x), apply(f, y)
      loss = (
        1.5 * tf.reduce_mean((d_y(fake_y)['domain'] - 1.0) ** 2)
        + 0.5 * tf.reduce_mean((d_x(fake_x)['domain'] - 1.0) ** 2)
        + 3.0 * tf.reduce_mean(tf.abs(apply(f, fake_y) - x))
        + 3.0 * tf.reduce_mean(tf.abs(apply(g, fake_x) - y))
        + 0.25 * tf.reduce_mean(tf.abs(apply(g, y) - y))
        + 0.25 * tf.reduce_mean(tf.abs(apply(f, x) - x))
      )
    self.apply(0, tape, loss, g.trainable_variables + f.trainable_variables)

  def move_discriminators(self, x, y, fake_x, fake_y, d_y, d_x):
    with tf.GradientTape() as tape:
      loss = 0.7 * (
        tf.reduce_mean((d_y(y)['domain'] - 1.0) ** 2)
        + tf.reduce_mean(d_y(fake_y)['domain'] ** 2)
        + tf.reduce_mean((d_x(x)['domain'] - 1.0) ** 2)
        + tf.reduce_mean(d_x(fake_x)['domain'] ** 2)
      )
    self.apply(1, tape, loss, d_y.trainable_variables + d_x.trainable_variables)

  def apply(self, player, tape, loss, variables):
    gradients = tape.gradient(loss, variables)
    self.adam[player].apply_gradients(zip(gradients, variables, strict=True))


def test_two_steps_equal_an_update_by_hand(
  step_of, build_method, build_batch, assert_equal_weights
):
  """A pool that is not full yet changes nothing."""
  method = build_method(CycleGAN, pool_size=8, **WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = ByHand(networks(build_method(CycleGAN)), 1e-2)
  assert_equal_weights(networks(method), reference.nets, atol=0)
  step = step_of(method)
  for number in range(2):
    step(build_batch(number))
    reference.step(build_batch(number))
  assert_equal_weights(networks(method), reference.nets, atol=1e-5)


def test_another_order_would_give_other_weights(
  build_method, build_batch, assert_equal_weights
):
  method = build_method(CycleGAN, **WEIGHTS)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  reference = ByHand(networks(build_method(CycleGAN)), 1e-2)
  method.train_step(build_batch())
  reference.step(build_batch(), 'DG')
  with pytest.raises(AssertionError):
    assert_equal_weights(networks(method), reference.nets, atol=1e-5)


def test_the_discriminators_see_what_their_pools_show(
  build_method, build_batch, no_rate
):
  """The generators learn from the new images meanwhile; D_Y's pool is first.

  Nothing moves, so a twin's pools, given the same images, show the same.
  """
  method, twin = (build_method(CycleGAN, pool_size=4) for _ in '12')
  method.compile(no_rate)
  pooled = False
  for number in range(3):
    batch = build_batch(number)
    logs = method.train_step(batch)
    for domain, other, there in (
      ('target', 'source', twin.source_to_target),
      ('source', 'target', twin.target_to_source),
    ):
      new = apply(there, batch[other]['image'])
      shown = twin.pools[domain](new)
      pooled |= np.any(shown != new)
      discriminator = getattr(twin, f'{domain}_discriminator')
      real = discriminator(batch[domain]['image'])['domain'].numpy()
      fake, unpooled = (
        discriminator(images)['domain'].numpy() for images in (shown, new)
      )
      told = np.square(real - 1).mean() + np.square(fake).mean()
      np.testing.assert_allclose(
        logs[f'discriminators/{domain}_domain'], 0.5 * told, rtol=1e-4
      )
      np.testing.assert_allclose(
        logs[f'generators/{domain}_domain'],
        np.square(unpooled - 1).mean(),
        rtol=1e-4,
      )
  assert pooled
