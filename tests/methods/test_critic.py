"""Codes as a critic sees them."""

import numpy as np
import tensorflow as tf

from pixelda_tf.methods.critic import normalized


def test_codes_have_a_mean_square_of_1():
  codes = normalized(tf.constant([[3.0, 4.0], [0.0, 0.0]]))
  expected = [[3 / 12.5**0.5, 4 / 12.5**0.5], [0.0, 0.0]]
  np.testing.assert_allclose(codes, expected, rtol=1e-6)
