"""Discriminators of features, of vectors and of maps."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  feature_discriminator,
  feature_map_discriminator,
  layers,
)


def of_type(model, kind):
  return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_the_feature_discriminator_by_hand(policy):
  """Layers of 7 * 5 + 5, 5 * 5 + 5 and 5 + 1 weights; two ReLUs."""
  tf.keras.mixed_precision.set_global_policy(policy)
  model = feature_discriminator(7, units=5)
  assert [tuple(w.shape) for w in model.weights] == [
    (7, 5),
    (5,),
    (5, 5),
    (5,),
    (5, 1),
    (1,),
  ]
  features = tf.random.normal([6, 7])
  outputs = model(features)
  assert set(outputs) == {'domain'}
  assert outputs['domain'].shape == (6, 1)
  assert outputs['domain'].dtype == tf.float32
  hidden = features.numpy()
  weights = model.get_weights()
  for kernel, bias in zip(weights[0:4:2], weights[1:4:2], strict=True):
    hidden = np.maximum(hidden @ kernel + bias, 0)
  expected = hidden @ weights[4] + weights[5]
  assert np.min(expected) < 0 < np.max(expected)
  tolerance = {'float32': 1e-5, 'mixed_bfloat16': 0.05}[policy]
  np.testing.assert_allclose(outputs['domain'], expected, atol=tolerance)


def test_the_feature_discriminator_may_have_leaky_relus():
  """A slope of 0.2 below 0."""
  model = feature_discriminator(7, units=5, slope=0.2)
  features = tf.random.normal([6, 7])
  hidden = features.numpy()
  weights = model.get_weights()
  for kernel, bias in zip(weights[0:4:2], weights[1:4:2], strict=True):
    hidden = hidden @ kernel + bias
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
  expected = hidden @ weights[4] + weights[5]
  np.testing.assert_allclose(model(features)['domain'], expected, atol=1e-5)


def test_the_feature_discriminator_has_the_released_codes_units():
  units = [layer.units for layer in feature_discriminator(10).layers[1:]]
  assert units == [500, 500, 1]


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_each_place_of_feature_maps_has_a_decision_by_hand(policy):
  """6 * 8 + 8, 8 * 4 + 4 and 4 + 1 weights; two ReLUs; no neighbour."""
  tf.keras.mixed_precision.set_global_policy(policy)
  model = feature_map_discriminator(6, filters=8)
  assert model.count_params() == 56 + 36 + 5
  maps = tf.random.normal([2, 3, 5, 6])
  decisions = model(maps)['domain']
  assert decisions.shape == (2, 3, 5, 1) and decisions.dtype == tf.float32
  hidden = maps.numpy()
  *pairs, kernel, bias = model.get_weights()
  for k, b in zip(pairs[::2], pairs[1::2], strict=True):
    hidden = np.maximum(hidden @ k[0, 0] + b, 0)
  tolerance = {'float32': 1e-5, 'mixed_bfloat16': 0.1}[policy]
  np.testing.assert_allclose(
    decisions, hidden @ kernel[0, 0] + bias, atol=tolerance
  )


def test_the_map_discriminator_may_have_leaky_relus():
  """A slope of 0.2 below 0."""
  model = feature_map_discriminator(6, filters=8, slope=0.2, dropout_rate=0.0)
  maps = tf.random.normal([2, 3, 5, 6])
  hidden = maps.numpy()
  *pairs, kernel, bias = model.get_weights()
  for k, b in zip(pairs[::2], pairs[1::2], strict=True):
    hidden = hidden @ k[0, 0] + b
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
  expected = hidden @ kernel[0, 0] + bias
  np.testing.assert_allclose(model(maps)['domain'], expected, atol=1e-5)


def test_the_map_discriminator_drops_whole_maps_as_the_released_code():
  """Half of 512 and of 256, each map everywhere or nowhere."""
  model = feature_map_discriminator(10)
  widths = [stage.filters for stage in of_type(model, tf.keras.layers.Conv2D)]
  assert widths == [512, 256, 1]
  corruptions = of_type(model, layers.Corruption)
  assert len({corruption.seed for corruption in corruptions}) == 2
  for corruption, width in zip(corruptions, widths[:2], strict=True):
    assert (corruption.dropout_rate, corruption.noise_stddev) == (0.5, 0.0)
    kept = corruption(tf.ones([1, 2, 3, width]), training=True).numpy() > 0
    np.testing.assert_array_equal(
      kept, np.broadcast_to(kept[:, :1, :1], kept.shape)
    )
    assert 0.4 < kept.mean() < 0.6
  without = feature_map_discriminator(10, dropout_rate=0.0)
  assert not of_type(without, layers.Corruption)
