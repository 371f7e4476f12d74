"""Retrieval across domains: how often an image's nearest are the other's.

Sankaranarayanan et al., Learning from Synthetic Data, CVPR 2018, Sect. 5.4.
"""

from typing import NamedTuple

import numpy as np
import threadpoolctl

# Similarities that are in memory at once.
_AT_ONCE = 1 << 20
# Of equal vectors, products may differ in their last bits; of two cosines, what
# differs by less is a tie.
_DECIMALS = 12


class Retrieved(NamedTuple):
  """What queries retrieve of a pool.

  Attributes:
    counts: float64 `[n]`: of the k nearest of the pool how many are relevant,
      k = 1 to n, in the mean over the queries: |A_k| where queries are of the
      source and the target is relevant, |B_k| the other way round.
    mean_average_precision: in (0, 1], over the whole pool and all queries.
  """

  counts: np.ndarray
  mean_average_precision: float


def retrieve(
  queries: np.ndarray, pool: np.ndarray, is_relevant: np.ndarray
) -> Retrieved:
  """Ranks a pool by each query's cosine similarity, and counts.

  The average precision of a query is the mean, over what is relevant, of the
  fraction that is relevant down to its rank. What is equally near keeps the
  pool's order. All zeros have the cosine 0 with everything.

  Args:
    queries: float `[m, d]`, finite, m > 0.
    pool: float `[n, d]`, finite.
    is_relevant: bool `[n]`, at least one.
  """
  queries, pool = _unit(queries), _unit(pool)
  ranks = np.arange(1, len(pool) + 1)
  relevant = np.count_nonzero(is_relevant)
  counts, precision = np.zeros(len(pool)), 0.0
  step = max(1, _AT_ONCE // len(pool))
  for start in range(0, len(queries), step):
    # The order in which threads add up would reach the last bits.
    with threadpoolctl.threadpool_limits(1):
      similarity = queries[start : start + step] @ pool.T
    nearest = np.argsort(-similarity.round(_DECIMALS), axis=1, kind='stable')
    found = is_relevant[nearest]
    counted = np.cumsum(found, axis=1)
    counts += counted.sum(axis=0)
    precision += (counted / ranks * found).sum() / relevant
  return Retrieved(counts / len(queries), float(precision / len(queries)))


def precision_by_chance(relevant: int, n: int) -> float:
  """Returns the average precision that a random order has in the mean.

  At each rank k stands a relevant one with probability R/n, and of the k-1
  before it a fraction of (R-1)/(n-1) is relevant then, in the mean; AP is
  (1/n) sum_k (1 + (k-1) (R-1)/(n-1)) / k.

  Args:
    relevant: R, how many of the pool are relevant, at least one.
    n: images in the pool.
  """
  ranks = np.arange(1, n + 1)
  others = (relevant - 1) / max(n - 1, 1)
  return float(np.mean((1 + (ranks - 1) * others) / ranks))


def _unit(vectors):
  """Returns float64 vectors of length 1, or of zeros."""
  vectors = np.asarray(vectors, np.float64)
  # Large values would have no square.
  vectors = vectors / np.maximum(
    np.abs(vectors).max(axis=1, keepdims=True), np.finfo(np.float64).tiny
  )
  lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
  return vectors / np.where(lengths == 0, 1, lengths)
