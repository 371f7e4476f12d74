import numpy as np

from pixelda_tf.datasets.digits import blending


def test_blend_is_the_absolute_difference():
  """|200 - 250| = 50 and |200 - 10| = 190: no wrap around of uint8."""
  digit = np.full((1, 1, 1), 200, np.uint8)
  background = np.array([[[250, 10, 200]]], np.uint8)
  assert blending.blend(digit, background).tolist() == [[[50, 190, 0]]]
