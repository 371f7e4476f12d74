"""Nearest neighbours in pixel space, among more images than memory holds."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

# Candidates that pictures of nearest images are found among, at most.
AMONG = 10_000


class Nearest(NamedTuple):
  """What is nearest to each of some images (PixelDA, Sect. 4.4).

  Attributes:
    indices: int `[n]` of the nearest candidates.
    distances: float `[n]`, root mean squared differences; of a range of 2.
    shown: the nearest candidates of those that were asked for.
    among: how many candidates there were.
  """

  indices: np.ndarray
  distances: np.ndarray
  shown: np.ndarray
  among: int


def find(
  images: np.ndarray,
  batches: Iterable[np.ndarray],
  shown: np.ndarray | slice = slice(None),
) -> Nearest:
  """Finds each image's nearest candidate.

  Args:
    images: float `[n, height, width, channels]` in [-1, 1].
    batches: of candidates, of the same form; one is in memory at a time.
    shown: indices of images whose nearest candidates are kept.
  """
  # Here, and not at every start: it takes a second.
  import sklearn
  from sklearn.metrics import pairwise_distances_argmin_min

  flat = _flat(images)
  kept = np.arange(len(images))[shown]
  indices = np.zeros(len(images), np.int64)
  distances = np.full(len(images), np.inf)
  nearest = np.zeros_like(images[kept])
  count = 0
  for batch in batches:
    # By NumPy: scikit-learn's own threads take ten times as long for a batch.
    with sklearn.config_context(enable_cython_pairwise_dist=False):
      places, in_batch = pairwise_distances_argmin_min(flat, _flat(batch))
    nearer = in_batch < distances
    indices[nearer] = count + places[nearer]
    distances[nearer] = in_batch[nearer]
    nearest[nearer[kept]] = batch[places[kept]][nearer[kept]]
    count += len(batch)
  return Nearest(indices, distances / np.sqrt(flat.shape[1]), nearest, count)


def _flat(images):
  return np.reshape(images, (len(images), -1)).astype(np.float32, copy=False)
