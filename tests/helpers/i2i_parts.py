"""Tiny smooth networks for I2I Adapt, and the method made of them."""

import functools

import tensorflow as tf

from pixelda_tf.methods import I2IAdapt
from pixelda_tf.networks import (
  feature_discriminator,
  patch_discriminator,
  vector_decoders,
)
from pixelda_tf.networks.layers import no_normalization

IMAGE_SHAPE = (8, 8, 1)
N_CLASSES = 3
# The terms, short, to what weighs them.
OPTIONS = {
  'c': 'class_weight',
  'z': 'feature_weight',
  'tr': 'translation_weight',
  'id_x': 'source_identity_weight',
  'id_y': 'target_identity_weight',
  'cyc': 'cycle_weight',
  'trc': 'translated_class_weight',
}
WEIGHTS = {
  'c': 0.9,
  'z': 0.8,
  'tr': 0.7,
  'id_x': 0.6,
  'id_y': 0.5,
  'cyc': 0.4,
  'trc': 0.3,
}
# The logs of each term, by player.
TERMS = {
  'c': {'model/class'},
  'z': {'model/feature_domain'},
  'tr': {'model/target_domain', 'model/source_domain'},
  'id_x': {'model/source_identity'},
  'id_y': {'model/target_identity'},
  'cyc': {'model/source_cycle', 'model/target_cycle'},
  'trc': {'model/translated_class'},
}
CRITIC_TERMS = {
  'z': {'critics/feature_domain', 'critics/feature_penalty'},
  'tr': {
    f'critics/{domain}_{term}'
    for domain in ('target', 'source')
    for term in ('domain', 'penalty')
  },
}


def small_task(image_shape, n_classes):
  """f, a dense layer; h, another."""
  images = tf.keras.Input(image_shape)
  features = tf.keras.layers.Flatten()(images)
  features = tf.keras.layers.Dense(4, activation='tanh')(features)
  logits = tf.keras.layers.Dense(n_classes, name='classes')(features)
  return tf.keras.Model(images, {'logits': logits, 'features': features})


NETWORKS = {
  'task': small_task,
  # Nothing is shared: who has a gradient can be told by the network.
  'decoders': functools.partial(
    vector_decoders,
    filters=(3, 2),
    private_layers=3,
    normalization=no_normalization,
  ),
  'critic': functools.partial(
    patch_discriminator,
    filters=2,
    strides=(2,),
    normalization=no_normalization,
  ),
  'feature_critic': functools.partial(
    feature_discriminator, units=3, slope=0.2
  ),
}


def weights(*terms):
  """Returns options: the weights of these terms, and 0 for the others."""
  return {
    option: WEIGHTS[term] if term in terms else 0.0
    for term, option in OPTIONS.items()
  }


def build(*terms, kind=I2IAdapt, **options):
  """Returns a method of these terms with equal networks each time."""
  tf.keras.utils.set_random_seed(3)
  common = {'image_shape': IMAGE_SHAPE, 'n_classes': N_CLASSES, 'seed': 5}
  method = kind(**common | NETWORKS | weights(*terms) | options)
  for name in ('source_decoder', 'target_decoder'):
    # Images that differ: the first weights make them grey.
    network = getattr(method, name, None)
    if network is not None:
      network.set_weights([20.0 * w for w in network.get_weights()])
  return method


def logs_of(terms):
  """Returns the names that a step of these terms logs."""
  found = {'model/gradient_norm'}.union(*(TERMS[term] for term in terms))
  critics = set().union(*(CRITIC_TERMS.get(term, set()) for term in terms))
  return found | critics | ({'critics/gradient_norm'} if critics else set())
