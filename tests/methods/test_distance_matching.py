import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.discrepancy import coral, maximum_mean_discrepancy
from pixelda_tf.methods import DAN, DeepCORAL

KINDS = {
  DAN: ('features', maximum_mean_discrepancy),
  DeepCORAL: ('logits', coral),
}


def build(kind, task):
  return kind(
    image_shape=(8, 8, 1),
    n_classes=3,
    task=lambda *_: task,
    distance_weight=0.5,
  )


@pytest.mark.parametrize('kind', KINDS)
def test_two_steps_equal_an_update_by_hand(kind, build_networks, build_batch):
  output, distance_of = KINDS[kind]
  task, reference = build_networks()[2], build_networks()[2]
  method = build(kind, task)
  method.compile(tf.keras.optimizers.SGD(0.1))
  for number in range(2):
    batch = build_batch(number)
    logs = method.train_step(batch)
    with tf.GradientTape() as tape:
      source = reference(batch['source']['image'])
      target = reference(batch['target']['image'])
      logs_of = tf.nn.log_softmax(source['logits'])
      labels = batch['source']['label']
      loss = -tf.reduce_mean(tf.gather(logs_of, labels, batch_dims=1))
      distance = 0.5 * distance_of(source[output], target[output])
      total = loss + distance
    variables = reference.trainable_variables
    for variable, gradient in zip(
      variables, tape.gradient(total, variables), strict=True
    ):
      variable.assign_sub(0.1 * gradient)
    assert set(logs) == {'task/class', 'task/distance', 'task/gradient_norm'}
    np.testing.assert_allclose(logs['task/class'], loss, rtol=1e-5)
    np.testing.assert_allclose(logs['task/distance'], distance, rtol=1e-4)
  for ours, theirs in zip(task.weights, reference.weights, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_dan_leaves_the_class_layer_to_the_labels(build_networks, build_batch):
  """Features lie before it, scores behind it."""
  for kind, reaches in ((DAN, False), (DeepCORAL, True)):
    method = build(kind, build_networks()[2])
    batch = build_batch()
    with tf.GradientTape() as tape:
      terms, _ = method.task_losses(batch, method.shared(batch))
    kernel = method.task.get_layer('classes').kernel
    gradient = tape.gradient(terms['distance'], kernel)
    assert (gradient is not None) == reaches
