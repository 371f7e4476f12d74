"""The encoder moves by what answers tell of target images, and alone."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.losses.information import information_maximization
from pixelda_tf.methods import SHOT


def test_information_is_entropy_of_the_mean_less_the_mean_of_entropies():
  certain = tf.constant([[1.0, 0.0], [0.0, 1.0]])
  assert float(information_maximization(certain)) == pytest.approx(
    np.log(2), abs=1e-3
  )
  equal = tf.fill([5, 4], 0.25)
  assert float(information_maximization(equal)) == pytest.approx(0, abs=1e-3)
  one = tf.constant([[1.0, 0.0], [1.0, 0.0]])
  assert float(information_maximization(one)) == pytest.approx(0, abs=1e-3)
  maps = tf.reshape(certain, [1, 1, 2, 2])
  assert float(information_maximization(maps)) == pytest.approx(
    np.log(2), abs=1e-3
  )


def test_the_classifier_stays_and_no_source_image_is_seen(
  build_networks, build_batch
):
  method = SHOT(
    image_shape=(8, 8, 1), n_classes=3, task=lambda *_: build_networks()[2]
  )
  assert method.needs == ('task',)
  method.compile(tf.keras.optimizers.SGD(0.5))
  head = method.task.get_layer('classes')
  before = [w.numpy() for w in head.weights]
  batch = build_batch(0)
  batch['source'] = None
  values = [
    -float(method.train_step(batch)['encoder/information']) for _ in range(30)
  ]
  assert values[-1] > values[0] + 0.05
  for old, new in zip(before, head.weights, strict=True):
    np.testing.assert_array_equal(old, new)
