import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import mnist_classifier, svhn_classifier
from pixelda_tf.networks.classifiers import private_copy


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


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize(
  'image_shape, n_classes', [((16, 16, 1), 10), ((9, 12, 3), 3)]
)
def test_logits_are_float32_of_every_class(image_shape, n_classes, policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  outputs = mnist_classifier(image_shape, n_classes)(
    tf.random.normal([5, *image_shape])
  )
  assert set(outputs) == {'logits'}
  assert outputs['logits'].shape == (5, n_classes)
  assert outputs['logits'].dtype == tf.float32
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
