"""Normalisation, by hand and against other implementations."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import layers


def test_instance_normalization_by_hand():
  """Each image and channel gets mean 0 and variance 1 over its pixels.

  (0, 2, 4, 6) has mean 3 and variance 5.
  """
  pixels = np.array([0.0, 2.0, 4.0, 6.0], np.float32)
  images = np.stack([pixels, 10 * pixels + 3], -1).reshape(1, 2, 2, 2)
  expected = (pixels - 3) / np.sqrt(5)
  outputs = layers.instance_normalization()(images)
  for channel in range(2):
    np.testing.assert_allclose(
      outputs[0, :, :, channel], expected.reshape(2, 2), rtol=1e-4
    )


def numpy_normalized(images, gamma, beta, epsilon, upstream):
  """Outputs and gradients of (images, gamma, beta) in float64, by hand."""
  images, upstream = images.astype(np.float64), upstream.astype(np.float64)
  mean = images.mean(axis=(1, 2), keepdims=True)
  deviation = np.sqrt(images.var(axis=(1, 2), keepdims=True) + epsilon)
  unit = (images - mean) / deviation
  inner = upstream * gamma
  towards = inner.mean(axis=(1, 2), keepdims=True)
  along = (inner * unit).mean(axis=(1, 2), keepdims=True)
  return (
    unit * gamma + beta,
    (inner - towards - unit * along) / deviation,
    (upstream * unit).sum(axis=(0, 1, 2)),
    upstream.sum(axis=(0, 1, 2)),
  )


def normalized(layer, images, upstream):
  """Outputs and gradients of a layer."""
  images = tf.constant(images)
  with tf.GradientTape() as tape:
    tape.watch(images)
    outputs = layer(images, training=True)
    loss = tf.reduce_sum(outputs * tf.cast(upstream, outputs.dtype))
  return outputs, *tape.gradient(loss, [images, layer.gamma, layer.beta])


def normalization_case(batch, height=5, width=4, channels=3):
  """Images with a mean of their own each, an upstream gradient and weights."""
  random = np.random.default_rng(batch)
  shape = (batch, height, width, channels)
  images = random.normal(random.normal(size=(batch, 1, 1, channels)), 2.0)
  images = np.broadcast_to(images, shape) + random.normal(size=shape)
  upstream = random.normal(size=shape)
  gamma, beta = random.normal(size=(2, channels))
  cast = [v.astype(np.float32) for v in (images, upstream, gamma, beta)]
  return cast


def built(layer, gamma, beta):
  layer.build([None, None, None, len(gamma)])
  layer.gamma.assign(gamma)
  layer.beta.assign(beta)
  return layer


@pytest.mark.parametrize('epsilon', [1.001e-5, 0.1])
@pytest.mark.parametrize('batch', [1, 2, 7])
def test_instance_normalization_and_its_gradients_equal_numpys(batch, epsilon):
  images, upstream, gamma, beta = normalization_case(batch)
  layer = built(layers.InstanceNormalization(epsilon), gamma, beta)
  found = normalized(layer, images, upstream)
  expected = numpy_normalized(images, gamma, beta, epsilon, upstream)
  for ours, theirs in zip(found, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


@pytest.mark.skipif(
  sys.version_info >= (3, 12), reason='this Python has no tensorflow-addons'
)
@pytest.mark.parametrize('batch', [1, 4])
def test_instance_normalization_equals_the_addons_layer(batch):
  from pixelda_tf.addons import tfa

  images, upstream, gamma, beta = normalization_case(batch)
  ours = built(layers.instance_normalization(), gamma, beta)
  theirs = tfa.layers.InstanceNormalization(epsilon=ours.epsilon)
  built(theirs, gamma, beta)
  for one, other in zip(
    normalized(ours, images, upstream),
    normalized(theirs, images, upstream),
    strict=True,
  ):
    np.testing.assert_allclose(one, other, atol=2e-5)


def test_instance_normalization_looks_at_one_image_in_and_out_of_training():
  images = tf.constant(normalization_case(5)[0])
  layer = layers.instance_normalization()
  among = layer(images, training=True).numpy()
  np.testing.assert_array_equal(layer(images), among)
  for place in range(5):
    alone = layer(images[place : place + 1])
    np.testing.assert_allclose(alone, among[place : place + 1], atol=1e-6)
  assert not layer.non_trainable_variables
  constant = layer(tf.fill([2, 3, 3, 3], 7.0))
  np.testing.assert_allclose(constant, np.zeros([2, 3, 3, 3]), atol=1e-3)


def test_instance_normalization_under_bfloat16():
  """Images in bfloat16, statistics in float32: 8 bits remain of the output."""
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  images, upstream, gamma, beta = normalization_case(3)
  layer = built(layers.instance_normalization(), gamma, beta)
  found = normalized(layer, images, upstream)
  assert found[0].dtype == tf.bfloat16
  assert {v.dtype for v in layer.variables} == {tf.float32}
  expected = numpy_normalized(images, gamma, beta, layer.epsilon, upstream)
  for ours, theirs in zip(found, expected, strict=True):
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(
      tf.cast(ours, tf.float32), theirs, atol=0.03 * scale
    )


def test_instance_normalization_is_rebuilt_from_its_config():
  config = layers.InstanceNormalization(0.25, name='mine').get_config()
  rebuilt = layers.InstanceNormalization.from_config(config)
  assert (rebuilt.epsilon, rebuilt.name) == (0.25, 'mine')


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_instance_normalization_in_a_saved_model(policy, tmp_path):
  """Loaded without its class, for any batch and size."""
  tf.keras.mixed_precision.set_global_policy(policy)
  images, _, gamma, beta = normalization_case(4)
  layer = built(layers.instance_normalization(), gamma, beta)
  signature = tf.TensorSpec([None, None, None, 3], tf.float32)
  module = tf.Module()
  module.layer = layer
  module.serve = tf.function(
    lambda images: tf.cast(layer(images), tf.float32), [signature]
  )
  tf.saved_model.save(module, str(tmp_path / 'model'))
  loaded = tf.saved_model.load(str(tmp_path / 'model'))
  for part in (images, images[:1], images[:2, 1:]):
    np.testing.assert_allclose(
      loaded.serve(part), tf.cast(layer(part), tf.float32), atol=1e-6
    )


def test_batch_normalization_has_the_released_codes_numbers():
  """After one batch of mean 2 the moving mean is 0.9 * 0 + 0.1 * 2."""
  layer = layers.batch_normalization()
  layer(tf.constant([1.0, 3.0], shape=[2, 1, 1, 1]), training=True)
  np.testing.assert_allclose(layer.moving_mean, [0.2], rtol=1e-6)
  assert layer.epsilon == 1e-3
  assert [v.name.split('/')[-1] for v in layer.trainable_variables] == [
    'beta:0'
  ]


def test_no_normalization_changes_nothing():
  images = tf.random.normal([2, 3, 3, 1])
  np.testing.assert_array_equal(layers.no_normalization()(images), images)
