import numpy as np
import tensorflow as tf

from pixelda_tf.methods import ADDA


def test_two_steps_equal_an_update_by_hand(build_networks, build_batch):
  """D by the features of both, then the target's encoder by inverted labels.

  The class layer and the source's network stay.
  """
  tasks = [build_networks()[2] for _ in range(2)]
  pool = list(tasks)
  method = ADDA(image_shape=(8, 8, 1), n_classes=3, task=lambda *_: pool.pop(0))
  source_task, target_task = (build_networks()[2] for _ in range(2))
  discriminator = tf.keras.models.clone_model(method.alignment.discriminator)
  discriminator.set_weights(method.alignment.discriminator.get_weights())
  method.compile(tf.keras.optimizers.SGD(0.1))
  for number in range(2):
    batch = build_batch(number)
    logs = method.train_step(batch)
    with tf.GradientTape(persistent=True) as tape:
      source = source_task(batch['source']['image'])['features']
      target = target_task(batch['target']['image'])['features']
      loss = -tf.reduce_mean(
        tf.math.log(tf.sigmoid(discriminator(source)['domain']))
      ) - tf.reduce_mean(
        tf.math.log(1.0 - tf.sigmoid(discriminator(target)['domain']))
      )
    variables = discriminator.trainable_variables
    for v, g in zip(variables, tape.gradient(loss, variables), strict=True):
      v.assign_sub(0.1 * g)
    with tape:
      share = tf.sigmoid(discriminator(target)['domain'])
      fooled = -tf.reduce_mean(tf.math.log(share))
    layer = target_task.get_layer('private_convolution')
    for v, g in zip(
      layer.trainable_variables,
      tape.gradient(fooled, layer.trainable_variables),
      strict=True,
    ):
      v.assign_sub(0.1 * g)
    name = 'feature_discriminator/domain'
    np.testing.assert_allclose(logs[name], loss, rtol=1e-5)
    np.testing.assert_allclose(logs['alignment/domain'], fooled, rtol=1e-4)
    assert float(logs['alignment/gate_open']) == 1.0
  for ours, theirs in (
    (method.task, target_task),
    (method.reference_task, source_task),
    (method.alignment.discriminator, discriminator),
  ):
    for a, b in zip(ours.weights, theirs.weights, strict=True):
      np.testing.assert_allclose(a, b, atol=1e-5)


def test_both_networks_have_to_come_trained():
  assert ADDA.needs == ('task', 'reference_task')
  assert not ADDA.translates
