"""Tiny batches and networks whose outputs are easy to recompute."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.methods import (
  CyCADA,
  CyCADAFeatures,
  CycleGAN,
  CycleGANUDA,
  PixelDA,
  TwoWayCycleGANUDA,
)
from pixelda_tf.networks import (
  downsampling_residual_generator,
  patch_discriminator,
  pyramid_discriminator,
  residual_generator,
)

IMAGE_SHAPE = (8, 8, 1)
N_CLASSES = 3
NOISE_SIZE = 2


def small_task(image_shape, n_classes):
  """One private convolution, one dense layer."""
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(
    2, 3, activation='tanh', name='private_convolution'
  )(images)
  features = tf.keras.layers.Flatten()(tensor)
  logits = tf.keras.layers.Dense(n_classes, name='classes')(features)
  outputs = {'logits': logits, 'features': features}
  return tf.keras.Model(images, outputs, name='task')


NETWORKS = {
  'generator': functools.partial(residual_generator, filters=3, blocks=1),
  'discriminator': functools.partial(pyramid_discriminator, filters=2),
  'task': small_task,
}

CYCLE_NETWORKS = {
  'generator': functools.partial(
    downsampling_residual_generator, filters=2, levels=1, blocks=0
  ),
  'discriminator': functools.partial(
    patch_discriminator, filters=2, strides=(2,)
  ),
  'task': small_task,
}
BUILT_FROM = {
  CycleGAN: ('generator', 'discriminator'),
  CycleGANUDA: ('generator', 'task'),
  TwoWayCycleGANUDA: ('generator', 'task'),
  CyCADA: ('generator', 'discriminator', 'task'),
  CyCADAFeatures: ('generator', 'task'),
}


class Counted(tf.keras.Model):
  """A network that counts its calls."""

  def __init__(self, network):
    super().__init__()
    self.network = network
    self.calls = 0

  def call(self, inputs, training=False):
    self.calls += 1
    return self.network(inputs, training=training)


def networks_of(method):
  """A method's networks by name, with the one that sees features."""
  networks = {
    name: value
    for name, value in vars(method).items()
    if isinstance(value, tf.keras.Model)
  }
  alignment = getattr(method, 'alignment', None)
  if alignment:
    networks['feature_discriminator'] = alignment.discriminator
  return networks


@pytest.fixture(params=[False, True], ids=['eager', 'compiled'])
def step_of(request):
  """Function of a method to its train step, as training compiles it or not."""

  def step_of(method):
    step = method.train_step
    return tf.function(step, autograph=False) if request.param else step

  return step_of


@pytest.fixture
def build_networks():
  """Function that builds (G, D, T), the same ones at every call."""

  def build():
    tf.keras.utils.set_random_seed(3)
    return (
      NETWORKS['generator'](IMAGE_SHAPE, NOISE_SIZE),
      NETWORKS['discriminator'](IMAGE_SHAPE, 0),
      NETWORKS['task'](IMAGE_SHAPE, N_CLASSES),
    )

  return build


@pytest.fixture
def build_pixelda():
  """Function of options to a PixelDA with the networks above."""

  def build(**kwargs):
    tf.keras.utils.set_random_seed(3)
    options = {'noise_size': NOISE_SIZE, 'seed': 5} | NETWORKS | kwargs
    return PixelDA(image_shape=IMAGE_SHAPE, n_classes=N_CLASSES, **options)

  return build


@pytest.fixture
def build_batch():
  """Function of (seed, mask) to a batch of four source and target images."""

  def build(seed=0, mask=False, count=4):
    random = np.random.default_rng(seed)
    source, target = random.uniform(-1, 1, (2, count, *IMAGE_SHAPE))
    batch = {
      'source': {
        'image': tf.constant(source, tf.float32),
        'label': tf.constant(random.integers(N_CLASSES, size=count), tf.int32),
      },
      'target': {'image': tf.constant(target, tf.float32)},
    }
    if mask:
      batch['source']['mask'] = tf.constant(
        random.uniform(size=(count, 8, 8, 1)) < 0.5, tf.float32
      )
    return batch

  return build


@pytest.fixture
def no_rate():
  """An optimizer that moves nothing."""
  return tf.keras.optimizers.SGD(0.0)


@pytest.fixture
def build_method():
  """Function of (class, options) to a method, with equal weights each time."""

  def build(kind, **kwargs):
    tf.keras.utils.set_random_seed(3)
    options = {name: CYCLE_NETWORKS[name] for name in BUILT_FROM[kind]}
    return kind(
      image_shape=IMAGE_SHAPE, n_classes=N_CLASSES, seed=5, **options | kwargs
    )

  return build


@pytest.fixture
def count_calls():
  """Function of a method that has its networks count their calls.

  Returns a function to the dict of the calls since it was last asked.
  """

  def count_calls(method):
    networks = {name: Counted(net) for name, net in networks_of(method).items()}
    for name, counted in networks.items():
      setattr(method, name, counted)

    def calls():
      counts = {name: counted.calls for name, counted in networks.items()}
      for counted in networks.values():
        counted.calls = 0
      return counts

    return calls

  return count_calls


@pytest.fixture
def reached():
  """Function of (method, batch) to what each term has a gradient for.

  That is a dict of `<player>/<term>` to a set of the networks' names, whoever
  moves them.
  """

  def reached(method, batch):
    networks = networks_of(method)
    tape = tf.GradientTape(persistent=True)
    with tape:
      shared = method.shared(batch)
      terms = {
        f'{player.name}/{name}': value
        for player in method.players()
        for name, value in player.losses(batch, shared)[0].items()
      }
    return {
      term: {
        name
        for name, network in networks.items()
        if any(
          gradient is not None and np.any(gradient != 0)
          for gradient in tape.gradient(value, network.trainable_variables)
        )
      }
      for term, value in terms.items()
    }

  return reached


@pytest.fixture
def changed_by():
  """Function of (method, batch, player) to what a step of it alone moves.

  That is a dict of the networks' names to the fraction of their trainable
  variables that moved, where any did. The other players have a rate of 0.
  """

  def changed_by(method, batch, player):
    sgd = tf.keras.optimizers.SGD
    optimizers = {p.name: sgd(0.0) for p in method.players()}
    method.compile(optimizers | {player: sgd(1.0)})
    networks = networks_of(method)
    before = {name: net.get_weights() for name, net in networks.items()}
    method.train_step(batch)
    fractions = {
      name: np.mean(
        [
          np.any(old != new)
          for old, new in zip(before[name], net.get_weights(), strict=True)
        ]
      )
      for name, net in networks.items()
    }
    return {name: value for name, value in fractions.items() if value}

  return changed_by


@pytest.fixture
def cross_entropy():
  """Function of (labels, logits) to the mean cross entropy, in numpy."""

  def cross_entropy(labels, logits):
    logits = np.asarray(logits, np.float64)
    chosen = logits[np.arange(len(labels)), np.asarray(labels)]
    return (np.log(np.exp(logits).sum(-1)) - chosen).mean()

  return cross_entropy


@pytest.fixture
def assert_equal_weights():
  """Function of two dicts of networks that says which weights differ."""

  def assert_equal_weights(ours, theirs, atol=1e-6):
    assert set(ours) == set(theirs)
    for name, network in ours.items():
      for a, b in zip(network.variables, theirs[name].variables, strict=True):
        np.testing.assert_allclose(a, b, atol=atol, err_msg=f'{name} {b.name}')

  return assert_equal_weights


@pytest.fixture
def first_pixels():
  """Networks: D gives each image's first pixel, G the image as it is."""

  def first_pixel(image_shape, n_classes):
    images = tf.keras.Input(image_shape)
    scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer='ones')
    return tf.keras.Model(images, {'domain': scale(images[:, 0, 0])})

  def same(image_shape, noise_size):
    images = tf.keras.Input(image_shape)
    noise = tf.keras.Input([noise_size])
    scale = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer='ones')
    return tf.keras.Model([images, noise], scale(images))

  return {'discriminator': first_pixel, 'generator': same}
