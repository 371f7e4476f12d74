"""I2I Adapt's decoders: sizes, weights, and which layers the two share."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import vector_decoders
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
