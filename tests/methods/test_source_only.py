import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import (
  LabelledTargetOnly,
  SourceAndLabelledTarget,
  SourceOnly,
  TargetOnly,
)

METHODS = {
  'source_only': SourceOnly,
  'target_only': TargetOnly,
  'labelled_target_only': LabelledTargetOnly,
}


def build(name, task):
  return METHODS[name](image_shape=(8, 8, 1), n_classes=3, task=task)


@pytest.mark.parametrize('name', METHODS)
def test_two_steps_equal_an_update_by_hand(name, build_networks, build_batch):
  """Cross entropy of the labelled images, a tape and an Adam of its own."""
  task, reference = build_networks()[2], build_networks()[2]
  method = build(name, lambda *_: task)
  method.compile(tf.keras.optimizers.Adam(1e-2))
  adam = tf.keras.optimizers.Adam(1e-2)
  for number in range(2):
    source = build_batch(number)['source']
    logs = method.train_step({'source': source})
    with tf.GradientTape() as tape:
      shares = tf.nn.softmax(reference(source['image'])['logits'])
      chosen = tf.gather(shares, source['label'], batch_dims=1)
      loss = -tf.reduce_mean(tf.math.log(chosen))
    gradients = tape.gradient(loss, reference.trainable_variables)
    adam.apply_gradients(
      zip(gradients, reference.trainable_variables, strict=True)
    )
    assert set(logs) == {'task/class', 'task/gradient_norm'}
    np.testing.assert_allclose(logs['task/class'], loss, rtol=1e-5)
    norm = np.sqrt(sum(np.square(g).sum() for g in gradients))
    np.testing.assert_allclose(logs['task/gradient_norm'], norm, rtol=1e-5)
  for ours, theirs in zip(task.weights, reference.weights, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_bounds_say_which_labels_they_train_on():
  assert SourceOnly.role == 'unsupervised'
  assert TargetOnly.role == 'supervised_target'
  assert LabelledTargetOnly.role == 'labelled_target'
  assert SourceAndLabelledTarget.role == 'semi_supervised'
  for method in (*METHODS.values(), SourceAndLabelledTarget):
    assert not method.adapts


def test_source_and_labelled_target_weigh_the_same(
  build_networks, build_batch, no_rate
):
  task = build_networks()[2]
  method = SourceAndLabelledTarget(
    image_shape=(8, 8, 1), n_classes=3, task=lambda *_: task
  )
  method.compile(no_rate)
  batch = build_batch()
  batch['labelled_target'] = build_batch(1)['source']
  logs = method.train_step(batch)
  with tf.GradientTape() as tape:
    losses = {
      term: tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        batch[name]['label'], task(batch[name]['image'])['logits']
      )
      for term, name in (
        ('class', 'source'),
        ('target_class', 'labelled_target'),
      )
    }
    total = tf.add_n(list(losses.values()))
  gradients = tape.gradient(total, task.trainable_variables)
  losses['gradient_norm'] = tf.linalg.global_norm(gradients)
  assert set(logs) == {f'task/{name}' for name in losses}
  for name, value in losses.items():
    np.testing.assert_allclose(logs[f'task/{name}'], value, rtol=1e-5)


def test_the_default_task_is_pixeldas():
  images = tf.zeros([2, 28, 28, 3])
  method = SourceOnly(image_shape=(28, 28, 3), n_classes=10)
  assert method(images)['logits'].shape == (2, 10)
  assert method.task.count_params() == 287_290


def test_an_encoder_apart_has_a_rate_of_its_own(build_networks, build_batch):
  """Of 0: all moves but what is behind the features, the last layer."""
  task = build_networks()[2]
  method = SourceOnly(
    image_shape=(8, 8, 1), n_classes=3, task=lambda *_: task, encoder_apart=True
  )
  sgd = tf.keras.optimizers.SGD
  method.compile({'task': sgd(0.1), 'encoder': sgd(0.0)})
  before = {layer.name: layer.get_weights() for layer in task.layers}
  method.train_step({'source': build_batch()['source']})
  moved = {
    layer.name
    for layer in task.layers
    for old, new in zip(before[layer.name], layer.get_weights(), strict=True)
    if np.any(old != new)
  }
  assert moved == {'classes'}
