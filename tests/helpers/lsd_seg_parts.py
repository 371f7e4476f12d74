"""Tiny networks and batches for LSD-seg, and the method made of them."""

import functools

import numpy as np
import tensorflow as tf

from pixelda_tf.methods import LSDSeg
from pixelda_tf.networks import embedding_generator, residual_discriminator
from pixelda_tf.networks.layers import no_normalization
from pixelda_tf.problems import Segmentation

N_CLASSES = 3
SIZE = (6, 8)
# Smooth, and without dropout: a step can be written out.
NETWORKS = {
  'generator': functools.partial(
    embedding_generator,
    filters=(2,),
    kernel_sizes=(3,),
    image_kernel_size=4,
    blocks=1,
    dropout_rate=0.0,
    normalization=no_normalization,
  ),
  'discriminator': functools.partial(
    residual_discriminator,
    filters=2,
    blocks=1,
    poolings=0,
    dropout_rate=0.0,
    normalization=no_normalization,
  ),
}


def small_segmenter(image_shape, n_classes):
  """F, a convolution of stride 2; C, scores at the image's size."""
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Conv2D(
    2, 3, 2, padding='same', activation='tanh', name='features'
  )(images)
  logits = tf.keras.layers.Conv2D(n_classes, 1, name='classes')(tensor)
  logits = tf.keras.layers.UpSampling2D(2)(logits)
  return tf.keras.Model(images, {'logits': logits, 'features': tensor})


def build(kind=LSDSeg, **options):
  """Returns a method with equal weights each time.

  Those of G and D are so large that D takes kinds of images for each other or
  not, and that what they pass on is not lost in rounding.
  """
  tf.keras.utils.set_random_seed(3)
  networks = NETWORKS if kind is LSDSeg else {}
  method = kind(
    image_shape=(*SIZE, 3),
    n_classes=N_CLASSES,
    problem=Segmentation(),
    seed=5,
    **{'task': small_segmenter} | networks | options,
  )
  random = np.random.default_rng(1)
  for name in ('generator', 'discriminator'):
    for weight in getattr(getattr(method, name, None), 'trainable_weights', ()):
      weight.assign(random.normal(scale=0.4, size=weight.shape))
  return method


def batch(seed=0, size=SIZE, count=2):
  """Source and target images; labels of the upper rows are ignored."""
  random = np.random.default_rng(seed)
  source, target = random.uniform(-1, 1, (2, count, *size, 3))
  labels = random.integers(N_CLASSES, size=(count, *size, 1))
  labels[:, :2] = 255
  return {
    'source': {
      'image': tf.constant(source, tf.float32),
      'segmentation': tf.constant(labels, tf.int32),
    },
    'target': {'image': tf.constant(target, tf.float32)},
  }
