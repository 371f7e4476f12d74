import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import MCD


def build(task, **kwargs):
  tf.keras.utils.set_random_seed(4)
  return MCD(image_shape=(8, 8, 1), n_classes=3, task=lambda *_: task, **kwargs)


def test_the_task_network_is_divided_behind_its_maps(build_networks):
  task = build_networks()[2]
  method = build(task)
  images = tf.random.stateless_uniform([2, 8, 8, 1], (0, 1))
  maps = method.parts.encoder(images)
  assert maps.shape == (2, 6, 6, 2)
  for name, value in method.parts.classifier(maps).items():
    np.testing.assert_array_equal(value, task(images)[name])
  # The second one has weights of its own, of the same shapes.
  first, second = method.parts.classifier, method.second_classifier
  assert [w.shape for w in first.weights] == [w.shape for w in second.weights]
  assert not {w.ref() for w in first.weights} & {
    w.ref() for w in second.weights
  }
  assert np.any(first.weights[0] != second.weights[0])


def test_a_step_equals_its_three_parts_by_hand(build_networks, build_batch):
  """A, B and twice C, each on the weights before it; SGD of 0.1."""
  method = build(build_networks()[2], encoder_steps=2)
  reference = build(build_networks()[2], encoder_steps=2)
  reference.second_classifier.set_weights(
    method.second_classifier.get_weights()
  )
  method.compile(tf.keras.optimizers.SGD(0.1))
  task, second = reference.task, reference.second_classifier
  encoder = task.get_layer('private_convolution')
  first = task.get_layer('classes')

  def answers(images):
    maps = encoder(images)
    return (
      tf.nn.softmax(first(tf.reshape(maps, [len(images), -1]))),
      tf.nn.softmax(second(maps)['logits']),
    )

  for number in range(2):
    batch = build_batch(number)
    source, target = batch['source'], batch['target']['image']

    def entropies(source=source):
      return [
        -tf.reduce_mean(
          tf.math.log(tf.gather(shares, source['label'], batch_dims=1))
        )
        for shares in answers(source['image'])
      ]

    def distance(target=target):
      ours, theirs = answers(target)
      return tf.reduce_mean(tf.abs(ours - theirs))

    everyone = (encoder, first, second)
    distances = []
    for loss_of, movers in (
      (lambda e=entropies: tf.add_n(e()), everyone),
      (
        lambda e=entropies, d=distance: tf.add_n(e()) - d(),
        (first, second),
      ),
      (distance, (encoder,)),
      (distance, (encoder,)),
    ):
      variables = [v for each in movers for v in each.trainable_variables]
      with tf.GradientTape() as tape:
        loss = loss_of()
      distances.append(loss)
      gradients = tape.gradient(loss, variables)
      for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.1 * gradient)
    logs = method.train_step(batch)
    np.testing.assert_allclose(
      logs['encoder/discrepancy'], np.mean(distances[2:]), rtol=1e-4
    )
  assert set(logs) == {
    *('task/class', 'task/second_class', 'task/gradient_norm'),
    *('classifiers/class', 'classifiers/second_class'),
    *('classifiers/discrepancy', 'classifiers/gradient_norm'),
    *('encoder/discrepancy', 'encoder/gradient_norm'),
  }
  for ours, theirs in ((method.task, task), (method.second_classifier, second)):
    for a, b in zip(ours.weights, theirs.weights, strict=True):
      np.testing.assert_allclose(a, b, atol=1e-5)


def test_who_moves(build_networks, build_batch, changed_by):
  """Of T's two layers the classifiers' part moves one, the encoder's one."""
  for player, expected in (
    ('task', {'task': 1.0, 'second_classifier': 1.0}),
    ('classifiers', {'task': 0.5, 'second_classifier': 1.0}),
    ('encoder', {'task': 0.5}),
  ):
    method = build(build_networks()[2])
    assert changed_by(method, build_batch(), player) == expected


def test_a_task_network_without_maps_is_refused():
  def flat(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    features = tf.keras.layers.Flatten()(images)
    logits = tf.keras.layers.Dense(n_classes)(features)
    return tf.keras.Model(images, {'logits': logits, 'features': features})

  with pytest.raises(ValueError, match='no layer of maps'):
    MCD(image_shape=(8, 8, 1), n_classes=3, task=flat)
