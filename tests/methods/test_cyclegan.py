import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import data
from pixelda_tf.losses.adversarial import sigmoid_loss
from pixelda_tf.methods import CycleGAN
from pixelda_tf.methods.cyclegan import generate
from pixelda_tf.networks import unet_generator

NAMES = (
  'source_to_target',
  'target_to_source',
  'target_discriminator',
  'source_discriminator',
)


DOMAINS = ('target', 'source')
KEYS = {
  *(f'generators/{domain}_domain' for domain in DOMAINS),
  *(f'generators/{domain}_cycle' for domain in DOMAINS),
  *(f'generators/{domain}_identity' for domain in DOMAINS),
  'generators/gradient_norm',
  *(f'discriminators/{domain}_domain' for domain in DOMAINS),
  *(f'discriminators/{domain}_accuracy_real' for domain in DOMAINS),
  *(f'discriminators/{domain}_accuracy_fake' for domain in DOMAINS),
  'discriminators/gradient_norm',
}


CYCLE = {f'generators/{domain}_cycle' for domain in DOMAINS}
IDENTITY = {f'generators/{domain}_identity' for domain in DOMAINS}
# Options, the keys that are gone, calls of each generator and discriminator.
VARIANTS = {
  'all': ({}, set(), 3, 3),
  'no cycle': ({'cycle_weight': 0.0}, CYCLE, 2, 3),
  'no identity': ({'identity_weight': 0.0}, IDENTITY, 2, 3),
  'neither': (
    {'cycle_weight': 0.0, 'identity_weight': 0.0},
    CYCLE | IDENTITY,
    1,
    3,
  ),
  'pool': ({'pool_size': 4}, set(), 3, 3),
  'cross entropy': ({'adversarial_loss': sigmoid_loss}, set(), 3, 3),
}


def networks(method):
  return {name: getattr(method, name) for name in NAMES}


@pytest.mark.parametrize('name', VARIANTS)
def test_keys_and_calls_of_a_step(name, build_method, build_batch, count_calls):
  """G and F translate, reconstruct and keep; D see real, fake, G's fake."""
  options, gone, generator_calls, discriminator_calls = VARIANTS[name]
  method = build_method(CycleGAN, **options)
  calls = count_calls(method)
  method.compile(tf.keras.optimizers.Adam(1e-3))
  logs = method.train_step(build_batch())
  assert set(logs) == KEYS - gone
  for key, value in logs.items():
    assert value.shape == () and value.dtype == tf.float32, key
    assert np.isfinite(value), key
  expected = (generator_calls,) * 2 + (discriminator_calls,) * 2
  assert calls() == dict(zip(NAMES, expected, strict=True))
  assert int(method.step) == 1


def test_what_each_term_has_a_gradient_for(build_method, build_batch, reached):
  """The cycle both generators, identity its own, D's losses none."""
  g, f, d_y, d_x = NAMES
  assert reached(build_method(CycleGAN), build_batch()) == {
    'generators/target_domain': {g, d_y},
    'generators/source_domain': {f, d_x},
    'generators/source_cycle': {g, f},
    'generators/target_cycle': {g, f},
    'generators/target_identity': {g},
    'generators/source_identity': {f},
    'discriminators/target_domain': {d_y},
    'discriminators/source_domain': {d_x},
  }


@pytest.mark.parametrize(
  'player, names', [('generators', NAMES[:2]), ('discriminators', NAMES[2:])]
)
def test_a_player_moves_all_of_its_own_variables_and_no_others(
  player, names, build_method, build_batch, changed_by
):
  method = build_method(CycleGAN, pool_size=4)
  found = changed_by(method, build_batch(), player)
  assert found == dict.fromkeys(names, 1.0)


def test_labels_are_not_looked_at(build_method, build_batch):
  found = []
  for labels in ([0, 1, 2, 0], None):
    batch = build_batch()
    batch['source'].pop('label')
    if labels:
      batch['source']['label'] = tf.constant(labels)
      batch['target']['label'] = tf.constant(labels)
    method = build_method(CycleGAN)
    method.compile(tf.keras.optimizers.Adam(1e-2))
    method.train_step(batch)
    found.append(method.get_weights())
  for a, b in zip(*found, strict=True):
    np.testing.assert_array_equal(a, b)


def test_translates_both_ways_and_answers_nothing(build_method, build_batch):
  method = build_method(CycleGAN)
  assert method.translates and method.translates_back and method.adapts
  assert not method.predicts
  images = build_batch()['source']['image']
  assert method.noise(4) is None and method.noise(4, seed=1) is None
  for translate, network in (
    (method.translate, method.source_to_target),
    (method.translate_back, method.target_to_source),
  ):
    translated = translate(images)
    assert translated.shape == images.shape
    expected = network([images, tf.zeros([4, 0])])
    np.testing.assert_array_equal(translated, expected)
  assert np.any(method.translate(images) != method.translate_back(images))


dropping = functools.partial(
  unet_generator, filters=2, extra_convolutions=0, dropout_rate=0.5
)


def test_dropout_is_off_when_translating(build_method, build_batch):
  method = build_method(CycleGAN, generator=dropping)
  images = build_batch()['source']['image']
  trained = generate(method.source_to_target, images, training=True)
  translated = method.translate(images).numpy()
  assert np.any(trained != translated)
  np.testing.assert_array_equal(method.translate(images), translated)
  assert method.noise(4) is None


@pytest.mark.parametrize('way', ['translate', 'translate_back'])
@pytest.mark.parametrize('compiled', [False, True])
def test_dropout_when_translating_comes_from_the_noise(
  compiled, way, build_method, build_batch
):
  """The noise decides; training's streams do not move."""
  method, twin = (
    build_method(CycleGAN, generator=dropping, dropout_when_translating=True)
    for _ in '12'
  )
  images = build_batch()['source']['image']
  plain = build_method(CycleGAN, generator=dropping)
  translate = getattr(method, way)
  if compiled:
    signature = [
      tf.TensorSpec([None, 8, 8, 1], tf.float32),
      tf.TensorSpec([], tf.int64),
    ]
    translate = tf.function(translate, signature)
  noise = method.noise(4, seed=1)
  assert noise.dtype == tf.int64 and noise.shape == ()
  first = translate(images, noise).numpy()
  np.testing.assert_array_equal(translate(images, noise), first)
  assert np.any(translate(images, method.noise(4, seed=2)) != first)
  assert np.any(getattr(plain, way)(images) != first)
  for name in NAMES[:2]:
    np.testing.assert_array_equal(
      generate(getattr(method, name), images, training=True),
      generate(getattr(twin, name), images, training=True),
    )


@pytest.mark.parametrize('compiled', [False, True])
def test_noise_that_is_not_given_is_drawn(compiled, build_method, build_batch):
  """Of any number of images, from the method's own stream."""
  method, twin = (
    build_method(CycleGAN, generator=dropping, dropout_when_translating=True)
    for _ in '12'
  )
  translate = method.translate
  if compiled:
    signature = [tf.TensorSpec([None, 8, 8, 1], tf.float32)]
    translate = tf.function(
      lambda images: method.translate(images), signature, autograph=False
    )
  images = build_batch()['source']['image']
  first, second = translate(images).numpy(), translate(images).numpy()
  assert np.any(first != second)
  for expected in (first, second):
    found = twin.translate(images, twin.noise(4))
    np.testing.assert_allclose(found, expected, atol=1e-6)
  before = twin.random.state.numpy()
  twin.noise(4, seed=3)
  np.testing.assert_array_equal(twin.random.state, before)


@pytest.mark.slow
def test_it_fits_as_a_keras_model(build_method):
  random = np.random.default_rng(0)
  source, target = random.uniform(-1, 1, (2, 16, 8, 8, 1)).astype(np.float32)
  batches = data.pair((source, np.zeros(16, int)), target, batch_size=4)
  method = build_method(CycleGAN, pool_size=8)
  method.compile(tf.keras.optimizers.Adam(1e-3, beta_1=0.5))
  history = method.fit(batches, epochs=2, steps_per_epoch=2, verbose=0).history
  losses = {'loss', 'generators/loss', 'discriminators/loss'}
  assert set(history) == KEYS | losses and int(method.step) == 4
  assert all(np.isfinite(values).all() for values in history.values())


def test_the_papers_networks_and_weights_are_the_defaults():
  """Sect. 4.3: lambda_1 = 8, lambda_2 = 0.1 lambda_1, D's loss halved."""
  method = CycleGAN(image_shape=(8, 8, 3), n_classes=10)
  assert (method.cycle_weight, method.identity_weight) == (8.0, 0.8)
  assert method.discriminator_weight == 0.5 and method.pools is None
  assert method.adversarial_loss.threshold == 0.5
  assert len({id(network) for network in networks(method).values()}) == 4
