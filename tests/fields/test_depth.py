import numpy as np
import pytest

from pixelda_tf.fields import depth

# Distances from a centre at 1 m, a reach of 0.25 m: 254 is over half a metre.
BY_HAND = {
  'at the centre': (1.0, 127),
  'nearest': (0.75, 0),
  'nearer than counts': (0.1, 0),
  'a quarter': (0.875, 64),
  'farthest': (1.25, 254),
  'just behind': (1.2501, 255),
  'background': (7.0, 255),
  'nothing measured': (0.0, 255),
  'negative': (-0.5, 255),
  'nan': (np.nan, 255),
  'nothing hit': (np.inf, 255),
}


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('name', BY_HAND)
def test_by_hand(name, dtype):
  """254 times the share of the reach, 63.5 to even: 64."""
  distance, expected = BY_HAND[name]
  found = depth.normalize(np.full((2, 3), distance, dtype), 1.0, 0.25)
  assert found.dtype == np.uint8 and found.shape == (2, 3)
  assert (found == expected).all()


def test_every_pixel_counts_for_itself():
  distances = np.array([[value for value, _ in BY_HAND.values()]])
  found = depth.normalize(distances, 1.0, 0.25)
  assert found.tolist() == [[value for _, value in BY_HAND.values()]]


def test_the_place_of_the_object_does_not_matter():
  shape = np.linspace(-0.19, 0.19, 500)
  near, far = (depth.normalize(shape + c, c) for c in (0.5, 1.5))
  assert np.abs(near.astype(int) - far).max() <= 1
  np.testing.assert_allclose(near, 254 * (shape + 0.2) / 0.4, atol=0.51)
  assert (np.diff(near.astype(int)) >= 0).all()


def test_a_step_is_1_6_millimetres_by_default():
  distances = 1.0 + np.arange(-50, 50) * 0.4 / 254
  found = depth.normalize(distances, 1.0)
  assert (np.diff(found.astype(int)) == 1).all()
