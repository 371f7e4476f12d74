"""I2I Adapt's decoders: sizes, weights, and which layers the two share."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import map_decoders, vector_decoders
from pixelda_tf.networks.decoders import check_size
from pixelda_tf.networks.layers import no_normalization

small = functools.partial(vector_decoders, filters=(3, 2))


def convolutions(model):
  kind = tf.keras.layers.Conv2DTranspose
  return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize('image_shape', [(8, 8, 1), (12, 16, 3)])
def test_codes_become_images(image_shape, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  codes = 1e3 * tf.random.normal([5, 6])
  for decoder in small((6,), image_shape):
    images = decoder(codes)
    assert images.shape == (5, *image_shape) and images.dtype == tf.float32
    assert np.max(np.abs(images)) <= 1.0
    assert np.max(np.abs(images[0] - images[1])) > 0.1


def test_the_number_of_weights_for_digits():
  """500 * 64 * 128 from a vector to 8x8, 16 * 128 * 64, 16 * 64 + 1.

  Of normalisation an offset and two averages for each of 128 and 64 maps.
  """
  expected = 500 * 64 * 128 + 16 * 128 * 64 + 16 * 64 + 1 + 3 * (128 + 64)
  for decoder in vector_decoders((500,), (32, 32, 1)):
    assert decoder.count_params() == expected
    layers = convolutions(decoder)
    assert [layer.output.shape[1:3] for layer in layers] == [
      (8, 8),
      (16, 16),
      (32, 32),
    ]
    assert not any(layer.use_bias for layer in layers[:2])


@pytest.mark.parametrize('private', [0, 1, 2, 3])
def test_the_first_layers_are_the_same_objects(private):
  """With their normalisation; the last ones are each decoder's own."""
  g_x, g_y = small((6,), (8, 8, 1), private_layers=private)
  same = [
    a is b for a, b in zip(convolutions(g_x), convolutions(g_y), strict=True)
  ]
  assert same == [True] * (3 - private) + [False] * private
  shared = {v.ref() for v in g_x.variables} & {v.ref() for v in g_y.variables}
  # A kernel, an offset and two averages; of the last a kernel and an offset.
  assert len(shared) == {0: 10, 1: 8, 2: 4, 3: 0}[private]


def test_a_vector_is_spread_by_one_kernel_for_each_place():
  """The first layer by hand: a value of the kernel for each place and map."""
  g_x, _ = small((6,), (8, 12, 1), normalization=no_normalization)
  first = convolutions(g_x)[0]
  codes = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float32)
  expected = np.einsum('bd,yxfd->byxf', codes, first.kernel)
  found = first(codes[:, None, None])
  assert found.shape == (2, 2, 3, 3)
  np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
  ('code_shape', 'image_shape', 'options', 'part'),
  [
    ((4, 4, 6), (8, 8, 1), {}, r'maps \(4, 4, 6\), and vectors are needed'),
    ((6,), (8, 10, 1), {}, '2 filters need sides divisible by 4'),
    ((6,), (None, None, 1), {}, 'images of one size'),
    ((6,), (8, 8, 1), {'private_layers': 4}, 'is 4, of 3 layers'),
  ],
)
def test_what_cannot_be_decoded_is_told(code_shape, image_shape, options, part):
  with pytest.raises(ValueError, match=part):
    small(code_shape, image_shape, **options)


small_maps = functools.partial(
  map_decoders, filters=(4, 3), kernel_sizes=(3, 4, 4), strides=(1, 2, 2)
)


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize('sides', [(2, 3), (None, None)])
def test_maps_become_images_as_many_times_as_large(sides, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  codes = 1e3 * tf.random.normal([5, 2, 3, 6])
  for decoder in small_maps((*sides, 6), (None, None, 3)):
    images = decoder(codes)
    assert images.shape == (5, 8, 12, 3) and images.dtype == tf.float32
    assert np.max(np.abs(images)) <= 1.0
    assert np.max(np.abs(images[0] - images[1])) > 0.1


def test_the_number_of_weights_for_photographs():
  """Five kernels of 4x4 from 7x7 to 224, an offset, and normalisation."""
  widths = [512, 256, 128, 64, 32, 3]
  pairs = zip(widths[:-1], widths[1:], strict=True)
  expected = sum(16 * a * b for a, b in pairs) + 3 + 3 * sum(widths[1:-1])
  for decoder in map_decoders((7, 7, 512), (224, 224, 3)):
    assert decoder.count_params() == expected
    assert decoder.output_shape == (None, 224, 224, 3)
    assert [layer.strides for layer in convolutions(decoder)] == [(2, 2)] * 5


@pytest.mark.parametrize('private', [0, 1, 3])
def test_the_first_layers_of_maps_are_the_same_objects(private):
  g_x, g_y = small_maps((2, 2, 6), (8, 8, 1), private_layers=private)
  kinds = tf.keras.layers.Conv2D, tf.keras.layers.Conv2DTranspose
  found = [
    [layer for layer in decoder.layers if isinstance(layer, kinds)]
    for decoder in (g_x, g_y)
  ]
  assert [type(layer) for layer in found[0]] == [kinds[0], *[kinds[1]] * 2]
  same = [a is b for a, b in zip(*found, strict=True)]
  assert same == [True] * (3 - private) + [False] * private


@pytest.mark.parametrize(
  ('code_shape', 'options', 'part'),
  [
    ((6,), {}, r'vectors \(6,\), and maps are needed'),
    ((2, 2, 6), {'filters': (4,)}, '3 strides, 3 kernel_sizes and 1 filters'),
    ((2, 2, 6), {'strides': (2, 2)}, '2 strides, 3 kernel_sizes and 2 filters'),
    (
      (2, 2, 6),
      {'private_layers': 4},
      'map_decoders.private_layers is 4, of 3',
    ),
  ],
)
def test_what_maps_cannot_be_decoded_is_told(code_shape, options, part):
  with pytest.raises(ValueError, match=part):
    small_maps(code_shape, (8, 8, 1), **options)


@pytest.mark.parametrize(
  ('size', 'strides', 'fits'),
  [
    ((8, 8), (1, 2, 2), True),
    ((9, 7), (1, 2, 2), True),  # 3x2 places, 12x8 pixels
    ((8, 8), (1, 2, 1), False),
    ((8, 8), (2, 2, 2), False),
    ((None, 8), (2, 2, 2), True),
  ],
)
def test_a_decoder_has_to_undo_the_encoders_strides(size, strides, fits):
  """The encoder's is 4, as of two poolings that round up."""
  images = tf.keras.Input((None, None, 1))
  codes = tf.keras.layers.MaxPool2D(4, padding='same')(images)
  task = tf.keras.Model(images, {'features': codes})
  decoder, _ = small_maps((None, None, 1), (*size, 1), strides=strides)
  if fits:
    check_size(task, decoder, (*size, 1))
  else:
    with pytest.raises(ValueError, match='8x8 have codes of 2x2, which become'):
      check_size(task, decoder, (*size, 1))
