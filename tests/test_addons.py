"""The operation behind tensorflow-addons' function, and the function."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import addons


def example():
  """Images of an odd size, and transforms that also change perspective."""
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, size=(64, 7, 9, 3)).astype(np.float32)
  noise = random.normal(size=(64, 8)) * [0.5, 0.5, 3, 0.5, 0.5, 3, 0.02, 0.02]
  transforms = (noise + [1, 0, 0, 0, 1, 0, 0, 0]).astype(np.float32)
  return images, transforms


def numpy_transformed(image, transform, fill_value):
  """One image by the nearest pixel, in float32 as the operation computes."""
  a0, a1, a2, b0, b1, b2, c0, c1 = transform
  height, width, channels = image.shape
  moved = np.full((height, width, channels), fill_value, np.float32)
  for y in range(height):
    for x in range(width):
      k = c0 * np.float32(x) + c1 * np.float32(y) + np.float32(1)
      from_x = np.rint((a0 * np.float32(x) + a1 * np.float32(y) + a2) / k)
      from_y = np.rint((b0 * np.float32(x) + b1 * np.float32(y) + b2) / k)
      if 0 <= from_x < width and 0 <= from_y < height:
        moved[y, x] = image[int(from_y), int(from_x)]
  return moved


def test_the_operation_takes_the_nearest_pixel():
  images, transforms = example()
  found = addons.transform_by_operation(images, transforms, fill_value=0.5)
  for image, transform, moved in zip(images, transforms, found, strict=True):
    np.testing.assert_array_equal(
      moved, numpy_transformed(image, transform, 0.5)
    )


@pytest.mark.skipif(
  sys.version_info >= (3, 12), reason='this Python has no tensorflow-addons'
)
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear'])
@pytest.mark.parametrize('fill_value', [0.0, -1.0])
@pytest.mark.parametrize('traced', [False, True])
def test_the_operation_gives_the_bits_of_the_addons_function(
  interpolation, fill_value, traced
):
  assert addons.transform_images is addons.tfa.image.transform
  images, transforms = example()
  ours, theirs = (
    (tf.function(function) if traced else function)(
      tf.constant(images),
      tf.constant(transforms),
      interpolation=interpolation,
      fill_value=fill_value,
    )
    for function in (addons.transform_by_operation, addons.transform_images)
  )
  assert ours.shape == theirs.shape == images.shape
  np.testing.assert_array_equal(ours, theirs)
