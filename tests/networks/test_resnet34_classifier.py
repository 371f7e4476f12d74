"""ResNet34 for classes: what it has beside the maps, and its weights' files."""

import h5py
import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.networks import resnet34_classifier, resnet34_segmenter


def small(image_shape=(None, None, 3), n_classes=4, **kwargs):
  return resnet34_classifier(image_shape, n_classes, filters=2, **kwargs)


def test_the_number_of_weights():
  """ResNet34's 21,284,672 without its top, and scores of 512 * 31 + 31."""
  model = resnet34_classifier((224, 224, 3), 31)
  found = sum(np.size(weight) for weight in model.trainable_weights)
  assert found == 21_284_672 + 15_903
  assert model.output_shape['features'] == (None, 7, 7, 512)


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_a_class_is_told_of_the_means_of_the_maps(policy):
  """A dense layer of them by hand, for images of any size."""
  tf.keras.mixed_precision.set_global_policy(policy)
  model = small()
  outputs = model(tf.random.uniform([2, 70, 40, 3], -1, 1))
  features = outputs['features']
  assert features.shape == (2, 3, 2, 16)
  assert {output.dtype for output in outputs.values()} == {tf.float32}
  kernel, offset = model.get_layer('scores').get_weights()
  expected = np.mean(features, axis=(1, 2)) @ kernel[0, 0] + offset
  assert outputs['logits'].shape == (2, 4) and np.ptp(expected) > 0
  np.testing.assert_allclose(outputs['logits'], expected, atol=1e-5)


def test_its_maps_are_those_of_the_segmenter_with_its_file(tmp_path, caplog):
  """Files of the two are the same but for their scores."""
  theirs = resnet34_segmenter((None, None, 3), 7, filters=2, output_stride=32)
  path = str(tmp_path / 'named.h5')
  theirs.save_weights(path)
  with caplog.at_level('INFO', 'absl'):
    ours = small(weights=path)
    small()
  assert f'resnet34_classifier: initial weights of {path}' in caplog.text
  assert 'resnet34_classifier: random initial weights' in caplog.text
  images = tf.random.uniform([1, 64, 64, 3], -1, 1)
  np.testing.assert_array_equal(
    ours(images)['features'], theirs(images)['features']
  )


def test_layers_may_have_keras_cvs_names(tmp_path):
  theirs = small()
  path = str(tmp_path / 'keras_cv.h5')
  theirs.save_weights(path)
  with h5py.File(path, 'a') as file:
    names = [name for name in file.attrs['layer_names'] if '_' in name]
    for number, name in enumerate(names):
      if name.startswith('conv') and not name.startswith('conv1'):
        stage, _, rest = name.partition('_')
        names[number] = f'v2_stack_{int(stage[4:]) - 2}_{rest}'
        file.move(name, names[number])
    file.attrs['layer_names'] = names
  ours = small(weights=path)
  assert len(names) > 60
  for layer in theirs.layers:
    if 'conv' in layer.name:
      pairs = layer.get_weights(), ours.get_layer(layer.name).get_weights()
      for a, b in zip(*pairs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['named.h5', 'numbered.weights.h5'])
def test_it_takes_the_files_of_keras_cv(name, tmp_path):
  """Every array of them, in order but for shortcuts beside their blocks."""
  import keras_cv

  theirs = keras_cv.models.ResNetBackbone(
    stackwise_filters=[64, 128, 256, 512],
    stackwise_blocks=[3, 4, 6, 3],
    stackwise_strides=[1, 2, 2, 2],
    block_type='basic_block',
    include_rescaling=False,
  )
  for weight in theirs.weights:  # Two layers of one shape are told apart.
    weight.assign(tf.random.uniform(weight.shape))
  path = str(tmp_path / name)
  theirs.save_weights(path)
  ours = resnet34_classifier((None, None, 3), 31, weights=path)
  named = {layer.name: layer for layer in ours.layers}
  for layer in theirs.layers:
    if layer.weights:
      stage, _, rest = layer.name.removeprefix('v2_stack_').partition('_')
      of_stem = layer.name.startswith('conv1')
      found = named[layer.name if of_stem else f'conv{int(stage) + 2}_{rest}']
      pairs = layer.get_weights(), found.get_weights()
      for a, b in zip(*pairs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_architectures_first_layer_is_named(tmp_path):
  """In one line: that of a VGG16, and that of a wider ResNet34."""
  images = tf.keras.Input((None, None, 3))
  vgg = tf.keras.layers.Conv2D(64, 3, name='block1_conv1')(images)
  path = str(tmp_path / 'vgg16.h5')
  tf.keras.Model(images, vgg).save_weights(path)
  needs = r'resnet34_classifier needs \[\(7, 7, 3, 2\)\]'
  message = f"{path}: layer 'conv1_conv' is not there, {needs}: name a file"
  with pytest.raises(UserError, match=message) as caught:
    small(weights=path)
  assert '\n' not in caught.value.message
  path = str(tmp_path / 'wide.h5')
  resnet34_classifier((None, None, 3), 4, filters=3).save_weights(path)
  message = rf"layer 'conv1_conv' is \[\(7, 7, 3, 3\)\], {needs}"
  with pytest.raises(UserError, match=message):
    small(weights=path)
