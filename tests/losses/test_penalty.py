import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.penalty import gradient_penalty
from pixelda_tf.networks import layers

REAL, FAKE = tf.constant([[8.0, 0.0], [1.0, 1.0]]), tf.zeros([2, 2])
MIX = tf.constant([0.25, 0.5])


def test_a_linear_critic_pays_for_the_norm_of_its_weights():
  """D(x) = 3 x1 + 4 x2 + 7: (5 - 1)^2; its slope is 2 (5 - 1) w / 5."""
  weights = tf.Variable([3.0, 4.0])
  with tf.GradientTape() as tape:
    penalty = gradient_penalty(
      lambda x: tf.reduce_sum(x * weights, axis=1) + 7.0, REAL, FAKE, MIX
    )
  assert penalty.shape == () and penalty.dtype == tf.float32
  np.testing.assert_allclose(penalty, 16.0, rtol=1e-6)
  np.testing.assert_allclose(
    tape.gradient(penalty, weights), [4.8, 6.4], rtol=1e-6
  )


def test_it_is_taken_between_real_and_fake():
  """D(x) = |x|^2 / 2, so the norm is |x|: 2, and the root of 0.5."""
  penalty = gradient_penalty(
    lambda x: tf.reduce_sum(x**2, axis=1) / 2.0, REAL, FAKE, MIX
  )
  np.testing.assert_allclose(
    penalty, (1.0 + (np.sqrt(0.5) - 1.0) ** 2) / 2, rtol=1e-6
  )


def test_patches_are_summed_and_images_are_not():
  """Two decisions of weight 2 on one pixel: 4; images of three such pixels."""
  images = tf.ones([5, 1, 3, 1])
  penalty = gradient_penalty(
    lambda x: 2.0 * tf.concat([x, x], axis=-1), images, images, tf.ones([5])
  )
  np.testing.assert_allclose(penalty, (4 * np.sqrt(3) - 1) ** 2, rtol=1e-6)


def test_a_critic_without_a_slope_pays_1_and_its_gradient_is_finite():
  weight = tf.Variable(0.0)
  with tf.GradientTape() as tape:
    penalty = gradient_penalty(lambda x: weight * x, REAL, FAKE, MIX)
  np.testing.assert_allclose(penalty, 1.0, rtol=1e-5)
  assert np.isfinite(tape.gradient(penalty, weight))


class PlainNormalization(tf.keras.layers.Layer):
  """Instance normalisation of means and products, in float64."""

  def build(self, input_shape):
    self.gamma = self.add_weight('gamma', input_shape[-1:], initializer='ones')
    self.beta = self.add_weight('beta', input_shape[-1:])

  def call(self, inputs):
    values = tf.cast(inputs, tf.float64)
    centred = values - tf.reduce_mean(values, [1, 2], keepdims=True)
    variance = tf.reduce_mean(centred**2, [1, 2], keepdims=True)
    unit = tf.cast(centred / tf.sqrt(variance + 1.001e-5), inputs.dtype)
    return unit * tf.cast(self.gamma, inputs.dtype) + tf.cast(
      self.beta, inputs.dtype
    )


def gradients(normalization, weights=None):
  """The penalty, and its gradient by variable, of a small critic."""
  images = tf.keras.Input([6, 6, 2])
  tensor = tf.keras.layers.Conv2D(4, 3, padding='same')(images)
  tensor = layers.leaky_relu(0.2)(normalization()(tensor))
  logits = tf.keras.layers.Conv2D(1, 3)(tensor)
  logits = tf.keras.layers.Activation('linear', dtype='float32')(logits)
  critic = tf.keras.Model(images, logits)
  if weights:
    critic.set_weights(weights)
  random = np.random.default_rng(0)
  images = random.normal(size=(2, 3, 6, 6, 2)).astype(np.float32)
  real, fake = map(tf.constant, images)
  mix = random.uniform(size=3).astype(np.float32)

  @tf.function
  def slopes():
    with tf.GradientTape() as tape:
      penalty = gradient_penalty(critic, real, fake, mix)
    # An offset in front of a normalisation, and the last one, have no slope.
    return penalty, tape.gradient(
      penalty, critic.trainable_variables, unconnected_gradients='zero'
    )

  return *slopes(), critic.get_weights()


@pytest.mark.parametrize(
  'policy, tolerance', [('float32', 1e-3), ('mixed_bfloat16', 0.05)]
)
def test_through_instance_normalisation(policy, tolerance):
  """Its second derivatives are those of the same normalisation written out."""
  expected_penalty, expected, weights = gradients(PlainNormalization)
  tf.keras.mixed_precision.set_global_policy(policy)
  penalty, found, _ = gradients(layers.instance_normalization, weights)
  np.testing.assert_allclose(penalty, expected_penalty, rtol=tolerance)
  scale = max(np.abs(values).max() for values in expected)
  assert scale > 0.1
  for ours, theirs in zip(found, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=tolerance * scale)
