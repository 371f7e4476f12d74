"""CyCADA's feature stage for label maps: one network, two steps, one gate."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import CyCADAFeatures
from pixelda_tf.methods.feature_alignment import (
  features,
  scores,
)
from pixelda_tf.networks import feature_map_discriminator
from pixelda_tf.problems import Segmentation
from pixelda_tf.runs.optimizers import sgd

N_CLASSES = 3
SIZE = (6, 8)
D_FEAT = functools.partial(
  feature_map_discriminator, filters=4, dropout_rate=0.0
)


def small_segmenter(image_shape, n_classes):
  """A convolution of stride 2, and scores at the image's size."""
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(
    2, 3, 2, padding='same', activation='tanh', name='private_convolution'
  )(images)
  logits = tf.keras.layers.Conv2D(n_classes, 1, name='classes')(tensor)
  logits = tf.keras.layers.UpSampling2D(2)(logits)
  return tf.keras.Model(images, {'logits': logits, 'features': tensor})


def build(**options):
  tf.keras.utils.set_random_seed(3)
  options = {
    'generator': None,
    'task': small_segmenter,
    'task_weight': 1.0,
    'alignment_weight': 0.1,
    'shares_weights': True,
    'feature_discriminator': D_FEAT,
    'threshold': -1.0,
    'window': 100,
  } | options
  return CyCADAFeatures(
    image_shape=(*SIZE, 3),
    n_classes=N_CLASSES,
    problem=Segmentation(),
    seed=5,
    **options,
  )


def batch(seed=0):
  """A source and a target image, as in Sect. 6.1.2; some pixels are ignored."""
  random = np.random.default_rng(seed)
  source, target = random.uniform(-1, 1, (2, 1, *SIZE, 3))
  labels = random.integers(N_CLASSES, size=(1, *SIZE, 1))
  labels[:, :2] = 255
  return {
    'source': {
      'image': tf.constant(source, tf.float32),
      'segmentation': tf.constant(labels, tf.int32),
    },
    'target': {'image': tf.constant(target, tf.float32)},
  }


@pytest.mark.parametrize(
  ('representation', 'size', 'places'),
  [(features, 2, (3, 4)), (scores, 3, SIZE)],
)
def test_d_feat_decides_at_every_place_of_the_representation(
  representation, size, places
):
  method = build(representation=representation)
  discriminator = method.alignment.discriminator
  assert discriminator.input_shape == (None, None, None, size)
  shared = method.shared(batch())
  for name in ('reference', 'aligned'):
    assert shared[name].shape == (1, *places, size)
    assert discriminator(shared[name])['domain'].shape == (1, *places, 1)


def test_both_domains_go_through_the_one_network():
  method = build()
  assert method.needs == ('task',) and method.reference_task is None
  shared = method.shared(batch())
  source = batch()['source']['image']
  np.testing.assert_array_equal(
    shared['reference'], method.task(source)['features']
  )
  other = build(shares_weights=False)
  assert other.needs == ('task', 'reference_task')


def test_who_gets_a_gradient_of_what(reached):
  """D_feat of its loss alone; f_T of what fools it, and of its labels.

  The alignment's loss reaches D_feat's weights too, which that player does not
  move.
  """
  assert reached(build(), batch()) == {
    'feature_discriminator/domain': {'feature_discriminator'},
    'alignment/domain': {'task', 'feature_discriminator'},
    'task/source_pixels': {'task'},
  }
  method = build()
  trained = {player.name: player.variables() for player in method.players()}
  names = {
    name: [v.name for v in variables] for name, variables in trained.items()
  }
  # The class layer lies behind fc7: labels move it, fooling D_feat does not.
  assert not any('classes' in name for name in names['alignment'])
  assert any('classes' in name for name in names['task'])
  assert len(names['alignment']) == 2 and len(names['task']) == 4


class ByHand:
  """The step written out: D_feat, then f_T twice; SGD with momentum and decay.

  v <- m v - r (g + d w), w <- w + v; offsets do not decay.
  """

  rate, momentum, decay = 0.1, 0.9, 0.05

  def __init__(self, method, key):
    self.method, self.key, self.velocities = method, key, {}

  def step(self, batch):
    task = self.method.task
    discriminator = self.method.alignment.discriminator
    x, y = batch['source']['image'], batch['target']['image']
    labels = batch['source']['segmentation'][..., 0]
    with tf.GradientTape() as tape:
      source = discriminator(task(x)[self.key])['domain']
      target = discriminator(task(y)[self.key])['domain']
      loss = tf.reduce_mean(-tf.math.log(tf.sigmoid(source)))
      loss += tf.reduce_mean(-tf.math.log(1.0 - tf.sigmoid(target)))
    self.apply('d', tape, loss, discriminator.trainable_variables)

    # "Ten times less than the discriminator loss" (Sect. 6.1.2).
    with tf.GradientTape() as tape:
      target = discriminator(task(y)[self.key])['domain']
      loss = 0.1 * tf.reduce_mean(-tf.math.log(tf.sigmoid(target)))
    variables = task.trainable_variables
    if self.key == 'features':
      variables = variables[:2]
    self.apply('g', tape, loss, variables)

    # With the weights that the target step left.
    with tf.GradientTape() as tape:
      probabilities = tf.nn.softmax(task(x)['logits'])
      known = tf.one_hot(labels, N_CLASSES)  # Of 255: zeros.
      likelihoods = tf.reduce_sum(known * tf.math.log(probabilities), -1)
      loss = -tf.reduce_sum(likelihoods) / tf.reduce_sum(known)
    self.apply('t', tape, loss, task.trainable_variables)

  def apply(self, player, tape, loss, variables):
    for gradient, variable in zip(
      tape.gradient(loss, variables), variables, strict=True
    ):
      if variable.shape.rank > 1:
        gradient += self.decay * variable
      key = player, variable.ref()
      before = self.velocities.get(key, tf.zeros_like(variable))
      velocity = self.momentum * before - self.rate * gradient
      self.velocities[key] = velocity
      variable.assign_add(velocity)


@pytest.mark.parametrize('key', ['features', 'logits'])
def test_with_an_open_gate_two_steps_equal_an_update_by_hand(
  key, assert_equal_weights
):
  representation = {'features': features, 'logits': scores}[key]
  method, twin = (build(representation=representation) for _ in '12')
  hand = ByHand(twin, key)
  optimizer = sgd(
    learning_rate=hand.rate,
    momentum=hand.momentum,
    weight_decay=hand.decay,
  )
  method.compile(optimizer)
  for number in range(2):
    logs = method.train_step(batch(number))
    hand.step(batch(number))
  assert set(logs) == {
    'feature_discriminator/domain',
    'feature_discriminator/accuracy',
    'feature_discriminator/gradient_norm',
    'alignment/domain',
    'alignment/gate_open',
    'alignment/gradient_norm',
    'task/source_pixels',
    'task/gradient_norm',
  }
  assert_equal_weights(
    *(
      {'task': each.task, 'discriminator': each.alignment.discriminator}
      for each in (method, twin)
    )
  )


def test_behind_a_closed_gate_neither_of_the_two_steps_is_taken(step_of):
  """Nor their momentum; D_feat goes on."""
  method = build()
  method.compile(sgd(learning_rate=0.1, momentum=0.9, weight_decay=0.1))
  step = step_of(method)
  method.train_step(batch(0))

  def state():
    optimizers = (
      method.player_optimizers[name].variables for name in ('alignment', 'task')
    )
    variables = (*method.task.variables, *(v for o in optimizers for v in o))
    return [v.numpy() for v in variables]

  before, seen = state(), method.alignment.discriminator.get_weights()
  method.alignment.threshold = 2.0
  for number in range(2):
    assert float(step(batch(number))['alignment/gate_open']) == 0.0
  for old, new in zip(before, state(), strict=True):
    np.testing.assert_array_equal(old, new)
  assert np.any(seen[0] != method.alignment.discriminator.get_weights()[0])


def test_it_stops_after_a_pass_over_the_data_without_an_open_gate():
  method = build(threshold=2.0, patience=3)
  method.compile(sgd(learning_rate=0.0))
  found = []
  for number in range(3):
    method.train_step(batch(number))
    found.append(method.stopped() is not None)
  assert found == [False, False, True]


def test_crops_are_trained_on_and_whole_images_answered():
  method = CyCADAFeatures(
    image_shape=(12, 20, 3),
    train_shape=(*SIZE, 3),
    n_classes=N_CLASSES,
    problem=Segmentation(),
    generator=None,
    task=small_segmenter,
    shares_weights=True,
    feature_discriminator=D_FEAT,
  )
  method.compile(sgd(learning_rate=0.1))
  assert method.task.input_shape == (None, None, None, 3)
  method.train_step(batch())
  found = method.predictions(tf.zeros([1, 12, 20, 3]), (24, 40))
  assert found['labels'].shape == (1, 24, 40)
