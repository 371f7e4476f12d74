import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.losses.adversarial import least_squares_loss
from pixelda_tf.methods import PixelDA
from pixelda_tf.networks import patch_discriminator

KEYS = {
  'discriminator/domain',
  'discriminator/accuracy_real',
  'discriminator/accuracy_fake',
  'discriminator/gradient_norm',
  'task/source_class',
  'task/translated_class',
  'task/gradient_norm',
  'generator/domain',
  'generator/translated_class',
  'generator/gradient_norm',
}


patches = functools.partial(patch_discriminator, filters=2, strides=(2,))


VARIANTS = {
  'paper digits': ({}, KEYS),
  'content loss': ({'content_weight': 0.1}, KEYS | {'generator/content'}),
  'no task in G': ({'task_weight': 0.0}, KEYS - {'generator/translated_class'}),
  'patches': ({'discriminator': patches}, KEYS),
  'class head': (
    {'discriminator': patches, 'class_head_weight': 0.5},
    KEYS | {'discriminator/class_head', 'generator/class_head'},
  ),
  'private layers': ({'private_task_layers': True}, KEYS),
  'no source in T': (
    {'source_task_weight': 0.0},
    KEYS - {'task/source_class'},
  ),
  'no source in T of private layers': (
    {'source_task_weight': 0.0, 'private_task_layers': True},
    KEYS - {'task/source_class'},
  ),
  'G without T': (
    {'generator_task_weight': 0.0},
    KEYS - {'generator/translated_class'},
  ),
  'semi-supervised': (
    {'semi_supervised': True},
    KEYS | {'task/target_class'},
  ),
  'T three times': ({'task_repeats': 3}, KEYS),
  'least squares': ({'adversarial_loss': least_squares_loss}, KEYS),
}


def values(networks):
  return [v.numpy() for net in networks for v in net.trainable_variables]


@pytest.mark.parametrize('name', VARIANTS)
def test_the_keys_of_a_steps_logs(name, build_pixelda, build_batch):
  kwargs, keys = VARIANTS[name]
  method = build_pixelda(**kwargs)
  method.compile(tf.keras.optimizers.Adam(1e-3))
  batch = build_batch(mask=True)
  if method.role == 'semi_supervised':
    batch['labelled_target'] = build_batch(1)['source']
  logs = method.train_step(batch)
  assert set(logs) == keys
  for name, value in logs.items():
    assert value.shape == () and value.dtype == tf.float32, name
    assert np.isfinite(value), name


@pytest.mark.parametrize('name', ['class head', 'private layers'])
@pytest.mark.parametrize('player', ['discriminator', 'task', 'generator'])
def test_a_player_moves_all_of_its_own_variables_and_no_others(
  player, name, build_pixelda, build_batch, no_rate
):
  method = build_pixelda(content_weight=1.0, **VARIANTS[name][0])
  networks = {
    'discriminator': [method.discriminator],
    'task': [n for n in (method.task, method.private_task) if n],
    'generator': [method.generator],
  }
  before = {key: values(value) for key, value in networks.items()}
  optimizers = dict.fromkeys(networks, no_rate)
  method.compile(optimizers | {player: tf.keras.optimizers.Adam(0.1)})
  method.train_step(build_batch(mask=True))
  for key, value in networks.items():
    for old, new in zip(before[key], values(value), strict=True):
      assert np.any(old != new) == (key == player), (key, old.shape)


def test_what_each_network_is_called_for_in_a_step(
  build_pixelda, build_batch, count_calls
):
  """G translates once; D sees real, fake, and G's fake; T source and fake.

  T sees the translated images twice: once for its own move, once, after it,
  for G's.
  """
  method = build_pixelda(content_weight=1.0)
  calls = count_calls(method)
  method.compile(tf.keras.optimizers.Adam(1e-3))
  for step in (1, 2):
    method.train_step(build_batch(mask=True))
    assert calls() == {'generator': 1, 'discriminator': 3, 'task': 3}
    assert int(method.step) == step


def test_t_moves_again_on_what_g_translates_with_fresh_noise(
  build_pixelda, build_batch, count_calls
):
  """G translates twice more; T sees source and fake thrice, then G's fake."""
  method = build_pixelda(task_repeats=3)
  calls = count_calls(method)
  drawn, noise = [], method.noise
  method.noise = lambda count: drawn.append(noise(count)) or drawn[-1]
  method.compile(tf.keras.optimizers.Adam(1e-3))
  method.train_step(build_batch())
  assert calls() == {'generator': 3, 'discriminator': 3, 'task': 3 * 2 + 1}
  assert np.ptp(np.stack(drawn), axis=0).min() > 0
  assert int(method.player_optimizers['task'].iterations) == 3
  assert int(method.player_optimizers['generator'].iterations) == 1


def test_private_layers_serve_their_own_domain(build_pixelda, build_batch):
  """Target images go through the layers that translated images train."""
  method = build_pixelda(private_task_layers=True)
  own = method.private_task.get_layer('private_convolution')
  images = build_batch()['target']['image']
  before = method(images)['logits'].numpy()
  own.kernel.assign_add(tf.ones_like(own.kernel))
  np.testing.assert_array_equal(method(images)['logits'], before)
  assert build_pixelda().private_task is None


def test_a_loss_of_the_foreground_needs_masks(build_pixelda, build_batch):
  method = build_pixelda(content_weight=1.0)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  with pytest.raises(UserError, match='content_loss.*the source has no masks'):
    method.train_step(build_batch())


def test_translate_draws_noise_or_takes_it(build_pixelda, build_batch):
  method = build_pixelda()
  images = build_batch()['source']['image']
  first = method.translate(images).numpy()
  assert first.shape == images.shape and np.abs(first).max() <= 1.0
  assert np.any(first != method.translate(images))
  noise = method.noise(4, seed=1)
  np.testing.assert_array_equal(noise, method.noise(4, seed=1))
  assert np.any(noise != method.noise(4, seed=2))
  np.testing.assert_array_equal(
    method.translate(images, noise), method.translate(images, noise)
  )


def test_noise_is_uniform_in_minus_one_to_one(build_pixelda):
  """Mean 0 and variance 1/3; 10,000 draws have standard errors of 0.006."""
  method = build_pixelda()
  for noise in (method.noise(5000), method.noise(5000, seed=3)):
    assert noise.shape == (5000, 2) and noise.dtype == tf.float32
    assert -1 <= np.min(noise) < -0.99 and 0.99 < np.max(noise) <= 1
    np.testing.assert_allclose(np.mean(noise), 0.0, atol=0.03)
    np.testing.assert_allclose(np.var(noise), 1 / 3, atol=0.03)


def test_noise_from_a_seed_leaves_the_methods_stream_alone(build_pixelda):
  one, other = build_pixelda(), build_pixelda()
  one.noise(3, seed=1)
  np.testing.assert_array_equal(one.noise(3), other.noise(3))


def test_the_papers_networks_are_the_defaults():
  method = PixelDA(image_shape=(28, 28, 3), n_classes=10)
  assert (method.noise_size, method.content_weight) == (10, 0.0)
  assert method.generator.count_params() > 400_000
  assert method.discriminator.count_params() > 1_000_000
  images = tf.zeros([2, 28, 28, 3])
  assert method(images)['logits'].shape == (2, 10)
  assert method.translate(images).shape == images.shape
