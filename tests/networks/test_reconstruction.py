"""LSD-seg's G and D: sizes, weights, and what lies where."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  embedding_generator,
  fcn8s_segmenter,
  residual_discriminator,
)
from pixelda_tf.networks.layers import Corruption, no_normalization

small_g = functools.partial(
  embedding_generator,
  filters=(2, 3, 4, 5, 6),
  blocks=1,
  normalization=no_normalization,
)


def outputs_of(margin):
  """FCN8s as a model of images to fc7, pool4 and pool3."""
  task = fcn8s_segmenter(
    (None, None, 3), 4, filters=1, fc_filters=2, margin=margin
  )
  names = ('features', 'pool4', 'pool3')
  maps = [task.get_layer(name).output for name in names]
  return tf.keras.Model(task.input, maps)


def test_the_number_of_weights():
  """The released code's, for fc7, pool4 and pool3.

  Without offsets before normalisation, which has two a map. fc7: 49 * 4096 *
  256. Up: 9 * 256 * 512, 9 * (512 + 512) * 256, 25 * (256 + 256) * 128, 25 *
  128 * 64, then an image: 64 * 64 * 3 + 3. Two blocks of 9 * w^2 after each.
  """
  widths = (256, 512, 256, 128, 64)
  up = 9 * 256 * 512 + 9 * 1024 * 256 + 25 * 512 * 128 + 25 * 128 * 64
  blocks = sum(2 * 9 * width**2 for width in widths)
  normalization = sum(3 * 2 * width for width in widths)
  first, image = 49 * 4096 * 256, 64 * 64 * 3 + 3
  shapes = [(None, None, 4096), (None, None, 512), (None, None, 256)]
  assert embedding_generator(shapes).count_params() == (
    first + up + blocks + normalization + image
  )


@pytest.mark.parametrize('margin', [0, 99])
@pytest.mark.parametrize('maps', [1, 2, 3])
@pytest.mark.parametrize('size', [(32, 64), (45, 33), (40, 57), (128, 96)])
def test_images_end_where_the_image_ends_or_just_after(margin, maps, size):
  found = outputs_of(bool(margin))(tf.zeros([1, *size, 3]))[:maps]
  generator = small_g([values.shape[1:] for values in found], margin=margin)
  images = generator(found)
  assert images.shape[-1] == 3
  # Of poolings that round up; a margin is none of a whole number of places.
  most = 32 + (3 if margin else 0)
  for made, side in zip(images.shape[1:3], size, strict=True):
    assert 0 <= made - side < most


@pytest.mark.parametrize('margin', [0, 99])
def test_maps_beside_lie_where_they_were_made_of(margin):
  """A bright spot at pixel (40, 72) is at its place in every map that is used.

  FCN8s is replaced by means: pool4 and pool3 are those over 16x16 and 8x8
  pixels of the image in its margin. Where a map comes in, G takes of it what
  lies beside what has grown there. Growing by 2 a level, row i of it is 32 or
  fewer pixels from the image's row i * stride - 3, with a margin.
  """
  side, spot = 128, (40, 72)
  padded = np.zeros((1, side + 2 * margin, side + 2 * margin, 1), np.float32)
  padded[:, spot[0] + margin, spot[1] + margin] = 1.0
  size = padded.shape[1]
  rows = -(-size // 32) - (6 if margin else 0)
  maps = [tf.zeros([1, rows, rows, 1])]
  for stride in (16, 8):  # Rounded up, as in three or four poolings by 2.
    room = [0, -size % stride]
    whole = tf.pad(padded, [[0, 0], room, room, [0, 0]])
    maps.append(tf.nn.max_pool2d(whole, stride, stride, 'VALID'))
  generator = small_g([values.shape[1:] for values in maps], margin=margin)
  for number, stride in ((0, 16), (1, 8)):
    joined = [
      layer
      for layer in generator.layers
      if isinstance(layer, tf.keras.layers.Concatenate)
    ][number]
    probe = tf.keras.Model(generator.input, joined.input[1])
    beside = probe(maps).numpy()[0, :, :, 0]
    ((row, column),) = np.argwhere(beside)
    lead = margin % 32  # Pixels before the image that G makes and cuts off.
    for place, pixel in zip((row, column), spot, strict=True):
      assert place == (pixel + lead) // stride


def test_dropout_is_in_every_block_and_in_training_alone():
  generator = small_g([(2, 3, 4)], blocks=2)
  drops = [x for x in generator.layers if isinstance(x, Corruption)]
  assert len(drops) == 5 * 2 and {x.dropout_rate for x in drops} == {0.5}
  assert len({x.seed for x in drops}) == 10
  maps = tf.random.normal([1, 2, 3, 4])
  still = generator(maps)
  np.testing.assert_array_equal(generator(maps), still)
  assert np.any(generator(maps, training=True) != still)


@pytest.mark.parametrize(
  'options, shapes',
  [({'kernel_sizes': (3,)}, 1), ({'filters': (2, 2)}, 1), ({}, 6)],
)
def test_numbers_that_do_not_fit_are_told(options, shapes):
  with pytest.raises(ValueError, match='as many kernels as filters, and no'):
    small_g([(2, 3, 4)] * shapes, **options)


def test_d_has_the_released_codes_layers():
  """4x4 to 128 maps, nine blocks of 9 * 128^2, heads of 9 * 128 * n + n.

  Ten normalisations have a scale and an offset a map.
  """
  model = residual_discriminator((None, None, 3), 19)
  heads = 9 * 128 * 4 + 4 + 9 * 128 * 19 + 19
  blocks = 9 * 9 * 128**2
  expected = 16 * 3 * 128 + blocks + 10 * 2 * 128 + heads
  assert model.count_params() == expected
  drops = [x for x in model.layers if isinstance(x, Corruption)]
  assert len(drops) == 9 and {x.dropout_rate for x in drops} == {0.5}
  assert len({x.seed for x in drops}) == 9


@pytest.mark.parametrize('n_classes', [0, 5])
def test_a_decision_is_of_8x8_pixels(n_classes):
  model = residual_discriminator((48, 63, 3), n_classes, filters=2, blocks=1)
  outputs = model(tf.zeros([2, 48, 63, 3]))
  shapes = {name: tuple(values.shape) for name, values in outputs.items()}
  expected = {'domain': (2, 6, 8, 4)}
  if n_classes:
    expected['class'] = (2, 6, 8, n_classes)
  assert shapes == expected


def test_without_patches_an_image_has_one_decision():
  """The mean of those that there were; the class head keeps its grid."""
  model = residual_discriminator(
    (16, 24, 3), 5, filters=2, blocks=1, patches=False
  )
  (mean,) = (
    layer
    for layer in model.layers
    if isinstance(layer, tf.keras.layers.GlobalAveragePooling2D)
  )
  probe = tf.keras.Model(model.input, (mean.input, model.output))
  grid, outputs = probe(tf.random.uniform([2, 16, 24, 3], -1, 1))
  assert grid.shape == (2, 2, 3, 4)
  assert outputs['domain'].shape == (2, 1, 1, 4)
  np.testing.assert_allclose(
    outputs['domain'][:, 0, 0], tf.reduce_mean(grid, [1, 2]), atol=1e-6
  )
  assert outputs['class'].shape == (2, 2, 3, 5)


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_outputs_are_float32(policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  images = small_g([(1, 2, 3)])(tf.zeros([1, 1, 2, 3]))
  assert images.dtype == tf.float32 and images.shape == (1, 32, 64, 3)
  outputs = residual_discriminator((16, 16, 3), 2, filters=2, patches=False)(
    tf.zeros([1, 16, 16, 3])
  )
  assert {values.dtype for values in outputs.values()} == {tf.float32}
