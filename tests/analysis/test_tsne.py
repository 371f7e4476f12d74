import numpy as np
import pytest

from pixelda_tf.analysis import tsne


def points(n, d, seed=0):
  return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize('shape', [(40, 3, 2, 1), (4, 9)])
def test_principal_components_equal_those_of_an_svd(shape):
  images = points(shape[0], int(np.prod(shape[1:]))).reshape(shape)
  flat = images.reshape(len(images), -1).astype(np.float64)
  u, s, _ = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
  found = tsne.principal_components(images, seed=0)
  assert found.shape == (len(images), min(flat.shape))
  np.testing.assert_allclose(np.abs(found), np.abs(u * s), atol=1e-4)


def test_there_are_no_more_than_fifty_components():
  assert tsne.principal_components(points(90, 70), 0).shape == (90, 50)


def test_clusters_stay_apart():
  """Two clusters of 40 points far from each other, in ten dimensions."""
  data = points(80, 10)
  data[40:] += 50
  found = tsne.embed(data, seed=1)
  assert found.shape == (80, 2) and found.dtype == np.float32
  centres = found[:40].mean(0), found[40:].mean(0)
  nearer = [np.linalg.norm(found - centre, axis=1) for centre in centres]
  assert (np.argmin(nearer, axis=0) == [0] * 40 + [1] * 40).all()


def test_equal_seeds_give_equal_bits_and_move_no_other_random_stream():
  data = points(60, 10)
  np.random.seed(5)
  first = tsne.embed(data, seed=3)
  drawn = np.random.uniform()
  second = tsne.embed(data, seed=3)
  np.testing.assert_array_equal(first, second)
  np.random.seed(5)
  assert np.random.uniform() == drawn


@pytest.mark.parametrize('n', [1, 2, 3, 4, 20])
@pytest.mark.parametrize('d', [1, 2, 5])
def test_few_points_of_few_dimensions_have_their_places(n, d):
  found = tsne.embed(points(n, d), seed=0)
  assert found.shape == (n, 2)
  assert np.isfinite(found).all()


def test_points_that_are_all_the_same_stay_so():
  same = np.full((30, 4), 2.0)
  np.testing.assert_array_equal(tsne.embed(same, 0), np.zeros((30, 2)))
  np.testing.assert_array_equal(
    tsne.principal_components(same, 0), np.zeros((30, 4))
  )
