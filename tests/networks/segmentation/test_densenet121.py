import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import densenet121_segmenter

# It takes seconds to build.
pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def theirs():
  """keras.applications' network, of which it has but this size."""
  return tf.keras.applications.DenseNet121(
    include_top=False, weights=None, input_shape=(None, None, 3)
  )


@pytest.fixture(scope='module')
def model(theirs, tmp_path_factory):
  """The network with weights of a file."""
  path = str(tmp_path_factory.mktemp('weights') / 'densenet121.h5')
  theirs.save_weights(path)
  return densenet121_segmenter((None, None, 3), 4, weights=path)


def test_the_number_of_weights(model):
  """7,037,504 of DenseNet121 without its top, and scores of 1,024 * 4 + 4."""
  assert model.count_params() == 7_037_504 + 4100


def test_strides_became_dilations(model):
  """Of 24 and 16 kernels of 3x3 in the last two blocks."""
  backbone = model.get_layer('densenet121')
  found = [
    (layer.name[:5], layer.dilation_rate)
    for layer in backbone.layers
    if layer.name.endswith('_2_conv')
  ]
  expected = {'conv2': (6, 1), 'conv3': (12, 1), 'conv4': (24, 2)}
  for stage, (count, rate) in (expected | {'conv5': (16, 4)}).items():
    assert found.count((stage, (rate, rate))) == count
  assert len(found) == 58


@pytest.mark.parametrize('height, width', [(64, 48), (37, 50), (1, 3)])
def test_maps_have_an_eighth_of_the_size(height, width, model):
  outputs = model(tf.random.uniform([1, height, width, 3], -1, 1))
  assert outputs['logits'].shape == (1, height, width, 4)
  assert outputs['features'].shape == (1, -(-height // 8), -(-width // 8), 1024)
  assert np.ptp(outputs['logits']) > 0


def test_maps_before_the_last_two_blocks_are_those_of_keras_applications(
  theirs, model
):
  """With its weights, of an image as its `preprocess_input` prepares it."""
  ours = model.get_layer('densenet121')
  for old, new in zip(theirs.get_weights(), ours.get_weights(), strict=True):
    np.testing.assert_array_equal(old, new)
  pixels = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3))
  prepared = tf.keras.applications.densenet.preprocess_input(pixels.copy())
  expected, found = (
    tf.keras.Model(network.input, network.get_layer('pool3_conv').output)(seen)
    for network, seen in (
      (theirs, prepared),
      (ours, model.layers[1](pixels / 127.5 - 1)),
    )
  )
  np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
