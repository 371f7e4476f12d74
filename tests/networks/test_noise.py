import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import noise


@pytest.mark.parametrize('stddev, scale', [(None, 1.0), (0.5, 0.5 * 3**0.5)])
def test_tiled_noise_by_hand(stddev, scale):
  """U(-1, 1) has variance 1/3; each value fills a channel beside the images."""
  inputs = tf.keras.Model(*split(noise.inputs((None, None, 1), 2, stddev)))
  images = tf.random.normal([2, 3, 5, 1])
  values = np.array([[0.5, -1.0], [0.25, 0.0]], np.float32)
  outputs = inputs([images, values])
  np.testing.assert_array_equal(outputs[..., :1], images)
  expected = np.broadcast_to(scale * values[:, None, None], (2, 3, 5, 2))
  np.testing.assert_allclose(outputs[..., 1:], expected, rtol=1e-6)


def split(inputs):
  images, values, both = inputs
  return [images, values], both


@pytest.mark.parametrize('image_shape', [(64, 64, 1), (None, None, 1)])
def test_the_channels_start_with_the_standard_deviation_that_is_asked_for(
  image_shape,
):
  inputs = tf.keras.Model(*split(noise.inputs(image_shape, 10, 0.7)))
  values = tf.random.uniform([200, 10], -1.0, 1.0)
  planes = inputs([tf.zeros([200, 64, 64, 1]), values])[..., 1:]
  np.testing.assert_allclose(np.std(planes), 0.7, rtol=0.03)


def test_tiled_noise_is_built_again_from_its_config():
  layer = noise.TiledNoise(0.5)
  again = noise.TiledNoise.from_config(layer.get_config())
  inputs = [tf.ones([1, 2]), tf.zeros([1, 2, 2, 1])]
  np.testing.assert_array_equal(again(inputs), layer(inputs))
