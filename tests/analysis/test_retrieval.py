"""The plot of retrieval across domains, on data made by hand."""

import types

import numpy as np
import pytest
import tensorflow as tf
from made_up_adaptation import Method, adaptation

from pixelda_tf.analysis import curves, plots, retrieval
from pixelda_tf.analysis.adaptation import Model


class Domain:
  """A training split of images of one red and green value."""

  train = 'train'

  def __init__(self, values):
    images = np.zeros((len(values), 8, 8, 3), np.uint8)
    images[..., :2] = np.reshape(values, (-1, 1, 1, 2))
    self.images = images

  def count(self, split):
    assert split == 'train'
    return len(self.images)

  def stored(self, split):
    assert split == 'train'
    return tf.data.Dataset.from_tensor_slices({'image': self.images})


def of(source, target, wanted=100, **changes):
  pair = types.SimpleNamespace(
    source=Domain(source), target=Domain(target), image_shape=(8, 8, 3)
  )
  return adaptation(pair=pair, wanted=wanted, **changes)


def around(red, green, count):
  """Colours that all differ, near one."""
  return [(red + i % 16, green + i // 16) for i in range(count)]


@pytest.fixture
def drawn(monkeypatch):
  """What the last figure was of."""
  found = {}
  of_ranks = curves.of_ranks

  def note(panels, title):
    found.update(panels=panels, title=title)
    return of_ranks(panels, title)

  monkeypatch.setattr(curves, 'of_ranks', note)
  return found


# Of what made-up networks answer to red and green: the first two features.
APART = around(255 - 16, 128, 40), around(128, 255 - 16, 31)


def test_domains_apart(drawn):
  """15 of each in the pool, as the target has 31: |A_k| = max(0, k - 15).

  The other domain's first is sixteenth: mAP is the mean of i / (15 + i). By
  chance it is 14/29 + 15/29 (1 + 1/2 + ... + 1/30) / 30 = 0.55164.
  """
  plot = retrieval.retrieval(of(*APART))
  ranks = np.arange(1, 16)
  precision = pytest.approx(np.mean(ranks / (15 + ranks)))
  both = {
    way: {
      'mean_average_precision': precision,
      'retrieved': [0, 0, 0, 0, 5],
    }
    for way in ('source_to_target', 'target_to_source')
  }
  found = plot.summary['retrieval']
  assert found.pop('mean_average_precision_by_chance') == pytest.approx(
    0.55164, abs=1e-5
  )
  assert found == {
    'images': 15,
    'k': [1, 2, 5, 10, 20],
    'before': both,
    'after': both,
  }
  assert plot.missing == []
  assert plot.lines[0] == (
    'retrieval, before: plain, 100 steps: source → target: mAP 0.323, '
    '|A_1| 0.00, |A_10| 0.00'
  )
  assert plot.lines[3].startswith(
    'retrieval, after: adapted, 2,000 steps: target → source: mAP 0.323, |B_1|'
  )
  (_, label, lines), (_, other, _) = drawn['panels']
  assert (label, other) == ('$|A_k|$', '$|B_k|$')
  assert [line.name for line in lines] == [
    'before: plain, 100 steps, mAP 0.323',
    'after: adapted, 2,000 steps, mAP 0.323',
  ]
  for line in lines:
    expected = np.r_[np.zeros(15), np.arange(1, 16)]
    np.testing.assert_array_equal(line.counts, expected)
  assert plot.picture.dtype == np.uint8 and plot.picture.ndim == 3


def test_each_row_has_its_own_numbers():
  """Of a row with one positive feature all cosines are 1.

  What is equally near has the pool's order: source and target take turns.
  """

  class Sum(Method):
    def __call__(self, images):
      return {'features': tf.reduce_sum(images, (1, 2, 3))[:, None] + 200}

  mixed = Model('mixed', Sum(), 7)
  plot = retrieval.retrieval(of(*APART, after=mixed))
  found = plot.summary['retrieval']
  assert found['before']['source_to_target']['retrieved'] == [0, 0, 0, 0, 5]
  assert found['after']['source_to_target']['retrieved'] == [0, 1, 2, 5, 10]
  assert found['after']['target_to_source']['retrieved'] == [1, 1, 3, 5, 10]


def test_pool_and_queries_are_drawn_apart_and_by_the_seed(monkeypatch):
  """By their colours, which all differ; four draws of 10 of 40 and 31."""
  seen = []
  retrieve = retrieval.retrieve

  def note(queries, pool, is_relevant):
    seen.append((queries, pool, is_relevant))
    return retrieve(queries, pool, is_relevant)

  monkeypatch.setattr(retrieval, 'retrieve', note)
  draws = {}
  for seed in (0, 0, 1):
    seen.clear()
    given = of(*APART, wanted=10, seed=seed, before=None)
    plot = retrieval.retrieval(given)
    assert plot.summary['retrieval']['images'] == 10
    (of_source, pool, is_target), (of_target, same, is_source) = seen
    np.testing.assert_array_equal(pool, same)
    np.testing.assert_array_equal(is_target, ~is_source)
    is_red = pool[:, 0] > pool[:, 1]
    np.testing.assert_array_equal(is_red, is_source)
    assert is_source.tolist() == [True, False] * 10
    assert (of_source[:, 0] > of_source[:, 1]).all()
    assert (of_target[:, 0] < of_target[:, 1]).all()
    every = np.concatenate([of_source, of_target, pool])[:, :2]
    assert len({tuple(one) for one in every.round(4)}) == 40
    queried, pooled = (
      np.rint(one[:, :2] * 127.5) @ [1, 16]  # Grows by the place.
      for one in (of_source, pool[is_source])
    )
    assert queried.min() < pooled.max() and pooled.min() < queried.max()
    if seed in draws:
      np.testing.assert_array_equal(draws[seed], every)
    draws[seed] = every
  assert not np.array_equal(draws[0], draws[1])


FAULTS = {
  "gives no 'features': its task network has no output of that name": Method(
    with_features=False
  ),
  'gives features that are not finite: its training diverged': Method(
    scale=np.nan
  ),
  'gives all images the same features': Method(scale=0.0),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_features_that_tell_nothing_are_left_out(fault, drawn):
  broken = Model('broken', FAULTS[fault], 5)
  plot = retrieval.retrieval(of(*APART, after=broken))
  assert plot.missing == [f"after: row 'broken' {fault}"]
  assert [len(lines) for _, _, lines in drawn['panels']] == [1, 1]
  assert 'after' not in plot.summary['retrieval']
  with pytest.raises(plots.LeftOut, match='^before.*; after: row'):
    retrieval.retrieval(of(*APART, before=broken, after=broken))


def test_what_cannot_be_compared_is_left_out():
  with pytest.raises(plots.LeftOut, match='less than two training images'):
    retrieval.retrieval(of(APART[0], APART[1][:1]))
  with pytest.raises(plots.LeftOut, match='no trained row predicts'):
    retrieval.retrieval(of(*APART, before=None, after=None))
  plot = retrieval.retrieval(of(*APART, before=None))
  assert plot.missing[0].startswith("'before' has no row")
  assert len(plot.lines) == 2
