"""Trains on two logical CPU devices; run by test_distribution.py.

Devices are configured before TensorFlow starts, so this is a process of its
own. Prints what the test reads as JSON.
"""

import functools
import json

import numpy as np
import tensorflow as tf

from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.methods import (
  CyCADA,
  CyCADAFeatures,
  CycleGAN,
  I2IAdapt,
  LSDSeg,
  LSDSegFeatures,
  PixelDA,
  SourceOnly,
)
from pixelda_tf.networks import (
  downsampling_residual_generator,
  embedding_generator,
  feature_discriminator,
  feature_map_discriminator,
  layers,
  patch_discriminator,
  pyramid_discriminator,
  residual_discriminator,
  residual_generator,
  unet_segmenter,
  vector_decoders,
)
from pixelda_tf.problems import Segmentation
from pixelda_tf.runs import distribution

BATCH = 8


def batches(host, hosts):
  """Two batches of eight source and target images, again and again."""
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (2, 2 * BATCH, 8, 8, 1)).astype(np.float32)
  labels = random.integers(3, size=2 * BATCH).astype(np.int32)
  maps = random.integers(4, size=(2 * BATCH, 8, 8, 1)).astype(np.int32)
  maps[maps == 3] = IGNORE
  examples = {
    'source': {'image': images[0], 'label': labels, 'segmentation': maps},
    'target': {'image': images[1]},
  }
  del host, hosts
  data = tf.data.Dataset.from_tensor_slices(examples).repeat()
  return data.batch(BATCH, drop_remainder=True)


def task(image_shape, n_classes):
  images = tf.keras.Input(image_shape)
  features = tf.keras.layers.Flatten()(images)
  features = tf.keras.layers.Dense(4, activation='tanh')(features)
  logits = tf.keras.layers.Dense(n_classes)(features)
  return tf.keras.Model(images, {'logits': logits, 'features': features})


def pixelda(normalization, **kwargs):
  """PixelDA without dropout and noise."""
  return PixelDA(
    generator=functools.partial(
      residual_generator, filters=2, blocks=1, normalization=normalization
    ),
    discriminator=functools.partial(
      pyramid_discriminator,
      filters=2,
      dropout_rate=0.0,
      noise_stddev=0.0,
      normalization=normalization,
    ),
    task=task,
    noise_size=0,
    **kwargs,
  )


class Taught(SourceOnly):
  """T moves twice a step, and a teacher follows it by a moving average."""

  def __init__(self, **kwargs):
    super().__init__(**kwargs)
    self.teacher = task(self.image_shape, self.n_classes)

  def players(self):
    return (super().players()[0]._replace(repeats=2),)

  def after_step(self):
    for ours, theirs in zip(
      self.teacher.variables, self.task.variables, strict=True
    ):
      ours.assign(0.9 * ours + 0.1 * theirs)


GENERATOR = functools.partial(
  downsampling_residual_generator, filters=2, levels=1, blocks=0
)
CYCLE = {
  'generator': GENERATOR,
  'discriminator': functools.partial(
    patch_discriminator, filters=2, strides=(2,)
  ),
}
features = functools.partial(
  CyCADAFeatures, generator=GENERATOR, task=task, task_weight=0.5, window=2
)
# One replica's kernel divides moving variances by one pixel less.
SEGMENTER = functools.partial(
  unet_segmenter,
  filters=2,
  levels=1,
  normalization=layers.no_normalization,
)
EMBEDDING = {
  'problem': Segmentation(class_weights='square_root'),
  'task': SEGMENTER,
  'embedding': ('down_1',),
}
METHODS = {
  'source_only': functools.partial(SourceOnly, task=task),
  'taught': functools.partial(Taught, task=task),
  # Each image weighs its own classes.
  'segmentation': functools.partial(
    SourceOnly,
    problem=Segmentation(class_weights='square_root'),
    task=SEGMENTER,
  ),
  'lsd_seg': functools.partial(
    LSDSeg,
    generator=functools.partial(
      embedding_generator,
      filters=(2,),
      kernel_sizes=(3,),
      blocks=1,
      dropout_rate=0.0,
    ),
    discriminator=functools.partial(
      residual_discriminator,
      filters=2,
      blocks=1,
      poolings=0,
      dropout_rate=0.0,
    ),
    **EMBEDDING,
  ),
  'lsd_seg_features': functools.partial(
    LSDSegFeatures,
    feature_discriminator=functools.partial(
      feature_map_discriminator, filters=4, dropout_rate=0.0
    ),
    **EMBEDDING,
  ),
  # Without the penalty, for which each replica draws mixes of its own.
  'i2i': functools.partial(
    I2IAdapt,
    task=task,
    decoders=functools.partial(
      vector_decoders, filters=(3, 2), normalization=layers.no_normalization
    ),
    critic=functools.partial(
      patch_discriminator,
      filters=2,
      strides=(2,),
      normalization=layers.no_normalization,
    ),
    feature_critic=functools.partial(feature_discriminator, units=3),
    penalty_weight=0.0,
    critic_steps=2,
  ),
  # An example's loss depends on that example alone, then on the batch too.
  'pixelda': functools.partial(pixelda, layers.no_normalization),
  'pixelda_batch': functools.partial(pixelda, layers.batch_normalization),
  # Full after a step: in the second one the pools exchange.
  'cyclegan': functools.partial(CycleGAN, pool_size=BATCH, **CYCLE),
  'cycada': functools.partial(
    CyCADA,
    task=task,
    joint_classifier=True,
    align_features=True,
    threshold=-1.0,
    window=2,
    **CYCLE,
  ),
  'features_open': functools.partial(features, threshold=-1.0),
  'features_closed': functools.partial(features, threshold=2.0, patience=2),
}


def some(variable):
  """A variable's values, of large ones about a thousand."""
  return (
    variable.numpy().ravel()[:: 1 + int(tf.size(variable)) // 1000].tolist()
  )


def train(build, strategy):
  """Returns the logs of two steps and the weights after them."""
  tf.keras.utils.set_random_seed(0)
  with strategy.scope():
    method = build(image_shape=(8, 8, 1), n_classes=3)
    # SGD, unlike Adam, shows it when a gradient is scaled.
    method.compile(tf.keras.optimizers.SGD(0.1, momentum=0.9))
  alignment = getattr(method, 'alignment', None)
  step = distribution.step_function(strategy, method)
  iterator = iter(distribution.feed(strategy, BATCH, batches))
  logs = [step(iterator) for _ in range(2)]
  return {
    'replicas': strategy.num_replicas_in_sync,
    'step': int(method.step.numpy()),
    'logs': [
      {name: float(value) for name, value in entry.items()} for entry in logs
    ],
    'weights': [some(variable) for variable in method.variables],
    'optimizers': {
      name: [some(variable) for variable in optimizer.variables]
      for name, optimizer in method.player_optimizers.items()
    },
    'window': alignment and alignment.accuracies.numpy().tolist(),
    'stopped': method.stopped(),
  }


def main():
  distribution.use_logical_cpus(2)
  one, two = map(distribution.strategy, ('one', 'mirrored'))
  results = {
    name: [train(build, one), train(build, two)]
    for name, build in METHODS.items()
  }
  print(json.dumps(results))


if __name__ == '__main__':
  main()
