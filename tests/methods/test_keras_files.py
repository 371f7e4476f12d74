"""Models in Keras's files answer the same, and train on the same."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import methods
from pixelda_tf.data import pair
from pixelda_tf.errors import UserError
from pixelda_tf.losses.content import pairwise_mse
from pixelda_tf.networks import (
  downsampling_residual_generator,
  mnist_classifier,
  patch_discriminator,
  residual_generator,
)
from pixelda_tf.problems import ClassAndPose

CALLBACKS = tf.keras.callbacks
SHAPE = (16, 16, 1)
GENERATOR = functools.partial(
  downsampling_residual_generator, filters=2, levels=1, blocks=0
)
CRITIC = functools.partial(patch_discriminator, filters=2, strides=(2,))
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(256, size=(12, *SHAPE)).astype(np.uint8)
LABELS = RANDOM.integers(3, size=12)
TARGET = IMAGES[::-1] / 127.5 - 1.0


@tf.keras.saving.register_keras_serializable('tests')
def task(image_shape, n_classes, filters=2):
  """One dense layer behind the maps that LSD-seg sees."""
  images = tf.keras.Input(image_shape)
  convolution = tf.keras.layers.Conv2D(
    filters, 3, activation='tanh', name='private_convolution'
  )
  flat = tf.keras.layers.Flatten()(convolution(images))
  features = tf.keras.layers.Dropout(0.5)(tf.keras.layers.Dense(4)(flat))
  logits = tf.keras.layers.Dense(n_classes)(features)
  outputs = {'logits': logits, 'features': features}
  return tf.keras.Model(images, outputs, name='task')


# How each is built; PixelDA of what is apart from the other networks.
BUILT = {
  'SourceOnly': {},
  'PixelDA': {
    'generator': functools.partial(residual_generator, filters=2, blocks=1),
    'discriminator': CRITIC,
    'task': functools.partial(task, filters=3),
    'content_loss': pairwise_mse,
    'content_weight': 0.1,
    'class_head_weight': 0.1,
    'private_task_layers': True,
    'task_repeats': 2,
  },
  'CycleGAN': {'generator': GENERATOR, 'discriminator': CRITIC, 'pool_size': 8},
  'CycleGANUDA': {'generator': GENERATOR},
  'TwoWayCycleGANUDA': {'generator': GENERATOR},
  'CyCADA': {
    'generator': GENERATOR,
    'discriminator': CRITIC,
    'joint_classifier': True,
    'align_features': True,
  },
  'CyCADAFeatures': {'generator': None},
  'I2IAdapt': {'critic': CRITIC, 'critic_steps': 2},
}
# Quick ones; of the second a part is in no attribute of the method.
ALWAYS = ('SourceOnly', 'CyCADAFeatures')


def build(name, **options):
  tf.keras.utils.set_random_seed(3)
  options = {'task': task} | BUILT[name] | options
  model = getattr(methods, name)(image_shape=SHAPE, n_classes=3, **options)
  model.compile(tf.keras.optimizers.Adam(1e-3))
  return model


def fit(model, callbacks=(), **kwargs):
  batches = pair((IMAGES, LABELS), IMAGES[::-1], batch_size=4)
  return model.fit(
    batches, steps_per_epoch=2, verbose=0, callbacks=list(callbacks), **kwargs
  )


def state(model):
  """All that training depends on."""
  metrics = {v.ref() for metric in model.metrics for v in metric.variables}
  variables = [v for v in model.variables if v.ref() not in metrics]
  for optimizer in model.player_optimizers.values():
    variables += [*optimizer.variables, optimizer.learning_rate]
  return [v.numpy() for v in (*variables, model.random.state)]


def assert_the_same(model, other):
  for found, expected in zip(state(other), state(model), strict=True):
    np.testing.assert_array_equal(found, expected)
  if model.predicts:
    found, expected = (m.predict(TARGET, verbose=0) for m in (other, model))
    assert found.keys() == expected.keys()
    for name in expected:
      np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize(
  'name',
  [
    name if name in ALWAYS else pytest.param(name, marks=pytest.mark.long)
    for name in BUILT
  ],
)
def test_files_have_all_of_a_model(name, tmp_path):
  """By `save`, by a checkpoint of it, and by its weights alone."""
  whole, best = str(tmp_path / 'whole.keras'), str(tmp_path / 'best.keras')
  weights = str(tmp_path / 'x.weights.h5')
  model = build(name)
  fit(model, [CALLBACKS.ModelCheckpoint(best, 'loss', save_best_only=True)])
  model.optimizer.lr = 0.125
  model.save(whole)
  model.save_weights(weights)
  other = build(name)
  other.optimizer.lr = 0.125
  other.load_weights(weights)
  assert_the_same(model, other)
  other = tf.keras.models.load_model(whole)
  assert type(other) is type(model)
  assert_the_same(model, other)
  assert tf.keras.models.load_model(best).optimizer.lr == np.float32(1e-3)
  fit(other)
  assert int(other.step) == 4


def test_a_problem_and_a_schedule_come_back(tmp_path):
  """The schedule once: of a player that moves thrice it counts steps."""
  path = str(tmp_path / 'x.keras')
  half = tf.keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
  model = build('I2IAdapt', problem=ClassAndPose(pose_weight=0.25))
  model.compile({'critics': tf.keras.optimizers.SGD(half), 'model': 'adam'})
  model.save(path)
  other = tf.keras.models.load_model(path)
  assert other.problem.pose_weight == 0.25
  for name in ('critics', 'model'):
    expected, found = (
      m.player_optimizers[name].get_config() for m in (model, other)
    )
    assert found == expected


def test_without_compiling_it_predicts(tmp_path):
  path = str(tmp_path / 'x.keras')
  model = build('SourceOnly')
  model.save(path)
  other = tf.keras.models.load_model(path, compile=False)
  np.testing.assert_array_equal(
    other(TARGET)['logits'], model(TARGET)['logits']
  )


@pytest.mark.parametrize('path', ['folder', 'x.h5', 'x.tf'])
def test_another_file_is_refused_and_what_to_do_is_told(path, tmp_path):
  model = build('SourceOnly')
  path = str(tmp_path / path)
  message = r'is no \.keras file.*save_weights\(.*pixelda_tf\.serving\.export'
  with pytest.raises(UserError, match=f'^save: .*{message}'):
    model.save(path)
  with pytest.raises(UserError, match=f'^ModelCheckpoint: .*{message}'):
    fit(model, [CALLBACKS.ModelCheckpoint(path)])
  assert int(model.step) == 0 and not list(tmp_path.iterdir())


@pytest.mark.parametrize('path', ['x.h5', 'x.keras'])
def test_a_file_of_layers_alone_is_refused(path, tmp_path):
  model = build('CycleGAN')
  path = str(tmp_path / path)
  message = r'would lack .*beside its layers: name it .NAME\.weights\.h5'
  with pytest.raises(UserError, match=f'^save_weights: .*{message}'):
    model.save_weights(path)
  callback = CALLBACKS.ModelCheckpoint(path, save_weights_only=True)
  with pytest.raises(UserError, match=f'^ModelCheckpoint: .*{message}'):
    fit(model, [callback])
  assert int(model.step) == 0 and not list(tmp_path.iterdir())


def test_a_saved_model_is_refused_wherever_it_is_asked_for(tmp_path):
  model = build('SourceOnly')
  for save in (tf.keras.models.save_model, tf.saved_model.save):
    with pytest.raises(UserError, match='save_weights.*export'):
      save(model, str(tmp_path / 'folder'))


def test_a_builder_without_a_name_is_refused_before_the_first_step(tmp_path):
  model = build('SourceOnly', task=lambda *shape: task(*shape))
  path = str(tmp_path / 'x.keras')
  message = (
    'SourceOnly cannot be saved as a whole: its task is <function .*lambda.*'
    r'register_keras_serializable.*save_weights\(.*serving\.export\('
  )
  with pytest.raises(UserError, match=message):
    model.save(path)
  with pytest.raises(UserError, match=message):
    fit(model, [CALLBACKS.ModelCheckpoint(path)])
  assert int(model.step) == 0 and not list(tmp_path.iterdir())
  weights = str(tmp_path / 'x.weights.h5')
  fit(model, [CALLBACKS.ModelCheckpoint(weights, save_weights_only=True)])
  assert list(tmp_path.iterdir())


def test_weights_of_another_build_are_told(tmp_path):
  path = str(tmp_path / 'x.weights.h5')
  build('CycleGAN').save_weights(path)
  with pytest.raises(UserError, match='variables of CycleGAN beside its netw'):
    build('CycleGAN', pool_size=0).load_weights(path)


def test_defaults_are_not_in_a_config():
  model = methods.SourceOnly(image_shape=SHAPE, n_classes=3)
  assert model.get_config() == {'image_shape': [16, 16, 1], 'n_classes': 3}
  model = methods.SourceOnly(
    image_shape=SHAPE, n_classes=3, task=mnist_classifier
  )
  assert model.get_config()['task'] == {
    'component': 'pixelda_tf.networks.classifiers.mnist_classifier'
  }
