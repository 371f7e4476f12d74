import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  layers,
  patch_discriminator,
  pyramid_discriminator,
)

BUILDERS = {
  'pyramid': functools.partial(pyramid_discriminator, filters=2),
  'patch': functools.partial(
    patch_discriminator, filters=2, dropout_rate=0.1, noise_stddev=0.2
  ),
}


def of_type(model, kind):
  return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize(
  'side, convolutions, last',
  [
    (4, 1, 4),
    (5, 2, 3),
    (8, 2, 4),
    (10, 3, 3),
    (16, 3, 4),
    (28, 4, 4),
    (32, 4, 4),
    (64, 5, 4),
  ],
)
def test_the_pyramid_stops_at_four(side, convolutions, last):
  """Stride 2 with same padding rounds up: 28, 14, 7, 4; 10, 5, 3."""
  model = BUILDERS['pyramid']((side, side, 3))
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert len(stages) == convolutions
  assert stages[-1].output_shape[1:3] == (last, last)
  assert [s.filters for s in stages] == [2 * 2**i for i in range(convolutions)]
  strides = [(1, 1)] + [(2, 2)] * (convolutions - 1)
  assert [stage.strides for stage in stages] == strides
  assert {stage.kernel_size for stage in stages} == {(3, 3)}


def test_the_pyramid_stops_when_both_sides_are_small():
  model = BUILDERS['pyramid']((16, 6, 1))
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert stages[-1].output_shape[1:3] == (4, 2)


def test_the_pyramid_has_the_released_codes_layers():
  """Sect. 1.3 of the released code: norm after all but the first convolution.

  Each leaky ReLU of slope 0.2 is followed by dropout 0.1 and noise 0.2.
  """
  model = pyramid_discriminator((32, 32, 3))
  names = [type(layer).__name__ for layer in model.layers]
  first = ['Conv2D', 'LeakyReLU', 'Corruption']
  level = ['Conv2D', 'BatchNormalization', 'LeakyReLU', 'Corruption']
  assert names == ['InputLayer', *first, *level * 3, 'Flatten', 'Dense']
  for relu in of_type(model, tf.keras.layers.LeakyReLU):
    np.testing.assert_allclose(relu.alpha, 0.2)
  corruptions = of_type(model, layers.Corruption)
  assert {(c.dropout_rate, c.noise_stddev) for c in corruptions} == {(0.1, 0.2)}
  assert len({c.seed for c in corruptions}) == 4
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert [stage.filters for stage in stages] == [64, 128, 256, 512]


def test_without_dropout_and_noise_the_layers_are_left_out():
  for builder in BUILDERS.values():
    model = builder((8, 8, 1), dropout_rate=0.0, noise_stddev=0.0)
    assert not of_type(model, layers.Corruption)


def test_noise_may_be_on_the_input_alone():
  model = BUILDERS['pyramid'](
    (8, 8, 1), dropout_rate=0.0, noise_stddev=0.0, input_noise_stddev=0.3
  )
  names = [type(layer).__name__ for layer in model.layers]
  assert names[:3] == ['InputLayer', 'Corruption', 'Conv2D']
  (corruption,) = of_type(model, layers.Corruption)
  assert (corruption.dropout_rate, corruption.noise_stddev) == (0.0, 0.3)
  images = tf.zeros([1, 100, 100, 1])
  np.testing.assert_array_equal(corruption(images), images)
  noisy = corruption(images, training=True).numpy()
  np.testing.assert_allclose(noisy.std(), 0.3, rtol=0.05)


def test_noise_on_the_input_leaves_the_other_noise_as_it_is():
  """Each layer draws from a stream of its own."""
  model = pyramid_discriminator((8, 8, 1), filters=2, input_noise_stddev=0.3)
  seeds = [c.seed for c in of_type(model, layers.Corruption)]
  without = pyramid_discriminator((8, 8, 1), filters=2)
  assert seeds[1:] == [c.seed for c in of_type(without, layers.Corruption)]
  assert len(set(seeds)) == len(seeds)


def test_one_patch_discriminator_takes_images_of_any_size():
  """As that of one size with the same weights; a grid of a quarter."""
  model = BUILDERS['patch']((None, None, 3), 5)
  for height, width in ((16, 16), (24, 40)):
    images = tf.random.normal([2, height, width, 3])
    outputs = model(images)
    assert outputs['domain'].shape == (2, height // 4, width // 4, 1)
    fixed = BUILDERS['patch']((height, width, 3), 5)
    fixed.set_weights(model.get_weights())
    for name, values in fixed(images).items():
      np.testing.assert_array_equal(outputs[name], values)


def test_the_pyramid_needs_images_of_one_size():
  message = 'pyramid_discriminator: images of one size are needed: set Pair'
  with pytest.raises(ValueError, match=message):
    BUILDERS['pyramid']((None, None, 3))


def test_the_pyramid_refuses_a_class_head():
  with pytest.raises(ValueError, match='class head'):
    pyramid_discriminator((8, 8, 1), 10)


@pytest.mark.parametrize('name', BUILDERS)
@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_logits_are_float32_of_either_sign(name, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  model = BUILDERS[name]((12, 12, 3))
  images = tf.random.normal([16, 12, 12, 3])
  logits = model(images, training=True)['domain']
  assert logits.dtype == tf.float32
  assert np.min(logits) < 0 < np.max(logits)


@pytest.mark.parametrize('name', BUILDERS)
def test_dropout_and_noise_are_in_training_only(name):
  model = BUILDERS[name]((8, 8, 1), normalization=layers.no_normalization)
  images = tf.random.normal([4, 8, 8, 1])
  still = model(images)['domain'].numpy()
  np.testing.assert_array_equal(model(images)['domain'], still)
  first = model(images, training=True)['domain'].numpy()
  second = model(images, training=True)['domain'].numpy()
  assert np.all(first != still) and np.all(first != second)


@pytest.mark.parametrize('name', BUILDERS)
def test_equal_seeds_give_equal_noise(name):
  images = tf.random.normal([4, 8, 8, 1])
  outputs = []
  for seed in (1, 1, 2):
    tf.keras.utils.set_random_seed(0)
    model = BUILDERS[name]((8, 8, 1), seed=seed)
    outputs.append(model(images, training=True)['domain'].numpy())
  np.testing.assert_array_equal(outputs[0], outputs[1])
  assert np.any(outputs[0] != outputs[2])


@pytest.mark.parametrize('name', BUILDERS)
def test_normalization_is_chosen_and_never_in_the_first_stage(name):
  model = BUILDERS[name](
    (16, 16, 1), normalization=layers.instance_normalization
  )
  names = [type(layer).__name__ for layer in model.layers]
  convolutions = len(of_type(model, tf.keras.layers.Conv2D))
  heads = 1 if name == 'patch' else 0
  assert names.count('InstanceNormalization') == convolutions - heads - 1
  assert names[1:3] == ['Conv2D', 'LeakyReLU']
  assert 'BatchNormalization' not in names


@pytest.mark.parametrize(
  'side, strides, rows',
  [
    (28, (2, 2), 7),
    (32, (2, 2), 8),
    (16, (2,), 8),
    (28, (2, 2, 2), 4),
    (32, (2, 2, 1), 8),
    (28, (2, 2, 1, 1, 1), 7),
  ],
)
def test_the_grid_has_a_decision_a_patch(side, strides, rows):
  model = BUILDERS['patch']((side, side, 3), strides=strides)
  outputs = model(tf.zeros([2, side, side, 3]))
  assert set(outputs) == {'domain'}
  assert outputs['domain'].shape == (2, rows, rows, 1)
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert [s.strides for s in stages] == [(s, s) for s in (*strides, 1)]
  assert [s.kernel_size for s in stages] == [(4, 4)] * len(strides) + [(3, 3)]


@pytest.mark.parametrize(
  'max_multiple, expected',
  [(8, [2, 4, 8, 16, 16]), (4, [2, 4, 8, 8, 8]), (1, [2] * 5)],
)
def test_filters_double_up_to_a_multiple(max_multiple, expected):
  model = BUILDERS['patch'](
    (16, 16, 1), strides=(2, 2, 1, 1, 1), max_multiple=max_multiple
  )
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert [stage.filters for stage in stages] == [*expected, 1]


# Kernel size, strides, the head's kernel size, side of the images.
FIELDS = {
  'CycleGAN-UDA': (3, (2, 2, 1), 3, 48),
  'CycleGAN': (4, (2, 2, 2, 1), 4, 144),
  'CyCADA': (4, (2, 2, 1, 1, 1), 4, 128),
  'default': (4, (2, 2), 3, 48),
}


@pytest.mark.parametrize(
  'name, expected',
  [('CycleGAN-UDA', 23), ('CycleGAN', 70), ('CyCADA', 58), ('default', 18)],
)
def test_what_a_decision_sees(name, expected):
  """A kernel adds (kernel - 1) * the strides before it to the side.

  3: 1 + 2 + 4 + 8 + 8 = 23. 4: 1 + 3 + 6 + 12 + 24 + 24 = 70;
  1 + 3 + 6 + 4 * 12 = 58; 1 + 3 + 6 + 2 * 4 = 18.
  """
  kernel_size, strides, head_kernel_size, side = FIELDS[name]
  steps = np.cumprod([1, *strides])
  kernels = [kernel_size] * len(strides) + [head_kernel_size]
  assert 1 + sum((np.array(kernels) - 1) * steps) == expected
  model = patch_discriminator(
    (side, side, 1),
    filters=2,
    kernel_size=kernel_size,
    strides=strides,
    head_kernel_size=head_kernel_size,
    normalization=layers.no_normalization,
  )
  for layer in of_type(model, tf.keras.layers.Conv2D):
    layer.kernel.assign(tf.ones_like(layer.kernel))
  images = tf.ones([1, side, side, 1])
  with tf.GradientTape() as tape:
    tape.watch(images)
    decisions = model(images)['domain']
    middle = decisions[0, decisions.shape[1] // 2, decisions.shape[2] // 2]
  rows, columns = np.nonzero(tape.gradient(middle, images)[0, :, :, 0])
  assert min(rows) > 0 and max(rows) < side - 1
  assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == expected
  assert len(rows) == expected**2


def test_a_patch_sees_its_surroundings_only():
  """A far corner does not reach the other corner's decision."""
  model = BUILDERS['patch']((64, 64, 1))
  images = np.zeros([1, 64, 64, 1], np.float32)
  before = model(images)['domain'].numpy()
  images[0, :4, :4] = 1.0
  after = model(images)['domain'].numpy()
  assert after[0, 0, 0] != before[0, 0, 0]
  np.testing.assert_array_equal(after[0, 8:, 8:], before[0, 8:, 8:])


def test_the_class_head_and_more_domains():
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  model = BUILDERS['patch']((16, 16, 3), 7, n_domains=4)
  outputs = model(tf.random.normal([2, 16, 16, 3]))
  assert {name: value.shape for name, value in outputs.items()} == {
    'domain': (2, 4, 4, 4),
    'class': (2, 4, 4, 7),
  }
  assert outputs['class'].dtype == tf.float32
