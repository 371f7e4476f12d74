import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  downsampling_residual_generator,
  layers,
  residual_generator,
  unet_generator,
)

HALVING = {
  'unet': functools.partial(unet_generator, filters=3),
  'downsampling': functools.partial(
    downsampling_residual_generator, filters=3, blocks=1
  ),
}


def tiny(image_shape=(6, 5, 3), noise_size=2, **kwargs):
  kwargs = {'filters': 4, 'blocks': 2} | kwargs
  return residual_generator(image_shape, noise_size, **kwargs)


def convolutions(model):
  return [
    layer for layer in model.layers if isinstance(layer, tf.keras.layers.Conv2D)
  ]


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize('image_shape', [(6, 5, 3), (8, 8, 1), (7, 7, 4)])
def test_images_keep_shape_range_and_float32(image_shape, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  images = tf.random.uniform([3, *image_shape], -1.0, 1.0)
  for training in (False, True):
    outputs = tiny(image_shape)([images, tf.ones([3, 2])], training=training)
    assert outputs.shape == images.shape and outputs.dtype == tf.float32
    assert np.abs(outputs).max() <= 1.0


def test_the_papers_network_has_its_layers():
  """Sect. 4.1 and the released code: 1 + 6 blocks of 2 + 1 convolutions.

  Weights: noise 10 * 784 + 784; first convolution 9 * 4 * 64 + 64 on RGB and
  the noise's channel; 12 convolutions of 9 * 64 * 64 with an offset of 64 by
  batch norm; last convolution 64 * 3 + 3.
  """
  generator = residual_generator((28, 28, 3), 10)
  layers_ = convolutions(generator)
  assert [layer.kernel_size for layer in layers_] == [(3, 3)] * 13 + [(1, 1)]
  assert {layer.strides for layer in layers_} == {(1, 1)}
  assert [layer.filters for layer in layers_] == [64] * 13 + [3]
  count = sum(int(tf.size(v)) for v in generator.trainable_variables)
  assert count == 8624 + 2368 + 12 * (36864 + 64) + 195


def test_blocks_are_residual():
  """Blocks whose kernels are 0 give what a network without blocks gives."""
  none, three = tiny(blocks=0), tiny(blocks=3)
  first, *inner, last = convolutions(three)
  for layer in inner:
    layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
  first.set_weights(convolutions(none)[0].get_weights())
  last.set_weights(convolutions(none)[1].get_weights())
  plane = none.get_layer('noise_plane').get_weights()
  three.get_layer('noise_plane').set_weights(plane)
  inputs = [tf.random.normal([2, 6, 5, 3]), tf.ones([2, 2])]
  np.testing.assert_array_equal(three(inputs), none(inputs))


def test_noise_changes_the_image():
  generator = tiny()
  images = tf.zeros([2, 6, 5, 3])
  noise = tf.constant([[1.0, 0.0], [0.0, 1.0]])
  outputs = generator([images, noise]).numpy()
  assert np.any(outputs[0] != outputs[1])
  swapped = generator([images, noise[::-1]]).numpy()
  np.testing.assert_allclose(swapped, outputs[::-1], atol=1e-6)


def test_without_noise_the_image_alone_decides():
  generator = tiny(noise_size=0)
  assert not any('noise_plane' in v.name for v in generator.weights)
  images = tf.random.normal([2, 6, 5, 3])
  outputs = generator([images, tf.zeros([2, 0])])
  assert outputs.shape == images.shape
  assert convolutions(generator)[0].kernel.shape[2] == 3
  np.testing.assert_array_equal(outputs, generator([images, tf.zeros([2, 0])]))


def test_normalization_is_chosen():
  names = [type(layer).__name__ for layer in tiny(blocks=1).layers]
  assert names.count('BatchNormalization') == 2
  instance = tiny(blocks=1, normalization=layers.instance_normalization)
  names = [type(layer).__name__ for layer in instance.layers]
  assert names.count('InstanceNormalization') == 2
  assert 'BatchNormalization' not in names
  images = tf.random.normal([3, 6, 5, 3])
  alone = instance([images[:1], tf.ones([1, 2])], training=True)
  among = instance([images, tf.ones([3, 2])], training=True)
  np.testing.assert_allclose(alone, among[:1], atol=1e-5)
  plain = tiny(blocks=1, normalization=layers.no_normalization)
  assert not plain.non_trainable_variables


def test_every_variable_gets_a_gradient():
  generator = tiny()
  with tf.GradientTape() as tape:
    outputs = generator(
      [tf.random.normal([4, 6, 5, 3]), tf.random.normal([4, 2])], training=True
    )
    loss = tf.reduce_mean((outputs - 1.0) ** 2)
  for variable, gradient in zip(
    generator.trainable_variables,
    tape.gradient(loss, generator.trainable_variables),
    strict=True,
  ):
    assert np.any(gradient != 0), variable.name


ANY_SIZE = HALVING | {
  'residual': functools.partial(residual_generator, filters=3, blocks=1)
}


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize('noise_size', [0, 2])
@pytest.mark.parametrize('name', ANY_SIZE)
def test_one_generator_takes_images_of_any_size(name, noise_size, policy):
  """Square or not; without noise as the generator of one size does."""
  tf.keras.mixed_precision.set_global_policy(policy)
  generator = ANY_SIZE[name]((None, None, 3), noise_size)
  for height, width in ((16, 16), (24, 40)):
    images = tf.random.uniform([2, height, width, 3], -1.0, 1.0)
    inputs = [images, tf.ones([2, noise_size])]
    outputs = generator(inputs, training=True)
    assert outputs.shape == images.shape and outputs.dtype == tf.float32
    assert 0.0 < np.abs(outputs).max() <= 1.0
    if not noise_size:
      fixed = ANY_SIZE[name]((height, width, 3), 0)
      fixed.set_weights(generator.get_weights())
      np.testing.assert_array_equal(generator(inputs), fixed(inputs))


@pytest.mark.parametrize('name', ANY_SIZE)
def test_noise_of_any_size_decides_and_has_a_gradient(name):
  generator = ANY_SIZE[name]((None, None, 1), 2)
  images = tf.random.normal([2, 8, 12, 1])
  images = tf.concat([images[:1], images[:1]], axis=0)
  noise = tf.Variable([[1.0, 0.0], [0.0, 1.0]])
  with tf.GradientTape() as tape:
    outputs = generator([images, noise])
    loss = tf.reduce_sum(outputs[..., 0] * tf.random.normal([2, 8, 12]))
  assert np.any(outputs[0] != outputs[1])
  assert np.all(tape.gradient(loss, noise) != 0)
