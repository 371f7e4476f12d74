"""Retrieval by cosine, against numbers by hand and loops."""

import itertools

import numpy as np
import pytest

from pixelda_tf.evaluation import retrieval
from pixelda_tf.evaluation.retrieval import precision_by_chance, retrieve


def at(*degrees, lengths=1.0):
  angles = np.deg2rad(degrees)
  vectors = np.stack([np.cos(angles), np.sin(angles)], 1)
  return vectors * np.reshape(lengths, (-1, 1))


def loops(queries, pool, is_relevant):
  """Counts and mean average precision, query by query, rank by rank."""
  counts, precisions = np.zeros(len(pool)), []
  for query in queries:
    cosines = [
      query @ other / np.linalg.norm(query) / np.linalg.norm(other)
      for other in pool
    ]
    found, total = 0, 0.0
    order = sorted(range(len(pool)), key=lambda place: -cosines[place])
    for rank, place in enumerate(order, 1):
      found += is_relevant[place]
      counts[rank - 1] += found
      total += is_relevant[place] * found / rank
    precisions.append(total / found)
  return counts / len(queries), np.mean(precisions)


def test_counts_and_precision_by_hand():
  """The query at 0 degrees finds no, yes, no, yes: (1/2 + 2/4) / 2 = 1/2.

  That at 90 degrees finds the reverse: (1 + 2/3) / 2 = 5/6. Lengths, which a
  cosine does not see, would order them otherwise.
  """
  pool = at(10, 20, 30, 40, lengths=[1, 9, 3, 0.1])
  found = retrieve(
    at(0, 90, lengths=[5, 2]), pool, np.array([False, True, False, True])
  )
  np.testing.assert_allclose(found.counts, [0.5, 1, 1.5, 2], rtol=1e-15)
  assert found.mean_average_precision == pytest.approx(2 / 3, rel=1e-15)


def test_domains_apart_have_the_least_precision():
  """The other domain is behind all 50 of one's own: mean of i / (50 + i)."""
  pool = np.concatenate([at(*np.arange(50)), at(*np.arange(90, 140))])
  found = retrieve(at(1.5, 7.2), pool, np.arange(100) >= 50)
  ranks = np.arange(1, 51)
  assert found.mean_average_precision == pytest.approx(
    np.mean(ranks / (50 + ranks))
  )
  np.testing.assert_array_equal(found.counts, np.r_[np.zeros(50), ranks])


def test_the_relevant_first_have_a_precision_of_1():
  found = retrieve(at(0), at(1, 2, 80), np.array([True, True, False]))
  assert found == (pytest.approx([1, 2, 2]), 1)


@pytest.mark.parametrize('at_once', [1, 40, 1 << 20])
def test_it_equals_loops_whatever_is_in_memory_at_once(at_once, monkeypatch):
  monkeypatch.setattr(retrieval, '_AT_ONCE', at_once)
  random = np.random.default_rng(0)
  queries, pool = random.normal(size=(7, 5)), random.normal(size=(19, 5))
  is_relevant = random.random(19) < 0.4
  found = retrieve(
    queries.astype(np.float32), pool.astype(np.float32), is_relevant
  )
  counts, precision = loops(queries, pool, is_relevant)
  np.testing.assert_allclose(found.counts, counts, rtol=1e-12)
  assert found.mean_average_precision == pytest.approx(precision, rel=1e-12)


@pytest.mark.parametrize('d', [3, 700])
def test_what_is_equally_near_keeps_the_pools_order(d):
  """Equal vectors of any length, whose products rounding would tell apart."""
  random = np.random.default_rng(1)
  one = random.normal(size=d)
  pool = one * random.uniform(0.1, 9, (501, 1))
  queries = one + random.normal(size=(5, d))
  found = retrieve(queries, pool, np.arange(501) % 2 == 1)
  np.testing.assert_array_equal(found.counts, np.arange(1, 502) // 2)


@pytest.mark.parametrize('scale', [1e-300, 1e300])
def test_any_finite_length_has_a_direction_and_zeros_are_at_right_angles(scale):
  """Zeros stand behind what is near, before what is opposite."""
  pool = np.stack([-at(0)[0], np.zeros(2), at(5)[0]]) * scale
  found = retrieve(at(0) * scale, pool, np.array([False, True, False]))
  np.testing.assert_array_equal(found.counts, [0, 1, 1])
  assert found.mean_average_precision == 0.5


@pytest.mark.parametrize(('relevant', 'n'), [(1, 1), (2, 5), (3, 6), (4, 4)])
def test_precision_by_chance_is_the_mean_over_all_orders(relevant, n):
  precisions = []
  for places in itertools.combinations(range(n), relevant):
    ranks = np.array(places) + 1
    precisions.append(np.mean(np.arange(1, relevant + 1) / ranks))
  assert precision_by_chance(relevant, n) == pytest.approx(np.mean(precisions))
