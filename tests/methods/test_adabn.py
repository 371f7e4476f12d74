import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import AdaBN

layers = tf.keras.layers
EPSILON = 1e-3


def two_normalizations(image_shape, n_classes):
  """The second one below a nested model, and behind what the first one does."""
  inner = tf.keras.Sequential(
    [layers.Conv2D(3, 3, name='convolution'), layers.BatchNormalization()],
    name='inner',
  )
  tensor = images = tf.keras.Input(image_shape)
  tensor = layers.BatchNormalization(name='first')(tensor)
  tensor = layers.ReLU()(tensor)
  tensor = inner(tensor)
  features = layers.GlobalAveragePooling2D()(tensor)
  logits = layers.Dense(n_classes)(features)
  return tf.keras.Model(images, {'logits': logits, 'features': features})


@pytest.fixture
def method():
  """With statistics, scales and offsets as training might leave them."""
  tf.keras.utils.set_random_seed(1)
  method = AdaBN(image_shape=(8, 8, 1), n_classes=3, task=two_normalizations)
  random = np.random.default_rng(2)
  for variable in method.task.weights:
    variable.assign(random.uniform(0.5, 1.5, variable.shape))
  method.compile({})
  return method


def statistics(maps):
  """Mean, variance, and the variance that Keras keeps of a batch."""
  pixels = maps.reshape(-1, maps.shape[-1])
  return pixels.mean(0), pixels.var(0), pixels.var(0, ddof=1)


def by_hand(task, batches):
  """Mean of means, and mean variance and variance of means, of both layers."""
  gamma, beta = task.get_layer('first').get_weights()[:2]
  convolution = task.get_layer('inner').get_layer('convolution')
  seen = ([], [])
  for images in batches:
    mean, variance, kept = statistics(images.astype(np.float64))
    seen[0].append((mean, kept))
    normal = gamma * (images - mean) / np.sqrt(variance + EPSILON) + beta
    maps = convolution(np.maximum(normal, 0).astype(np.float32)).numpy()
    mean, _, kept = statistics(maps.astype(np.float64))
    seen[1].append((mean, kept))
  return [
    (means.mean(0), variances.mean(0) + means.var(0))
    for means, variances in (np.stack(layer, 1) for layer in seen)
  ]


@pytest.mark.parametrize('n', [1, 2, 5])
def test_mean_and_variance_are_those_of_the_target_images(n, method, step_of):
  random = np.random.default_rng(0)
  batches = [
    random.normal(k, 1 + k, (4, 8, 8, 1)).astype(np.float32) for k in range(n)
  ]
  step = step_of(method)
  for images in batches:
    logs = step({'target': {'image': tf.constant(images)}})
    assert logs == {}
  assert int(method.step) == n
  first, second = by_hand(method.task, batches)
  inner = method.task.get_layer('inner').layers[1]
  for layer, (mean, variance) in (
    (method.task.get_layer('first'), first),
    (inner, second),
  ):
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)


def test_no_weight_moves_and_source_images_do_not_matter(method):
  before = [variable.numpy() for variable in method.task.trainable_weights]
  images = tf.random.normal([4, 8, 8, 1])
  method.train_step({'target': {'image': images}})
  for old, new in zip(before, method.task.trainable_weights, strict=True):
    np.testing.assert_array_equal(old, new)
  assert method.players() == ()
  assert AdaBN.role == 'unsupervised'
  assert AdaBN.needs == ('task',)
  assert AdaBN.adapts and AdaBN.predicts and not AdaBN.translates


def test_what_training_left_is_forgotten(method):
  """After the first batch its statistics are all there is."""
  images = tf.random.normal([4, 8, 8, 1], mean=3.0)
  first = method.task.get_layer('first')
  first.moving_mean.assign([1000.0])
  first.moving_variance.assign([1000.0])
  method.train_step({'target': {'image': images}})
  np.testing.assert_allclose(
    first.moving_mean, np.mean(images, (0, 1, 2)), rtol=1e-5
  )
  np.testing.assert_allclose(
    first.moving_variance, np.var(images, ddof=1), rtol=1e-4
  )


def test_answers_are_normalised_by_them(method):
  """One batch: an answer in training is one at test, but for one pixel less."""
  images = tf.random.normal([4, 8, 8, 1], mean=3.0)
  expected = method.task(images, training=True)['logits']
  method.train_step({'target': {'image': images}})
  found = method(images)['logits']
  np.testing.assert_allclose(found, expected, rtol=0.02)


def test_a_checkpoint_goes_on_as_if_nothing_had_been(method, tmp_path):
  batches = [
    {'target': {'image': tf.random.normal([2, 8, 8, 1])}} for _ in range(3)
  ]
  method.train_step(batches[0])
  path = tf.train.Checkpoint(method=method).write(str(tmp_path / 'c'))
  other = AdaBN(image_shape=(8, 8, 1), n_classes=3, task=two_normalizations)
  other.compile({})
  tf.train.Checkpoint(method=other).read(path).assert_existing_objects_matched()
  for batch in batches[1:]:
    for model in (method, other):
      model.train_step(batch)
  for a, b in zip(method.task.weights, other.task.weights, strict=True):
    np.testing.assert_array_equal(a, b)


def test_a_network_without_batch_normalisation_is_refused():
  with pytest.raises(ValueError, match='AdaBN: the task network has no batch'):
    AdaBN(image_shape=(28, 28, 1), n_classes=3)
