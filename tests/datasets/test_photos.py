import numpy as np
import sklearn.datasets

from pixelda_tf.datasets import photos


def test_sample_photos_are_halved():
  """The mean of 2x2 pixels, by hand for the first."""
  sample = photos.load_sample()
  assert [photo.shape for photo in sample] == [(213, 320, 3)] * 2
  corner = sklearn.datasets.load_sample_images().images[0][:2, :2].astype(int)
  expected = np.round(corner.sum(axis=(0, 1)) / 4)
  np.testing.assert_array_equal(sample[0][0, 0], expected)
