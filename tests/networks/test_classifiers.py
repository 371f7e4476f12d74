import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import (
  dtn_classifier,
  layers,
  lenet_classifier,
  mnist_classifier,
  svhn_classifier,
)
from pixelda_tf.networks.classifiers import private_copy

# Builder, image shape and length of the features.
CLASSIFIERS = {
  'mnist': (mnist_classifier, (8, 8, 1), 100),
  'svhn': (svhn_classifier, (8, 8, 1), 2048),
  'lenet': (lenet_classifier, (16, 16, 1), 500),
  'dtn': (dtn_classifier, (8, 8, 3), 512),
}


def of_type(model, kind):
  return [layer for layer in model.layers if isinstance(layer, kind)]


def count_weights(model):
  return sum(int(tf.size(v)) for v in model.trainable_variables)


def test_mnist_classifier_has_the_papers_layers():
  """conv 5x5 32 | conv 5x5 48, dense 100, 100, 10; 28 is pooled to 7.

  25 * 3 * 32 + 32 = 2,432; 25 * 32 * 48 + 48 = 38,448;
  7 * 7 * 48 * 100 + 100 = 235,300; 10,100; 1,010.
  """
  model = mnist_classifier((28, 28, 3), 10)
  assert count_weights(model) == 2432 + 38448 + 235300 + 10100 + 1010


def test_svhn_classifier_has_the_papers_layers():
  """conv 5x5 64, 64, 128, dense 3072, 2048, 10; 8 is pooled to 2.

  4,864; 102,464; 204,928; 2 * 2 * 128 * 3072 + 3072 = 1,575,936; 6,293,504;
  20,490.
  """
  model = svhn_classifier((8, 8, 3), 10)
  expected = 4864 + 102464 + 204928 + 1575936 + 6293504 + 20490
  assert count_weights(model) == expected
  assert model(tf.zeros([2, 8, 8, 3]))['logits'].shape == (2, 10)


def test_lenet_classifier_has_the_papers_layers():
  """conv 5x5 20 and 50, not padded, dense 500 and 10: 28, 24, 12, 8, 4.

  25 * 1 * 20 + 20 = 520; 25 * 20 * 50 + 50 = 25,050;
  4 * 4 * 50 * 500 + 500 = 400,500; 5,010.
  """
  model = lenet_classifier((28, 28, 1), 10)
  assert count_weights(model) == 520 + 25050 + 400500 + 5010
  names = [type(layer).__name__ for layer in model.layers[1:-3]]
  first = ['Conv2D', 'MaxPooling2D', 'ReLU']
  second = ['Conv2D', 'Corruption', 'MaxPooling2D', 'ReLU']
  assert names == [*first, *second, 'Flatten', 'Dense', 'Corruption']
  corruptions = of_type(model, layers.Corruption)
  assert [c.dropout_rate for c in corruptions] == [0.5, 0.5]
  assert [c.whole_channels for c in corruptions] == [True, False]


def test_dtn_classifier_has_the_papers_layers():
  """conv 5x5 64, 128, 256 of stride 2, dense 512 and 10: 32, 16, 8, 4.

  25 * 3 * 64 + 64 = 4,864; 25 * 64 * 128 + 128 = 204,928;
  25 * 128 * 256 + 256 = 819,456; 4 * 4 * 256 * 512 + 512 = 2,097,664; 5,130;
  an offset each by batch norm: 64 + 128 + 256 + 512 = 960.
  """
  model = dtn_classifier((32, 32, 3), 10)
  expected = 4864 + 204928 + 819456 + 2097664 + 5130 + 960
  assert count_weights(model) == expected
  corruptions = of_type(model, layers.Corruption)
  assert [c.dropout_rate for c in corruptions] == [0.1, 0.3, 0.5, 0.5]
  assert not any(c.whole_channels for c in corruptions)
  assert len({c.seed for c in corruptions}) == 4


def test_lenets_first_dropout_takes_whole_channels():
  """Behind it a channel of an image is 0 or, with 1/2, twice as large."""
  model = lenet_classifier((16, 16, 1), 3)
  dropout = of_type(model, layers.Corruption)[0]
  parts = tf.keras.Model(model.input, [dropout.input, dropout.output])
  before, after = parts(tf.random.normal([8, 16, 16, 1]), training=True)
  ratio = after / before
  np.testing.assert_allclose(
    ratio, np.broadcast_to(ratio[:, :1, :1], ratio.shape), rtol=1e-6
  )
  np.testing.assert_allclose(np.unique(ratio), [0.0, 2.0])
  # 400 channels: a standard error of 0.025.
  np.testing.assert_allclose(np.mean(after[:, 0, 0] != 0), 0.5, atol=0.1)


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('name', CLASSIFIERS)
def test_features_are_the_last_layers_input(name, training):
  build, image_shape, size = CLASSIFIERS[name]
  model = build(image_shape, 3)
  outputs = model(tf.random.normal([4, *image_shape]), training=training)
  assert outputs['features'].shape == (4, size)
  last = model.get_layer('classes')
  np.testing.assert_allclose(
    outputs['logits'],
    outputs['features'].numpy() @ last.kernel.numpy() + last.bias.numpy(),
    atol=1e-5,
  )


@pytest.mark.parametrize('name', ['lenet', 'dtn'])
def test_dropout_is_in_training_only_and_of_its_seed(name):
  build, image_shape, _ = CLASSIFIERS[name]
  images = tf.random.normal([4, *image_shape])
  found = []
  for seed in (1, 1, 9):
    tf.keras.utils.set_random_seed(0)
    model = build(image_shape, 3, seed=seed)
    still = model(images)['logits'].numpy()
    np.testing.assert_array_equal(model(images)['logits'], still)
    found.append(model(images, training=True)['logits'].numpy())
    assert np.any(found[-1] != still)
  np.testing.assert_array_equal(found[0], found[1])
  assert np.any(found[0] != found[2])


@pytest.mark.parametrize('name', ['lenet', 'dtn'])
def test_private_copies_of_them_have_a_first_convolution_of_their_own(name):
  build, image_shape, size = CLASSIFIERS[name]
  task = build(image_shape, 3)
  copy = private_copy(task)
  shared = {v.ref() for v in task.variables} & {v.ref() for v in copy.variables}
  own = [v for v in copy.variables if v.ref() not in shared]
  assert len(task.variables) == len(copy.variables)
  assert len(own) == 2
  assert all('private_convolution' in variable.name for variable in own)
  images = tf.random.normal([2, *image_shape])
  outputs = copy(images)
  assert outputs['features'].shape == (2, size)
  assert np.any(outputs['logits'] != task(images)['logits'])


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize(
  'image_shape, n_classes', [((16, 16, 1), 10), ((9, 12, 3), 3)]
)
def test_logits_are_float32_of_every_class(image_shape, n_classes, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  outputs = mnist_classifier(image_shape, n_classes)(
    tf.random.normal([5, *image_shape])
  )
  assert {name: value.shape for name, value in outputs.items()} == {
    'logits': (5, n_classes),
    'features': (5, 100),
  }
  assert {value.dtype for value in outputs.values()} == {tf.float32}
  assert np.min(outputs['logits']) < 0 < np.max(outputs['logits'])


def test_every_variable_gets_a_gradient():
  model = mnist_classifier((8, 8, 1), 3)
  with tf.GradientTape() as tape:
    logits = model(tf.random.normal([16, 8, 8, 1]))['logits']
    loss = tf.reduce_mean((logits - 1.0) ** 2)
  for variable, gradient in zip(
    model.trainable_variables,
    tape.gradient(loss, model.trainable_variables),
    strict=True,
  ):
    assert np.any(gradient != 0), variable.name


def test_private_copy_shares_all_but_the_first_stage():
  task = mnist_classifier((8, 8, 1), 3)
  copy = private_copy(task)
  shared = {v.ref() for v in task.variables} & {v.ref() for v in copy.variables}
  assert len(task.variables) == len(copy.variables) == 10
  own = [v for v in copy.variables if v.ref() not in shared]
  assert len(own) == 2
  assert all('private_convolution' in variable.name for variable in own)
  assert np.any(own[0] != task.get_layer('private_convolution').kernel)
  images = tf.random.normal([4, 8, 8, 1])
  before = copy(images)['logits'].numpy()
  assert np.any(before != task(images)['logits'])
  task.get_layer('private_convolution').kernel.assign_add(
    tf.ones([5, 5, 1, 32])
  )
  np.testing.assert_array_equal(copy(images)['logits'], before)
  copy.get_layer('private_convolution').set_weights(
    task.get_layer('private_convolution').get_weights()
  )
  np.testing.assert_allclose(
    copy(images)['logits'], task(images)['logits'], rtol=1e-5
  )


@pytest.mark.parametrize('name', CLASSIFIERS)
def test_dense_layers_need_images_of_one_size(name):
  build, (_, _, channels), _ = CLASSIFIERS[name]
  message = f'{name}_classifier: images of one size are needed: set Pair'
  with pytest.raises(ValueError, match=message):
    build((None, None, channels), 10)
