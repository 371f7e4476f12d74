import numpy as np
import tensorflow as tf

from pixelda_tf.analysis import features


def test_of_maps_their_means_over_an_image_are_taken():
  images = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype('f4')

  def method(batch):
    return {'features': tf.constant(batch)}

  found = features.pooled(method, images)
  np.testing.assert_allclose(found, images.mean((1, 2)), rtol=1e-5)
