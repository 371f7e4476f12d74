import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import layers


def test_corruption_is_off_outside_training():
  images = tf.random.normal([2, 4, 4, 3])
  corruption = layers.Corruption(0.5, 1.0, seed=0)
  np.testing.assert_array_equal(corruption(images), images)
  assert np.any(corruption(images, training=True) != images)


def test_dropout_keeps_the_mean_and_noise_adds_its_deviation():
  """Kept with probability 0.8 and divided by it; noise of deviation 0.3.

  With 40,000 draws the standard errors are 0.002 and below.
  """
  ones = tf.ones([4, 100, 100, 1])
  dropped = layers.Corruption(0.2, 0.0, seed=0)(ones, training=True).numpy()
  np.testing.assert_allclose(np.unique(dropped), [0.0, 1.25], rtol=1e-6)
  np.testing.assert_allclose(np.mean(dropped > 0), 0.8, atol=0.01)
  noisy = layers.Corruption(0.0, 0.3, seed=0)(ones, training=True).numpy()
  np.testing.assert_allclose(noisy.mean(), 1.0, atol=0.01)
  np.testing.assert_allclose(noisy.std(), 0.3, atol=0.01)


def test_dropout_passes_a_gradient_only_where_it_keeps():
  inputs = tf.Variable(tf.ones([1, 8, 8, 2]))
  with tf.GradientTape() as tape:
    outputs = layers.Corruption(0.5, 0.1, seed=3)(inputs, training=True)
  gradient = tape.gradient(outputs, inputs).numpy()
  np.testing.assert_array_equal(np.unique(gradient), [0.0, 2.0])
  np.testing.assert_array_equal(gradient > 0, outputs.numpy() > 1.0)


def test_corruption_moves_on_and_a_checkpoint_holds_where(tmp_path):
  ones = tf.ones([2, 4, 4, 1])
  corruption = layers.Corruption(0.5, 1.0, seed=0)
  first = corruption(ones, training=True).numpy()
  path = tf.train.Checkpoint(layer=corruption).write(str(tmp_path / 'c'))
  second = corruption(ones, training=True).numpy()
  assert np.any(first != second)
  restored = layers.Corruption(0.5, 1.0, seed=9)
  tf.train.Checkpoint(layer=restored).read(path).assert_consumed()
  np.testing.assert_array_equal(restored(ones, training=True), second)


def test_corruption_is_rebuilt_from_its_config():
  config = layers.Corruption(0.5, 1.0, seed=4).get_config()
  rebuilt = layers.Corruption.from_config(config)
  ones = tf.ones([2, 4, 4, 1])
  np.testing.assert_array_equal(
    rebuilt(ones, training=True),
    layers.Corruption(0.5, 1.0, seed=4)(ones, training=True),
  )


def test_corruption_keeps_bfloat16():
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  corruption = layers.Corruption(0.5, 1.0, seed=0)
  assert corruption(tf.ones([1, 2, 2, 1]), training=True).dtype == tf.bfloat16


@pytest.mark.parametrize('strides, side', [(1, 5), (2, 3)])
def test_convolution_pads_and_starts_near_zero(strides, side):
  convolution = layers.convolution(64, 3, strides)
  assert convolution(tf.zeros([2, 5, 5, 8])).shape == (2, side, side, 64)
  np.testing.assert_allclose(np.std(convolution.kernel), 0.02, rtol=0.1)
  assert convolution.bias is not None
  assert not layers.convolution(8, 3, use_bias=False).use_bias


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


def test_images_out_is_a_float32_tanh_under_mixed_precision():
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  inputs = tf.keras.Input([4, 4, 8])
  model = tf.keras.Model(inputs, layers.images_out(inputs, 3))
  images = model(100.0 * tf.random.normal([2, 4, 4, 8]))
  assert images.shape == (2, 4, 4, 3) and images.dtype == tf.float32
  assert 0.5 < np.abs(images).max() <= 1.0
