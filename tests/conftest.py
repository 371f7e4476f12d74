"""What all tests share: a fixed seed, and a config that does not leak."""

import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import gin  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402


@pytest.fixture(autouse=True)
def _independent():
  tf.keras.utils.set_random_seed(0)
  yield
  gin.clear_config()
  tf.keras.mixed_precision.set_global_policy('float32')
