"""Generators that halve their images, and bring them back to size."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  downsampling_residual_generator,
  layers,
  unet_generator,
)

HALVING = {
  'unet': functools.partial(unet_generator, filters=3),
  'downsampling': functools.partial(
    downsampling_residual_generator, filters=3, blocks=1
  ),
}


def convolutions(model):
  return [
    layer for layer in model.layers if isinstance(layer, tf.keras.layers.Conv2D)
  ]


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize(
  'image_shape, noise_size',
  [((8, 12, 3), 0), ((8, 8, 1), 2), ((12, 8, 4), 0)],
)
@pytest.mark.parametrize('name', HALVING)
def test_halving_generators_keep_shape_range_and_float32(
  name, image_shape, noise_size, policy
):
  tf.keras.mixed_precision.set_global_policy(policy)
  images = tf.random.uniform([3, *image_shape], -1.0, 1.0)
  generator = HALVING[name](image_shape, noise_size)
  for training in (False, True):
    outputs = generator([images, tf.ones([3, noise_size])], training=training)
    assert outputs.shape == images.shape and outputs.dtype == tf.float32
    assert 0.0 < np.abs(outputs).max() <= 1.0


@pytest.mark.parametrize('name', HALVING)
def test_halving_generators_start_near_zero(name):
  """Every convolution's weights are from N(0, 0.02), offsets 0."""
  generator = HALVING[name]((8, 8, 3), 0, filters=32)
  stages = convolutions(generator)
  kernels = [layer.kernel.numpy() for layer in stages]
  assert any(isinstance(s, tf.keras.layers.Conv2DTranspose) for s in stages)
  for kernel in kernels:
    np.testing.assert_allclose(kernel.std(), 0.02, rtol=0.15)
  pooled = np.concatenate([kernel.ravel() for kernel in kernels])
  np.testing.assert_allclose(pooled.std(), 0.02, rtol=0.01)
  np.testing.assert_allclose(pooled.mean(), 0.0, atol=2e-4)
  assert all(not layer.use_bias for layer in stages[:-1])


@pytest.mark.parametrize(
  'image_shape, levels',
  [((10, 8, 1), 2), ((8, 10, 1), 2), ((28, 28, 3), 3)],
)
@pytest.mark.parametrize('name', HALVING)
def test_sides_that_cannot_be_halved_are_refused(name, image_shape, levels):
  height, width, _ = image_shape
  with pytest.raises(ValueError, match=f'{2**levels}.*{height}x{width}'):
    HALVING[name](image_shape, 0, levels=levels)
  HALVING[name]((None, None, 1), 0, levels=levels)


@pytest.mark.parametrize('name', HALVING)
def test_halving_generators_take_noise(name):
  images = tf.zeros([2, 8, 8, 1])
  noise = tf.constant([[1.0, 0.0], [0.0, 1.0]])
  outputs = HALVING[name]((8, 8, 1), 2)([images, noise]).numpy()
  assert np.any(outputs[0] != outputs[1])
  without = HALVING[name]((8, 8, 1), 0)
  assert convolutions(without)[0].kernel.shape[2] == 1
  assert not any('noise_plane' in v.name for v in without.weights)


@pytest.mark.parametrize('name', HALVING)
def test_halving_generators_normalize_each_image_by_itself(name):
  generator = HALVING[name]((8, 8, 1), 0)
  images = tf.random.normal([3, 8, 8, 1])
  alone = generator([images[:1], tf.zeros([1, 0])], training=True)
  among = generator([images, tf.zeros([3, 0])], training=True)
  np.testing.assert_allclose(alone, among[:1], atol=1e-5)
  assert not generator.non_trainable_variables
  batch = HALVING[name]((8, 8, 1), 0, normalization=layers.batch_normalization)
  assert batch.non_trainable_variables


@pytest.mark.parametrize('name', HALVING)
def test_every_variable_of_a_halving_generator_gets_a_gradient(name):
  generator = HALVING[name]((8, 8, 1), 2)
  inputs = [tf.random.normal([4, 8, 8, 1]), tf.random.normal([4, 2])]
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean((generator(inputs, training=True) - 1.0) ** 2)
  for variable, gradient in zip(
    generator.trainable_variables,
    tape.gradient(loss, generator.trainable_variables),
    strict=True,
  ):
    assert np.any(gradient != 0), variable.name


def test_the_unet_has_the_papers_layers():
  """Sect. 4.1.1: a convolution of stride 2 and two of stride 1 a level.

  Two levels of 4 and 8 filters, then up: 4 beside the first level's 4, 4
  beside the image; the last convolution makes an image of 4 channels.
  """
  generator = unet_generator((8, 8, 3), filters=4, levels=2)
  found = [
    (
      'up' if isinstance(s, tf.keras.layers.Conv2DTranspose) else 'down',
      s.strides[0],
      s.kernel_size[0],
      s.input_shape[-1],
      s.filters,
    )
    for s in convolutions(generator)
  ]
  assert found == [
    ('down', 2, 3, 3, 4),
    *[('down', 1, 3, 4, 4)] * 2,
    ('down', 2, 3, 4, 8),
    *[('down', 1, 3, 8, 8)] * 2,
    ('up', 2, 3, 8, 4),
    ('down', 1, 3, 4 + 4, 4),
    ('down', 1, 3, 4, 4),
    ('up', 2, 3, 4, 4),
    ('down', 1, 3, 4 + 3, 4),
    ('down', 1, 3, 4, 4),
    ('down', 1, 1, 4, 3),
  ]
  names = [type(layer).__name__ for layer in generator.layers]
  assert names.count('InstanceNormalization') == len(found) - 1
  assert names.count('LeakyReLU') == len(found) - 1


def test_the_unets_levels_and_extra_convolutions():
  """A level more is a stage more down and up, of 1 + extra convolutions."""
  for levels in (1, 3):
    for extra in (0, 1):
      generator = unet_generator(
        (8, 8, 1), filters=2, levels=levels, extra_convolutions=extra
      )
      count = len(convolutions(generator))
      assert count == 2 * levels * (1 + extra) + 1


def silence(generator, kept):
  """Zeroes what follows each transposed convolution but those kept."""
  found = [
    layer
    for layer in generator.layers
    if isinstance(layer, tf.keras.layers.Conv2DTranspose)
  ]
  for place, layer in enumerate(found):
    if place not in kept:
      layer.kernel.assign(tf.zeros_like(layer.kernel))


@pytest.mark.parametrize(
  'name, kept, depends',
  [
    ('unet', (), True),  # by the image beside the last level
    ('unet', (1,), True),  # and by the first level's map
    ('downsampling', (), False),
  ],
)
def test_skips_pass_the_bottleneck(name, kept, depends):
  """Without its way up the U-Net's output still depends on its input."""
  generator = HALVING[name]((8, 8, 1), 0)
  silence(generator, kept)
  images = tf.random.normal([2, 8, 8, 1])
  outputs = generator([images, tf.zeros([2, 0])]).numpy()
  assert np.any(outputs[0] != outputs[1]) == depends


def test_every_skip_of_the_unet_is_used():
  """The part of a level's convolution that reads the skip has a gradient."""
  generator = unet_generator((8, 8, 1), filters=2, levels=3)
  up = [
    place
    for place, layer in enumerate(convolutions(generator))
    if isinstance(layer, tf.keras.layers.Conv2DTranspose)
  ]
  readers = [convolutions(generator)[place + 1].kernel for place in up]
  widths = [8 // 2, 4 // 2, 2]  # of the way up, before the skip
  images = tf.random.normal([4, 8, 8, 1])
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean((generator([images, tf.zeros([4, 0])]) - 1.0) ** 2)
  skips = [4, 2, 1]  # the second and the first level's map, the image
  for kernel, width, skip, gradient in zip(
    readers, widths, skips, tape.gradient(loss, readers), strict=True
  ):
    assert kernel.shape[2] == width + skip
    assert np.all(np.any(gradient[:, :, width:] != 0, axis=(0, 1, 3)))


def test_the_unets_dropout_is_after_each_level_up_but_the_last():
  generator = unet_generator((8, 8, 1), filters=2, levels=3, dropout_rate=0.5)
  found = [
    layer for layer in generator.layers if isinstance(layer, layers.Corruption)
  ]
  assert [layer.output_shape[1:] for layer in found] == [(2, 2, 4), (4, 4, 2)]
  assert {(c.dropout_rate, c.noise_stddev) for c in found} == {(0.5, 0.0)}
  assert len({layer.seed for layer in found}) == 2
  inputs = [tf.random.normal([2, 8, 8, 1]), tf.zeros([2, 0])]
  still = generator(inputs)
  np.testing.assert_array_equal(generator(inputs), still)
  assert np.any(generator(inputs, training=True) != still)


def test_the_downsampling_generator_has_the_papers_layers():
  """7x7, two 3x3 of stride 2, two blocks, two transposed, 7x7 (CyCADA)."""
  generator = downsampling_residual_generator((8, 8, 3), filters=4)
  found = [
    (s.kernel_size[0], s.strides[0], s.filters) for s in convolutions(generator)
  ]
  assert found == [
    (7, 1, 4),
    (3, 2, 8),
    (3, 2, 16),
    *[(3, 1, 16)] * 4,
    (3, 2, 8),
    (3, 2, 4),
    (7, 1, 3),
  ]
  names = [type(layer).__name__ for layer in generator.layers]
  assert names.count('InstanceNormalization') == len(found) - 1
  assert names.count('Add') == 2


def test_the_downsampling_generators_blocks_are_residual():
  """Blocks whose kernels are 0 give what a network without blocks gives."""
  none, two = (
    downsampling_residual_generator((8, 8, 1), filters=2, blocks=blocks)
    for blocks in (0, 2)
  )
  stages = convolutions(two)
  for layer in stages[3:7]:
    layer.kernel.assign(tf.zeros_like(layer.kernel))
  for ours, theirs in zip(
    [*stages[:3], *stages[7:]], convolutions(none), strict=True
  ):
    ours.set_weights(theirs.get_weights())
  inputs = [tf.random.normal([2, 8, 8, 1]), tf.zeros([2, 0])]
  np.testing.assert_allclose(two(inputs), none(inputs), atol=1e-6)
