import numpy as np
import pytest

from pixelda_tf.evaluation import nearest


@pytest.fixture
def given():
  """Seven images, 30 candidates, and all distances between them.

  Image 3 is candidate 11, and 20 too: of equals the first is found.
  """
  random = np.random.default_rng(0)
  images = random.uniform(-1, 1, (7, 4, 4, 3)).astype(np.float32)
  candidates = random.uniform(-1, 1, (30, 4, 4, 3)).astype(np.float32)
  candidates[11] = candidates[20] = images[3]
  differences = images[:, None] - candidates
  return images, candidates, np.sqrt((differences**2).mean((2, 3, 4)))


@pytest.mark.parametrize('batch', [1, 7, 16, 30])
def test_nearest_equals_a_search_over_all_pairs(batch, given):
  images, candidates, distances = given
  batches = (candidates[i : i + batch] for i in range(0, 30, batch))
  found = nearest.find(images, batches)
  np.testing.assert_array_equal(found.indices, distances.argmin(1))
  np.testing.assert_allclose(found.distances, distances.min(1), atol=1e-6)
  np.testing.assert_array_equal(found.shown, candidates[found.indices])
  assert found.indices[3] == 11 and found.distances[3] < 1e-6
  assert found.among == 30


@pytest.mark.parametrize('shown', [slice(3), np.array([5, 0]), slice(0)])
def test_the_nearest_of_some_images_are_kept(shown, given):
  images, candidates, _ = given
  found = nearest.find(images, np.split(candidates, [13]), shown)
  expected = candidates[found.indices[shown]]
  np.testing.assert_array_equal(found.shown, expected)
