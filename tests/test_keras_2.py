"""`tf.keras` is Keras 2, in whichever order things are imported."""

import os
import subprocess
import sys

import pytest

CURRENT = sys.version_info >= (3, 12)
only_current = pytest.mark.skipif(
  not CURRENT, reason='TensorFlow 2.15 has no other Keras'
)

# What works after the imports: TensorFlow's names are one Keras, which methods
# are trained with.
USE = """
import numpy as np
from tensorflow.keras.layers import Dense
assert tf.keras.layers.Dense is Dense
assert not hasattr(tf.keras, 'version'), 'Keras 3 has this function'
from pixelda_tf.data import pair
from pixelda_tf.methods import SourceOnly
images = np.zeros((8, 8, 8), np.uint8)
batches = pair((images, np.arange(8) % 2), images, batch_size=4)
method = SourceOnly(image_shape=(8, 8, 1), n_classes=2)
method.compile(tf.keras.optimizers.Adam())
method.fit(batches, steps_per_epoch=1, verbose=0)
"""

# keras-cv takes the Keras that TensorFlow has when it is imported.
USE_KERAS_CV = """
import keras_cv
backbone = keras_cv.models.ResNetBackbone(
  stackwise_filters=[8], stackwise_blocks=[1], stackwise_strides=[1],
  include_rescaling=False, input_shape=(16, 16, 3),
)
assert isinstance(backbone, tf.keras.Model)
assert backbone(tf.zeros([1, 16, 16, 3])).shape == (1, 4, 4, 32)
"""


def run(*arguments, **environment):
  """Runs Python without a choice of Keras but that of `environment`."""
  inherited = dict(os.environ)
  inherited.pop('TF_USE_LEGACY_KERAS', None)
  return subprocess.run(
    [sys.executable, *arguments],
    env=inherited | environment,
    capture_output=True,
    text=True,
  )


@only_current
@pytest.mark.parametrize(
  'imports',
  [
    'import pixelda_tf, tensorflow as tf',
    'import tensorflow as tf; from tensorflow import keras; import pixelda_tf',
    'import keras, tensorflow as tf, pixelda_tf',
    'import tensorflow_datasets, tensorflow as tf, pixelda_tf',
  ],
)
def test_tf_keras_is_keras_2_in_any_order(imports):
  done = run('-c', imports + USE)
  assert done.returncode == 0, done.stderr


def test_keras_cv_is_of_the_same_keras():
  done = run('-c', 'import pixelda_tf, tensorflow as tf' + USE_KERAS_CV)
  assert done.returncode == 0, done.stderr


@only_current
@pytest.mark.parametrize(
  'imports',
  [
    'import tensorflow as tf; tf.keras.layers; import pixelda_tf',
    'import keras_cv, pixelda_tf',
  ],
)
def test_keras_3_that_is_in_use_is_told(imports):
  done = run('-c', imports)
  assert done.returncode == 1
  line = done.stderr.splitlines()[-1]
  assert line.startswith('ImportError: tf.keras is Keras 3 here')
  assert 'import pixelda_tf before tf.keras is used' in line


@only_current
def test_a_command_that_is_told_to_use_keras_3_says_what_to_do():
  done = run('-m', 'pixelda_tf.train', '--help', TF_USE_LEGACY_KERAS='0')
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  assert "TF_USE_LEGACY_KERAS is '0'" in line and 'unset it' in line


def test_a_variable_that_asks_for_keras_2_does_no_harm():
  """TensorFlow 2.15 would look for tf-keras, which is not there."""
  use = '\nassert tf.keras.layers.Dense(2)(tf.zeros([1, 3])).shape == (1, 2)'
  done = run(
    *('-c', 'import tensorflow as tf, pixelda_tf' + use),
    TF_USE_LEGACY_KERAS='1',
  )
  assert done.returncode == 0, done.stderr
