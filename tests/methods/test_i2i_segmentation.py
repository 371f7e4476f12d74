"""I2I Adapt on label maps: places of maps, and images that do not fill them."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from i2i_parts import OPTIONS, build, logs_of

from pixelda_tf.methods.critic import normalized
from pixelda_tf.networks import (
  feature_map_discriminator,
  map_decoders,
  patch_discriminator,
  resnet34_segmenter,
)
from pixelda_tf.networks.layers import no_normalization
from pixelda_tf.problems import Segmentation

ALL = tuple(OPTIONS)
SIZE = 19, 27  # of 3x4 places of 8 pixels
NETWORKS = {
  'problem': Segmentation(),
  'task': functools.partial(resnet34_segmenter, filters=1),
  'decoders': functools.partial(
    map_decoders,
    filters=(4, 3, 2),
    kernel_sizes=(3, 4, 4, 4),
    strides=(1, 2, 2, 2),
    private_layers=4,
    normalization=no_normalization,
  ),
  'critic': functools.partial(
    patch_discriminator, filters=2, normalization=no_normalization
  ),
  'feature_critic': functools.partial(
    feature_map_discriminator, filters=4, slope=0.2, dropout_rate=0.0
  ),
  'image_shape': (None, None, 3),
  'train_shape': (*SIZE, 3),
}


def method_of(*terms, **options):
  return build(*terms, **NETWORKS | options)


@pytest.fixture
def batch():
  random = np.random.default_rng(0)
  source, target = random.uniform(-1, 1, (2, 2, *SIZE, 3)).astype(np.float32)
  labels = random.integers(3, size=(2, *SIZE, 1))
  labels[:, :5] = 255
  return {
    'source': {
      'image': tf.constant(source),
      'segmentation': tf.constant(labels, tf.int32),
    },
    'target': {'image': tf.constant(target)},
  }


@pytest.mark.slow
@pytest.mark.parametrize(
  'compiled', [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_a_step_of_images_that_do_not_fill_their_maps(batch, compiled):
  method = method_of(*ALL)
  method.compile(tf.keras.optimizers.Adam(1e-3))
  step = method.train_step
  if compiled:
    step = tf.function(step, autograph=False)
  logs = step(batch)
  # The problem's one term, where classes have 'class'.
  expected = {name.replace('class', 'pixels') for name in logs_of(ALL)}
  assert set(logs) == expected
  assert all(np.isfinite(value) for value in logs.values())
  images = batch['target']['image'][:, :18]
  for translate in (method.translate, method.translate_back):
    assert translate(images).shape == images.shape


def test_what_a_decoder_makes_beyond_an_image_is_cut_off(batch):
  """Below and at the right; so the identity is compared place by place."""
  method, y = method_of('c', 'id_y'), batch['target']['image']
  terms, _ = method.model_losses(batch, method.shared(batch))
  codes = method.task(y, training=True)['features']
  made = method.target_decoder(codes)
  assert codes.shape[1:3] == (3, 4) and made.shape[1:3] == (24, 32)
  expected = 0.5 * np.mean(np.abs(made[:, :19, :27] - y))
  np.testing.assert_allclose(terms['target_identity'], expected, rtol=1e-4)


def test_every_place_of_a_map_has_its_decision(batch):
  """d_z is the mean of them, of 3x4 places."""
  method = method_of('c', 'z')
  shared = method.shared(batch)
  decisions = method.feature_critic(normalized(shared['target']))['domain']
  assert decisions.shape == (2, 3, 4, 1)
  terms, _ = method.model_losses(batch, shared)
  expected = -0.8 * np.mean(decisions)
  np.testing.assert_allclose(terms['feature_domain'], expected, rtol=1e-4)


def test_the_penalty_is_of_a_whole_map(batch):
  """A critic that adds each place's maps times 5: the slope's length is

  5 / 12 at each of 3 * 4 * 8 values, 5 / 12 * sqrt(96) together.
  """

  def linear(size):
    maps = tf.keras.Input((None, None, size))
    weight = tf.keras.initializers.Constant(5.0)
    add = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer=weight)
    return tf.keras.Model(maps, {'domain': add(maps)})

  method = method_of('c', 'z', feature_critic=linear)
  shared = method.shared(batch)
  assert shared['source'].shape == (2, 3, 4, 8)
  terms, _ = method.critic_losses(batch, shared)
  expected = 10.0 * (5 / 12 * np.sqrt(96) - 1) ** 2
  np.testing.assert_allclose(terms['feature_penalty'], expected, rtol=1e-4)


def test_who_gets_a_gradient_of_what(reached, batch):
  """As of classes: Q_trc does not reach g_y, and critics nothing else."""
  f, g_x, g_y = 'task', 'source_decoder', 'target_decoder'
  terms = reached(method_of(*ALL), batch)
  assert terms['model/pixels'] == terms['model/translated_pixels'] == {f}
  assert terms['model/feature_domain'] == {f, 'feature_critic'}
  assert terms['model/target_domain'] == {f, g_y, 'target_critic'}
  assert terms['model/source_cycle'] == {f, g_x, g_y}
  assert terms['critics/feature_domain'] == {'feature_critic'}


def test_decoders_for_other_strides_are_told():
  decoders = functools.partial(
    map_decoders, filters=(2,), kernel_sizes=(4, 4), strides=(2, 2)
  )
  with pytest.raises(ValueError, match='codes of 3x4, which become 12x16'):
    method_of('c', 'id_y', decoders=decoders)
