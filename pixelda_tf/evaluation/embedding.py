"""Points of many dimensions in few: PCA and t-SNE."""

import numpy as np
import threadpoolctl
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

COMPONENTS = 50
_PERPLEXITY = 30.0


def principal_components(points, seed):
  """Returns the first principal components of points.

  Args:
    points: float `[n, ...]`.
    seed: of the solver.

  Returns:
    float32 `[n, d]`, centred, d at most `COMPONENTS`; zeros of points that are
    all the same.
  """
  flat = np.reshape(points, (len(points), -1)).astype(np.float32)
  count = min(COMPONENTS, *flat.shape)
  if _are_same(flat):
    return np.zeros((len(flat), count), np.float32)
  # The order in which threads add up would reach the last bits.
  with threadpoolctl.threadpool_limits(1):
    return PCA(count, random_state=seed).fit_transform(flat)


def tsne(points, seed):
  """Embeds points in the plane (van der Maaten and Hinton, 2008).

  Args:
    points: float `[n, d]`, finite.
    seed: equal points and seeds give equal bits.

  Returns:
    float32 `[n, 2]`; zeros of points that are all the same, as those of a dead
    network, and of less than three.
  """
  points = np.asarray(points, np.float32)
  if len(points) < 3 or _are_same(points):
    return np.zeros((len(points), 2), np.float32)
  if points.shape[1] == 1:
    points = np.pad(points, ((0, 0), (0, 1)))
  # The perplexity is a number of neighbours: no more than a third of all.
  perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
  with threadpoolctl.threadpool_limits(1):
    return TSNE(
      init='pca', perplexity=perplexity, random_state=seed
    ).fit_transform(points)


def _are_same(points):
  return np.ptp(points, axis=0).max() == 0
