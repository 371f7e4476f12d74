"""SavedModels, loaded where pixelda_tf cannot be imported."""

import functools
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import serving
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import prepare_images, to_uint8
from pixelda_tf.methods import PixelDA, SourceOnly, TwoWayCycleGANUDA
from pixelda_tf.networks import (
  layers,
  pyramid_discriminator,
  residual_generator,
  unet_generator,
)

# Loads an export and calls it with every array of a file. Nothing but
# TensorFlow can be imported in it: of a current one, Keras is Keras 3.
CLIENT = """
import sys
names = ('pixelda_tf', 'tensorflow_addons', 'tf_keras')
for name in names:
  sys.modules[name] = None
import numpy as np
import tensorflow as tf
for name in names:
  try:
    __import__(name)
  except ImportError:
    continue
  raise AssertionError(name)
requests = np.load('requests.npz')
responses = {}
for export in ('pixelda', 'grey', 'source_only', 'two_way'):
  signatures = tf.saved_model.load(export).signatures
  for signature in signatures:
    for request, images in requests.items():
      if signature == 'predict_float':
        images = images / np.float32(255)
      for output, value in signatures[signature](
        images=tf.constant(images)
      ).items():
        responses[f'{export}:{signature}:{request}:{output}'] = value.numpy()
np.savez('responses.npz', **responses)
"""


def pixelda(image_shape, noise_size, **kwargs):
  tf.keras.utils.set_random_seed(1)
  return PixelDA(
    image_shape=image_shape,
    n_classes=3,
    noise_size=noise_size,
    generator=functools.partial(
      residual_generator, filters=4, blocks=1, **kwargs
    ),
    discriminator=functools.partial(pyramid_discriminator, filters=2),
  )


def two_way():
  """Both directions, and a variable that is not trained."""
  tf.keras.utils.set_random_seed(1)
  method = TwoWayCycleGANUDA(
    image_shape=(8, 8, 3),
    n_classes=3,
    generator=functools.partial(unet_generator, filters=2, levels=1),
  )
  method.combination_weight.assign(0.3)
  return method


@pytest.fixture(scope='module')
def methods():
  """Methods by the name of their export."""
  return {
    'pixelda': pixelda((8, 8, 3), 10),
    'grey': pixelda((8, 8, 1), 0, normalization=layers.instance_normalization),
    'source_only': SourceOnly(image_shape=(8, 8, 3), n_classes=3),
    'two_way': two_way(),
  }


@pytest.fixture(scope='module')
def requests():
  """uint8 images by what they are."""
  random = np.random.default_rng(0)
  shapes = {
    'one': (1, 8, 8, 3),
    'five': (5, 8, 8, 3),
    'grey': (2, 8, 8, 1),
    'larger': (2, 13, 10, 3),
    'smaller grey': (3, 5, 6, 1),
    'rgb and depth': (2, 8, 8, 4),
  }
  return {
    name: random.integers(256, size=shape, dtype=np.uint8)
    for name, shape in shapes.items()
  }


@pytest.fixture(scope='module')
def exports(methods, tmp_path_factory):
  """Directory of the methods' exports, by name."""
  directory = tmp_path_factory.mktemp('exports')
  for name, method in methods.items():
    serving.export(method, str(directory / name))
  return directory


@pytest.fixture(scope='module')
def responses(exports, requests):
  """What the exports answer in a process without pixelda_tf."""
  np.savez(exports / 'requests.npz', **requests)
  environment = dict(os.environ)
  for name in ('PYTHONPATH', 'TF_USE_LEGACY_KERAS'):
    environment.pop(name, None)
  process = subprocess.run(
    [sys.executable, '-c', CLIENT],
    cwd=exports,
    env=environment,
    capture_output=True,
    text=True,
    timeout=300,
  )
  assert process.returncode == 0, process.stderr
  with np.load(exports / 'responses.npz') as found:
    return dict(found)


@pytest.mark.parametrize('name', ['pixelda', 'grey', 'source_only', 'two_way'])
def test_probabilities_equal_the_methods_predictions(
  name, methods, requests, responses
):
  """Of any number of images, of any size, grey or RGB, prepared as trained."""
  method = methods[name]
  for request, images in requests.items():
    found = responses[f'{name}:predict:{request}:probabilities']
    assert found.shape == (len(images), 3) and found.dtype == np.float32
    prepared = prepare_images(images, image_shape=method.image_shape)
    expected = method.predictions(prepared)['probabilities']
    np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=request)
    np.testing.assert_allclose(found.sum(-1), np.ones(len(images)), atol=1e-5)
    np.testing.assert_array_equal(
      found, responses[f'{name}:serving_default:{request}:probabilities']
    )
    np.testing.assert_allclose(
      found,
      responses[f'{name}:predict_float:{request}:probabilities'],
      atol=1e-5,
    )


@pytest.mark.parametrize(
  ('name', 'signature'),
  [
    ('pixelda', 'translate'),
    ('grey', 'translate'),
    ('two_way', 'translate'),
    ('two_way', 'translate_back'),
  ],
)
def test_translations_have_the_methods_size(
  name, signature, methods, requests, responses
):
  """Without noise, as all but `pixelda`, they are the method's."""
  method = methods[name]
  for request, images in requests.items():
    found = responses[f'{name}:{signature}:{request}:images']
    assert found.dtype == np.uint8
    assert found.shape == (len(images), *method.image_shape)
    if name != 'pixelda':
      prepared = prepare_images(images, image_shape=method.image_shape)
      expected = to_uint8(getattr(method, signature)(prepared)).numpy()
      difference = np.abs(found.astype(int) - expected)
      assert difference.max() <= 1 and difference.mean() < 0.1, request
      assert np.ptp(found) > 0


def test_a_signature_is_there_for_what_a_method_can(responses):
  signatures = {}
  for key in responses:
    name, signature, *_ = key.split(':')
    signatures.setdefault(name, set()).add(signature)
  always = {'serving_default', 'predict', 'predict_float'}
  assert signatures == {
    'source_only': always,
    'pixelda': always | {'translate'},
    'grey': always | {'translate'},
    'two_way': always | {'translate', 'translate_back'},
  }


def test_every_call_of_translate_draws_new_noise(exports):
  signatures = serving.load(str(exports / 'pixelda'))
  assert 'translate' in signatures
  images = tf.fill([1, 8, 8, 3], tf.constant(128, tf.uint8))
  found = {
    signatures['translate'](images=images)['images'].numpy().tobytes()
    for _ in range(8)
  }
  assert len(found) > 1


def test_an_export_replaces_the_one_before_when_it_is_complete(
  methods, tmp_path, monkeypatch
):
  directory = str(tmp_path / 'export')
  method = methods['source_only']
  images = tf.zeros([1, 8, 8, 3], tf.uint8)

  def answer():
    predict = serving.load(directory)['predict']
    return predict(images=images)['probabilities'].numpy()

  serving.export(method, directory)
  before = answer()
  method.task.get_layer('classes').bias.assign([0.0, 1.0, 2.0])

  def fail(servable, path, **kwargs):
    os.mkdir(path)
    raise OSError('No space left on device')

  with monkeypatch.context() as patch:
    patch.setattr(tf.saved_model, 'save', fail)
    with pytest.raises((OSError, UserError)):
      serving.export(method, directory)
  np.testing.assert_array_equal(answer(), before)
  serving.export(method, directory + '/')
  assert os.listdir(tmp_path) == ['export']
  assert np.all(answer() != before)


@pytest.mark.parametrize('name', ['pixelda', 'grey', 'source_only', 'two_way'])
def test_no_image_has_no_answer(name, exports, methods):
  signatures = serving.load(str(exports / name))
  shapes = {'probabilities': (0, 3), 'images': (0, *methods[name].image_shape)}
  for channels in (1, 3):
    images = tf.zeros([0, 9, 9, channels], tf.uint8)
    for name, signature in signatures.items():
      dtype = tf.float32 if name == 'predict_float' else tf.uint8
      for output, value in signature(images=tf.cast(images, dtype)).items():
        assert value.shape == shapes[output]


@pytest.mark.parametrize(
  ('value', 'found'),
  [
    (np.float64(255), r'\[255, 255\]'),
    (-0.5, r'\[-0.5, -0.5\]'),
    (1.1, r'\[1.1, 1.1\]'),
    (np.nan, 'nan'),
    (np.inf, 'inf'),
    (np.uint8(7), r'\[7, 7\]'),
    (300, r'\[300, 300\]'),
  ],
)
def test_predict_float_refuses_what_is_not_in_0_to_1(value, found, exports):
  signature = serving.load(str(exports / 'source_only'))['predict_float']
  expected = (
    f'predict_float: images must be float in .0, 1., these are .*{found}'
  )
  with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
    signature(images=np.full((1, 8, 8, 3), value))


def test_predict_float_takes_numpys_floats(exports, requests):
  signatures = serving.load(str(exports / 'source_only'))
  expected = signatures['predict'](images=requests['five'])['probabilities']
  assert len(np.unique(expected, axis=0)) == 5
  for dtype in (np.float16, np.float32, np.float64):
    images = (requests['five'] / 255).astype(dtype)
    found = signatures['predict_float'](images=images)['probabilities']
    np.testing.assert_allclose(found, expected, atol=2e-3)
