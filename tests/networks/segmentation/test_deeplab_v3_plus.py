import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.networks import deeplab_v3_plus_segmenter


def backbone(**kwargs):
  import keras_cv

  return keras_cv.models.ResNetV2Backbone(
    stackwise_filters=[64, 2, 2, 2],
    stackwise_blocks=[2, 2, 2, 2],
    stackwise_strides=[1, 2, 2, 2],
    block_type='basic_block',
    **kwargs,
  )


def test_images_are_padded_with_black_to_sides_that_32_divides(small, shake):
  model = small('deeplab_v3_plus')
  shake(model)
  images = tf.random.uniform([2, 37, 50, 3], -1, 1)
  padded = tf.pad(
    images, [[0, 0], [0, 27], [0, 14], [0, 0]], constant_values=-1.0
  )
  np.testing.assert_allclose(
    model(images)['logits'], model(padded)['logits'][:, :37, :50], atol=1e-5
  )


def test_logits_are_no_probabilities(small, shake):
  """Of 1/4 of the size, times 4 by pixels' centres."""
  model = small('deeplab_v3_plus')
  shake(model)
  images = tf.random.uniform([1, 64, 64, 3], -1, 1)
  outputs = model(images)
  assert outputs['features'].shape == (1, 16, 16, 2)
  kernel, bias = model.get_layer('scores').get_weights()
  scores = outputs['features'].numpy() @ kernel[0, 0] + bias
  expected = tf.image.resize(scores, (64, 64))
  np.testing.assert_allclose(outputs['logits'], expected, rtol=1e-5, atol=1e-4)
  assert np.abs(np.sum(outputs['logits'], -1) - 1).min() > 1e-3


def test_the_number_of_weights():
  """keras.applications' 23,564,800 of ResNet50V2 without its top.

  The pyramid, of 2,048 maps: 1x1 twice and 3x3 three times to 256, and 1x1 of
  these 1,280; 1x1 from 256 to 48 beside it; 1x1 from 304 to 256; four numbers
  of normalisation for each; scores of 256 * 11 + 11.
  """
  pyramid = (2 + 3 * 9) * 2048 * 256 + 1280 * 256 + 6 * 4 * 256
  head = 256 * 48 + 4 * 48 + 304 * 256 + 4 * 256 + 2827
  model = deeplab_v3_plus_segmenter((None, None, 3), 11)
  assert model.count_params() == 23_564_800 + pyramid + head


@pytest.mark.parametrize('name', ['named.h5', 'numbered.weights.h5'])
def test_a_backbones_weights_are_read_as_keras_cv_writes_them(
  name, small, tmp_path
):
  theirs = backbone(include_rescaling=True)
  path = str(tmp_path / name)
  theirs.save_weights(path)
  model = small('deeplab_v3_plus', weights=path)
  deeplab = next(m for m in model.layers if isinstance(m, tf.keras.Model))
  names = {layer.name for layer in theirs.layers if layer.weights}
  ours = {layer.name: layer for layer in deeplab.submodules}
  for layer in theirs.layers:
    if layer.name in names:
      for a, b in zip(
        layer.get_weights(), ours[layer.name].get_weights(), strict=True
      ):
        np.testing.assert_array_equal(a, b)
  assert len(names) > 30


def test_a_file_of_another_backbone_is_refused(small, tmp_path):
  path = str(tmp_path / 'other.h5')
  small('drn26').save_weights(path)
  message = "other.h5: layer 'conv1_conv' is not there, deeplab_v3_plus_segment"
  with pytest.raises(UserError, match=message):
    small('deeplab_v3_plus', weights=path)
