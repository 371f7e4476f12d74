"""LSD-seg's ablation with a discriminator of embeddings."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from lsd_seg_parts import N_CLASSES, batch, build

from pixelda_tf.methods import LSDSegFeatures
from pixelda_tf.networks import feature_map_discriminator

RATES = {'feature_discriminator': 0.3, 'task': 0.1}
BETA = 0.4
build = functools.partial(
  build,
  LSDSegFeatures,
  feature_discriminator=functools.partial(
    feature_map_discriminator, filters=4, dropout_rate=0.0
  ),
  adversarial_weight=BETA,
)


def test_who_gets_a_gradient_of_what(reached):
  both = {'task', 'feature_discriminator'}
  assert reached(build(), batch()) == {
    'feature_discriminator/domain': {'feature_discriminator'},
    'task/pixels': {'task'},
    'task/source_domain': both,
    'task/target_domain': both,
  }


@pytest.mark.parametrize('player', RATES)
def test_a_player_moves_its_own_network_alone(player, changed_by):
  assert changed_by(build(), batch(), player) == {player: 1.0}


def test_without_such_an_embedding_it_is_told():
  with pytest.raises(ValueError, match="has no layer 'fc7' of maps"):
    build(embedding=('fc7',))


def by_hand(method, batch):
  """Moves D, then F and C; D says above 0 of the source."""
  task, d = method.task, method.feature_discriminator
  x, y = batch['source']['image'], batch['target']['image']
  labels = batch['source']['segmentation'][..., 0]
  with tf.GradientTape(persistent=True) as tape:
    source, target = task(x), task(y)
    of_source = tf.sigmoid(d(tf.stop_gradient(source['features']))['domain'])
    of_target = tf.sigmoid(d(tf.stop_gradient(target['features']))['domain'])
    loss = -tf.reduce_mean(tf.math.log(of_source))
    loss -= tf.reduce_mean(tf.math.log(1.0 - of_target))
  move(tape, loss, d, 'feature_discriminator')
  with tape:
    of_source = tf.sigmoid(d(source['features'])['domain'])
    of_target = tf.sigmoid(d(target['features'])['domain'])
    known = tf.one_hot(labels, N_CLASSES)  # Of 255: zeros.
    shares = tf.math.log(tf.nn.softmax(source['logits']))
    loss = -tf.reduce_sum(known * shares) / tf.reduce_sum(known)
    loss -= BETA * tf.reduce_mean(tf.math.log(1.0 - of_source))
    loss -= BETA * tf.reduce_mean(tf.math.log(of_target))
  move(tape, loss, task, 'task')


def move(tape, loss, network, name):
  variables = network.trainable_variables
  gradients = tape.gradient(loss, variables)
  for gradient, variable in zip(gradients, variables, strict=True):
    variable.assign_sub(RATES[name] * gradient)


def test_two_steps_equal_an_update_by_hand(step_of, assert_equal_weights):
  method, twin = build(), build()
  method.compile(
    {name: tf.keras.optimizers.SGD(rate) for name, rate in RATES.items()}
  )
  step = step_of(method)
  for number in range(2):
    logs = step(batch(number))
    by_hand(twin, batch(number))
  assert set(logs) == {
    'feature_discriminator/domain',
    'feature_discriminator/accuracy_source',
    'feature_discriminator/accuracy_target',
    'feature_discriminator/gradient_norm',
    'task/pixels',
    'task/source_domain',
    'task/target_domain',
    'task/gradient_norm',
  }
  assert_equal_weights(
    {name: getattr(method, name) for name in RATES},
    {name: getattr(twin, name) for name in RATES},
  )


def test_accuracies_are_of_each_domain():
  method = build()
  shared = method.shared(batch())
  _, monitors = method.discriminator_losses(batch(), shared)
  for name, maps, sign in (('source', shared[1], 1), ('target', shared[2], -1)):
    decisions = sign * method.feature_discriminator(maps)['domain']
    expected = np.mean(decisions > 0)
    np.testing.assert_allclose(monitors[f'accuracy_{name}'], expected)
