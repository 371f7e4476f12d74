import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import resnet34_segmenter


def test_the_number_of_weights():
  """ResNet34's 21,284,672 without its top, and scores of 512 * 11 + 11."""
  model = resnet34_segmenter((None, None, 3), 11)
  found = sum(np.size(weight) for weight in model.trainable_weights)
  assert found == 21_284_672 + 5643


@pytest.mark.parametrize('output_stride', [8, 16])
def test_the_undilated_networks_maps_are_among_the_dilated_ones(
  output_stride, small, shake
):
  """Every 4th, or 2nd: what was skipped is computed, too, from as far apart."""
  undilated = small('resnet34', output_stride=32)
  shake(undilated)
  model = small('resnet34', output_stride=output_stride)
  model.set_weights(undilated.get_weights())
  images = tf.random.uniform([1, 90, 130, 3], -1, 1)
  expected = undilated(images)['features']
  assert expected.shape == (1, 3, 5, 16)
  found = model(images)['features']
  every = 32 // output_stride
  assert found.shape[1:3] == (-(-90 // output_stride), -(-130 // output_stride))
  np.testing.assert_allclose(
    found[:, ::every, ::every], expected, rtol=1e-3, atol=1e-5
  )


def test_convolutions_lie_in_the_middle_of_what_they_see(small):
  """So a mirrored image has mirrored maps: 4n + 1 columns, both ends on top."""
  model = small('resnet34', (17, 33, 3))
  images = tf.random.uniform([1, 17, 33, 3], -1, 1)
  kernels = [v for v in model.trainable_weights if 'kernel' in v.name]
  for kernel in kernels:
    kernel.assign(kernel + tf.reverse(kernel, [1]))
  mirrored = model(tf.reverse(images, [2]))['features']
  expected = tf.reverse(model(images)['features'], [2])
  np.testing.assert_allclose(mirrored, expected, rtol=1e-3, atol=1e-5)


def test_another_output_stride_is_refused(small):
  with pytest.raises(ValueError, match='output_stride is 4: 8, 16 or 32'):
    small('resnet34', output_stride=4)
