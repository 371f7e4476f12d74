"""Trains on two logical CPU devices; run by test_distribution.py.

Devices are configured before TensorFlow starts, so this is a process of its
own. Prints what the test reads as JSON.
"""

import functools
import json

import numpy as np
import tensorflow as tf

from pixelda_tf.methods import PixelDA, SourceOnly
from pixelda_tf.networks import (
  layers,
  pyramid_discriminator,
  residual_generator,
)
from pixelda_tf.training import distribution

BATCH = 8


def batches():
  """Two batches of eight source and target images, again and again."""
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (2, 2 * BATCH, 8, 8, 1)).astype(np.float32)
  labels = random.integers(3, size=2 * BATCH).astype(np.int32)
  examples = {
    'source': {'image': images[0], 'label': labels},
    'target': {'image': images[1]},
  }
  data = tf.data.Dataset.from_tensor_slices(examples).repeat()
  options = tf.data.Options()
  options.experimental_distribute.auto_shard_policy = (
    tf.data.experimental.AutoShardPolicy.DATA
  )
  return data.batch(BATCH, drop_remainder=True).with_options(options)


def task(image_shape, n_classes):
  images = tf.keras.Input(image_shape)
  logits = tf.keras.layers.Dense(n_classes)(tf.keras.layers.Flatten()(images))
  return tf.keras.Model(images, {'logits': logits})


def pixelda(**kwargs):
  """PixelDA in which an example's loss depends on that example alone."""
  normalization = layers.no_normalization
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


METHODS = {
  'source_only': functools.partial(SourceOnly, task=task),
  'pixelda': pixelda,
}


def train(build, strategy):
  """Returns the logs of two steps and the weights after them."""
  tf.keras.utils.set_random_seed(0)
  with strategy.scope():
    method = build(image_shape=(8, 8, 1), n_classes=3)
    # SGD, unlike Adam, shows it when a gradient is scaled.
    method.compile(tf.keras.optimizers.SGD(0.5, momentum=0.9))
  step = distribution.step_function(strategy, method)
  iterator = iter(strategy.experimental_distribute_dataset(batches()))
  logs = [step(iterator) for _ in range(2)]
  return {
    'replicas': strategy.num_replicas_in_sync,
    'step': int(method.step.numpy()),
    'logs': [
      {name: float(value) for name, value in entry.items()} for entry in logs
    ],
    'weights': [v.numpy().tolist() for v in method.trainable_variables],
  }


def main():
  (cpu,) = tf.config.list_physical_devices('CPU')
  tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
  )
  mirrored = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])
  results = {
    name: [train(build, tf.distribute.get_strategy()), train(build, mirrored)]
    for name, build in METHODS.items()
  }
  print(json.dumps(results))


if __name__ == '__main__':
  main()
