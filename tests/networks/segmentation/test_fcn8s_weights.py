"""FCN8s's weights: how many, and those of VGG16."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.networks import fcn8s_segmenter


def test_the_number_of_weights():
  """VGG16's convolutions, fc6 of 3x3 and fc7 with 1,024, scores of 11.

  9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 2 * 256 * 256 + 256
  * 512 + 5 * 512 * 512) + 2 * (64 + 128) + 3 * (256 + 512 + 512) = 14,714,688.
  fc6: 9 * 512 * 1,024 + 1,024, fc7: 1,024 * 1,024 + 1,024. Scores: (1,024 + 512
  + 256 + 3) * 11. With 7x7 and 4,096, fc6 has 102,764,544, fc7 16,781,312.
  """
  model = fcn8s_segmenter((32, 32, 3), 11, fc_filters=1024, fc_kernel_size=3)
  convolutions = 14_714_688
  assert (
    sum(
      layer.count_params()
      for layer in model.layers
      if layer.name.startswith('conv')
    )
    == convolutions
  )
  fc = 9 * 512 * 1024 + 1024 + 1024 * 1024 + 1024
  # A dropout's random stream is three numbers, and no weight.
  assert sum(np.size(w) for w in model.trainable_weights) == (
    convolutions + fc + 1795 * 11
  )


def test_a_paper_sized_fc6_has_7x7_weights(small):
  model = small('fcn8s', fc_filters=5, fc_kernel_size=7, filters=2)
  assert model.get_layer('fc6').kernel.shape == (7, 7, 16, 5)
  assert model.get_layer('fc6').dilation_rate == (1, 1)
  assert model.get_layer('fc7').kernel.shape == (1, 1, 5, 5)


def test_another_fc6_is_refused(small):
  with pytest.raises(ValueError, match='fc_kernel_size is 5: 3 or 7'):
    small('fcn8s', fc_kernel_size=5)


def vgg16(filters, fc_filters=None):
  """keras.applications' VGG16 with other numbers of filters, as it names it."""
  layers = tf.keras.layers
  tensor = images = tf.keras.Input((224, 224, 3))
  stages = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))
  for stage, (count, multiple) in enumerate(stages, 1):
    for part in range(1, count + 1):
      tensor = layers.Conv2D(
        filters * multiple,
        3,
        padding='same',
        activation='relu',
        bias_initializer='ones',
        name=f'block{stage}_conv{part}',
      )(tensor)
    tensor = layers.MaxPooling2D(2, name=f'block{stage}_pool')(tensor)
  if fc_filters:
    tensor = layers.Flatten()(tensor)
    for part in (1, 2):
      tensor = layers.Dense(
        fc_filters, 'relu', bias_initializer='ones', name=f'fc{part}'
      )(tensor)
    tensor = layers.Dense(10, name='predictions')(tensor)
  return tf.keras.Model(images, tensor)


def test_the_stand_in_has_the_names_of_keras_applications():
  theirs = tf.keras.applications.VGG16(weights=None, include_top=False)
  names = {layer.name for layer in theirs.layers if layer.weights}
  assert {layer.name for layer in vgg16(1).layers if layer.weights} == names


def test_weights_of_vgg16_make_the_same_maps(small, tmp_path, caplog):
  """Of 224x224 without a margin, theirs on 0 to 255, BGR less the mean.

  fc6 and fc7 see all of pool5, as their dense layers do.
  """
  theirs = vgg16(1, 6)
  path = str(tmp_path / 'vgg16.h5')
  theirs.save_weights(path)
  with caplog.at_level('INFO', 'absl'):
    ours = small('fcn8s', fc_filters=6, fc_kernel_size=7, weights=path)
  assert f'fcn8s_segmenter: initial weights of {path}' in caplog.text
  assert 'random' not in caplog.text
  # What is within the network, without the margin around it.
  names = [layer.name for layer in ours.layers]
  first, last = names.index('conv1_1'), names.index('fc7')
  pixels = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3))
  tensor = ours.layers[1](pixels / 127.5 - 1)
  for layer in ours.layers[first : last + 1]:
    tensor = layer(tensor)
  seen = tf.keras.applications.vgg16.preprocess_input(pixels.copy())
  expected = tf.keras.Model(theirs.input, theirs.get_layer('fc2').output)(seen)
  np.testing.assert_allclose(tensor[:, 0, 0], expected, rtol=1e-3)


def test_fc6_stays_random_where_a_file_has_none_that_fits(
  small, tmp_path, caplog
):
  for name, theirs in (('notop', vgg16(1)), ('top', vgg16(1, 6))):
    path = str(tmp_path / f'{name}.h5')
    theirs.save_weights(path)
    caplog.clear()
    with caplog.at_level('INFO', 'absl'):
      ours = small('fcn8s', weights=path)
    assert f'{path}, but random ones of fc6, fc7 and scores' in caplog.text
    np.testing.assert_array_equal(
      ours.get_layer('conv5_3').kernel, theirs.get_layer('block5_conv3').kernel
    )


def test_a_file_of_another_network_is_refused(small, tmp_path):
  path = str(tmp_path / 'wide.h5')
  vgg16(2).save_weights(path)
  message = (
    r"wide.h5: layer 'block1_conv1' is \[\(3, 3, 3, 2\), \(2,\)\], "
    r'fcn8s_segmenter needs \[\(3, 3, 3, 1\), \(1,\)\]: name a file'
  )
  with pytest.raises(UserError, match=message):
    small('fcn8s', weights=path)
  # Its numbered layers could be of a network whose images were prepared
  # otherwise.
  path = str(tmp_path / 'own.weights.h5')
  small('fcn8s').save_weights(path)
  message = "own.weights.h5: layer 'block1_conv1' is not there, fcn8s_segmenter"
  with pytest.raises(UserError, match=message):
    small('fcn8s', weights=path)
