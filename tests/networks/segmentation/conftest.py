"""Networks so small that a test builds several, and checks for all of them."""

import functools

import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  deeplab_v3_plus_segmenter,
  drn26_segmenter,
  fcn8s_segmenter,
  resnet34_segmenter,
  unet_segmenter,
)

SMALL = {
  'unet': functools.partial(unet_segmenter, filters=2),
  'fcn8s': functools.partial(
    fcn8s_segmenter, filters=1, fc_filters=3, fc_kernel_size=3
  ),
  'drn26': functools.partial(drn26_segmenter, filters=1),
  'resnet34': functools.partial(resnet34_segmenter, filters=2),
  # A stack of basic blocks has the stem's 64 filters.
  'deeplab_v3_plus': functools.partial(
    deeplab_v3_plus_segmenter,
    filters=(64, 2, 2, 2),
    blocks=(2, 2, 2, 2),
    basic_blocks=True,
    pyramid_filters=2,
  ),
}


@pytest.fixture
def small():
  """Function of a network's name, an image shape and options to a small one."""

  def build(name, image_shape=(None, None, 3), n_classes=4, **kwargs):
    tf.keras.utils.set_random_seed(0)
    return SMALL[name](image_shape, n_classes, **kwargs)

  return build


@pytest.fixture
def shake():
  """Function of a model that moves its weights and statistics at random.

  Layers of scores no longer are 0, and batch normalisation does something.
  """

  def shake(model):
    random = tf.random.Generator.from_seed(1)
    for variable in model.weights:
      if variable.dtype.is_floating:
        shift = random.uniform(variable.shape, 0.0, 0.2)
        variable.assign(variable + tf.cast(shift, variable.dtype))

  return shake
