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

  Of 16,384 draws 13,107 are kept. With 40,000 elements the standard errors are
  0.002 and below; that of the kurtosis, 3, is 0.02.
  """
  ones = tf.ones([4, 100, 100, 1])
  dropped = layers.Corruption(0.2, 0.0, seed=0)(ones, training=True).numpy()
  np.testing.assert_allclose(np.unique(dropped), [0.0, 16384 / 13107])
  np.testing.assert_allclose(np.mean(dropped > 0), 0.8, atol=0.01)
  noisy = layers.Corruption(0.0, 0.3, seed=0)(ones, training=True).numpy()
  np.testing.assert_allclose(noisy.mean(), 1.0, atol=0.01)
  np.testing.assert_allclose(noisy.std(), 0.3, atol=0.01)
  deviations = (noisy - 1.0) / 0.3
  np.testing.assert_allclose(np.mean(deviations**4), 3.0, atol=0.1)
  assert len(np.unique(noisy)) > 10_000


def test_an_odd_number_of_draws_is_enough_for_every_element():
  """Neighbours share 32 random bits, dropout and noise none."""
  inputs = tf.ones([1, 101, 101, 1])
  corruption = layers.Corruption(0.5, 0.0, seed=1)
  first, second = (
    corruption(inputs, training=True).numpy().ravel() > 0 for _ in range(2)
  )
  assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.05
  assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


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


def test_transposed_convolution_widens_and_starts_near_zero():
  convolution = layers.transposed_convolution(32, 3, 2)
  assert convolution(tf.zeros([2, 5, 4, 8])).shape == (2, 10, 8, 32)
  np.testing.assert_allclose(np.std(convolution.kernel), 0.02, rtol=0.1)
  assert not layers.transposed_convolution(8, 3, 2, use_bias=False).use_bias


@pytest.mark.parametrize('kernel_size, side', [(1, 1), (7, 7)])
def test_images_out_may_look_around(kernel_size, side):
  inputs = tf.keras.Input([9, 9, 1])
  model = tf.keras.Model(inputs, layers.images_out(inputs, 1, kernel_size))
  images = np.zeros([1, 9, 9, 1], np.float32)
  before = model(images)
  images[0, 4, 4] = 1.0
  assert np.count_nonzero(model(images) != before) == side**2


def test_whole_channels_are_dropped_by_image():
  """Kept with probability 0.75 and divided by it: 1,200 channels.

  A standard error of 0.0125; no channel is dropped in all images.
  """
  corruption = layers.Corruption(0.25, 0.0, seed=0, whole_channels=True)
  outputs = corruption(tf.ones([40, 4, 5, 30]), training=True).numpy()
  np.testing.assert_array_equal(
    outputs, np.broadcast_to(outputs[:, :1, :1], outputs.shape)
  )
  np.testing.assert_allclose(np.unique(outputs), [0.0, 4 / 3], rtol=1e-6)
  np.testing.assert_allclose(np.mean(outputs > 0), 0.75, atol=0.05)
  assert np.all(np.ptp(outputs[:, 0, 0], axis=0) > 0)
  config = corruption.get_config()
  assert layers.Corruption.from_config(config).whole_channels


def corrupted_network():
  """Two corruptions, one of them in a model within the model."""
  inner = tf.keras.Sequential([layers.Corruption(0.5, 0.0, seed=1)])
  images = tf.keras.Input([4, 4, 1])
  outputs = layers.Corruption(0.0, 1.0, seed=2)(inner(images))
  return tf.keras.Model(images, outputs)


@pytest.mark.parametrize('compiled', [False, True])
def test_drawing_from_a_seed_moves_no_stream(compiled):
  network, untouched = corrupted_network(), corrupted_network()
  images = tf.ones([2, 4, 4, 1])

  def drawn(seed):
    with layers.drawing_from(network, seed):
      return network(images, training=True)

  if compiled:
    drawn = tf.function(drawn, [tf.TensorSpec([], tf.int64)])
  seeds = [tf.constant(seed, tf.int64) for seed in (7, 7, 8, -(2**63))]
  first, second, other, least = (drawn(seed).numpy() for seed in seeds)
  np.testing.assert_array_equal(first, second)
  assert np.any(first != other) and np.all(np.isfinite(least))
  for _ in range(2):
    np.testing.assert_array_equal(
      network(images, training=True), untouched(images, training=True)
    )


def test_drawing_from_a_seed_draws_anew_at_every_call_within():
  network = corrupted_network()
  images = tf.ones([2, 4, 4, 1])
  with layers.drawing_from(network, tf.constant(7, tf.int64)):
    one, two = (network(images, training=True).numpy() for _ in '12')
  assert np.any(one != two)


def test_drawing_from_a_seed_puts_the_streams_back_after_an_error():
  network, untouched = corrupted_network(), corrupted_network()
  images = tf.ones([2, 4, 4, 1])
  with (
    pytest.raises(RuntimeError, match='within'),
    layers.drawing_from(network, tf.constant(7, tf.int64)),
  ):
    raise RuntimeError('within')
  np.testing.assert_array_equal(
    network(images, training=True), untouched(images, training=True)
  )


def test_images_out_is_a_float32_tanh_under_mixed_precision():
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  inputs = tf.keras.Input([4, 4, 8])
  model = tf.keras.Model(inputs, layers.images_out(inputs, 3))
  images = model(100.0 * tf.random.normal([2, 4, 4, 8]))
  assert images.shape == (2, 4, 4, 3) and images.dtype == tf.float32
  assert 0.5 < np.abs(images).max() <= 1.0
