import numpy as np
import pytest
import tensorflow as tf

NAMES = ['unet', 'fcn8s', 'drn26', 'resnet34', 'deeplab_v3_plus']


@pytest.mark.parametrize('name', NAMES)
def test_logits_have_the_size_of_the_image(name, small, shake):
  """A network for any size answers as that for one size with its weights."""
  model = small(name)
  shake(model)
  assert model.output_shape['logits'] == (None, None, None, 4)
  assert model(tf.zeros([1, 1, 3, 3]))['logits'].shape == (1, 1, 3, 4)
  fixed = small(name, (17, 50, 3))
  assert fixed.output_shape['logits'] == (None, 17, 50, 4)
  fixed.set_weights(model.get_weights())
  images = tf.random.uniform([2, 17, 50, 3], -1, 1)
  outputs = model(images)
  assert np.ptp(outputs['logits']) > 0
  assert outputs['features'].shape[-1] == model.output_shape['features'][-1]
  for key, values in fixed(images).items():
    np.testing.assert_allclose(outputs[key], values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('name', NAMES)
def test_outputs_are_float32_and_scores_are_computed_so(name, small):
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  model = small(name)
  outputs = model(tf.random.uniform([1, 20, 20, 3], -1, 1), training=True)
  assert {output.dtype for output in outputs.values()} == {tf.float32}
  kinds = {layer.compute_dtype for layer in model.layers}
  assert kinds == {'float32', 'bfloat16'}
  scores = [layer for layer in model.layers if layer.name.startswith('scores')]
  assert scores
  assert {layer.compute_dtype for layer in scores} == {'float32'}
  for layer in scores:
    assert layer.kernel_size == (1, 1) and layer.filters == 4


@pytest.mark.parametrize('name', ['fcn8s', 'resnet34', 'deeplab_v3_plus'])
def test_grey_images_are_seen_as_three_equal_channels(name, small, shake):
  model = small(name, (16, 16, 3))
  shake(model)
  grey = small(name, (16, 16, 1))
  grey.set_weights(model.get_weights())
  images = tf.random.uniform([2, 16, 16, 1], -1, 1)
  expected = model(tf.repeat(images, 3, axis=-1))['logits']
  np.testing.assert_allclose(grey(images)['logits'], expected, atol=1e-5)


@pytest.mark.parametrize('name', [name for name in NAMES if name != 'unet'])
def test_random_weights_are_said(name, small, caplog):
  with caplog.at_level('INFO', 'absl'):
    small(name)
  assert f'{name}_segmenter: random initial weights' in caplog.text


@pytest.mark.parametrize('name', ['unet', 'fcn8s', 'deeplab_v3_plus'])
def test_layers_are_rebuilt_from_their_configs(name, small, shake):
  """As `private_copy` and Keras's files do it."""
  model = small(name, (20, 20, 3))
  shake(model)
  copy = tf.keras.models.clone_model(model)
  copy.set_weights(model.get_weights())
  images = tf.random.uniform([1, 20, 20, 3], -1, 1)
  np.testing.assert_allclose(
    copy(images)['logits'], model(images)['logits'], atol=1e-6
  )
