"""An analysis' plot of retrieval across domains, before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pixelda_tf.analysis import curves, examples, features
from pixelda_tf.analysis.adaptation import Adaptation
from pixelda_tf.analysis.plots import (
  LeftOut,
  Plot,
  missing_rows,
  predicting,
)
from pixelda_tf.evaluation.retrieval import (
  Retrieved,
  precision_by_chance,
  retrieve,
)

_ARROW = '\N{RIGHTWARDS ARROW}'
# What is queried by and what is found, with the paper's name of the count.
_WAYS = {
  'source_to_target': (f'source {_ARROW} target', 'A'),
  'target_to_source': (f'target {_ARROW} source', 'B'),
}


def retrieval(adaptation: Adaptation) -> Plot:
  """Draws how many of an image's nearest are of the other domain, over k.

  As Sankaranarayanan et al., CVPR 2018, Sect. 5.4 and Fig. 4: the pool has as
  many training images of the one domain as of the other, and as many more are
  queries, all drawn at random, as they are stored: nothing is translated.
  Vectors are `features.pooled`. Domains that the network cannot tell apart
  have |A_k| = |B_k| = k / 2. So has a network that tells nothing apart: read
  it beside scores of the test split.

  Raises:
    LeftOut: no row predicts with usable features, or a domain has less than
      two training images.
  """
  models = predicting(adaptation)
  n = _count(adaptation)
  random = np.random.default_rng(adaptation.seed)
  source = _embedded(adaptation, 'source', models, n, random)
  target = _embedded(adaptation, 'target', models, n, random)
  found, missing = {}, missing_rows(adaptation)
  for when, model in models:
    fault = _fault(source[when], target[when])
    if fault:
      missing.append(f"{when}: row '{model.name}' {fault}")
    else:
      found[f'{when}: {model}'] = when, _both_ways(source[when], target[when])
  if not found:
    raise LeftOut('; '.join(missing))
  chance = precision_by_chance(n, 2 * n)
  ks = _ranks(2 * n, (1, 2, 5))
  summary = {
    'images': n,
    'mean_average_precision_by_chance': chance,
    'k': ks,
  } | {
    when: {way: _as_json(each, ks) for way, each in ways.items()}
    for when, ways in found.values()
  }
  title = (
    f'nearest of {n:,} source and {n:,} target images, by '
    f"task networks' features (mAP by chance: {chance:.3f})"
  )
  return Plot(
    _picture(found, title),
    summary={'retrieval': summary},
    missing=missing,
    lines=[
      line for name, (_, ways) in found.items() for line in _lines(name, ways)
    ],
  )


def _count(adaptation):
  """Returns how many images of each domain the pool has."""
  pair = adaptation.pair
  counts = [
    domain.count(domain.train) // 2 for domain in (pair.source, pair.target)
  ]
  if not min(counts):
    raise LeftOut('a domain has less than two training images')
  return min(*counts, adaptation.wanted)


def _embedded(adaptation, domain, models, n, random):
  """Returns {'before' or 'after': vectors of the pool, of queries, or None}."""
  opened = getattr(adaptation.pair, domain)
  places = random.permutation(opened.count(opened.train))[: 2 * n]
  vectors: dict[str, list] = {when: [] for when, _ in models}
  for images in examples.images_at(adaptation.pair, domain, places):
    for when, model in models:
      vectors[when].append(features.pooled(model.method, images))
  in_pool = np.isin(np.sort(places), places[:n])
  parts: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}
  for when, each in vectors.items():
    parts[when] = None
    if all(vector is not None for vector in each):
      every = np.concatenate(each)
      parts[when] = every[in_pool], every[~in_pool]
  return parts


def _fault(source, target):
  """Returns why vectors tell nothing, or None."""
  if source is None or target is None:
    return features.fault(None)
  every = np.concatenate([*source, *target])
  fault = features.fault(every)
  if fault is None and np.ptp(every, axis=0).max() == 0:
    fault = 'gives all images the same features'
  return fault


def _both_ways(source, target) -> dict[str, Retrieved]:
  (in_source, of_source), (in_target, of_target) = source, target
  # Domains take turns, so that what is equally near favours none.
  pool = np.stack([in_source, in_target], 1).reshape(-1, in_source.shape[1])
  is_target = np.tile([False, True], len(in_source))
  return {
    'source_to_target': retrieve(of_source, pool, is_target),
    'target_to_source': retrieve(of_target, pool, ~is_target),
  }


def _ranks(last: int, digits: Sequence[int]) -> list[int]:
  """Returns the ranks up to the last one that are a digit and zeros."""
  powers = (10**exponent for exponent in range(len(str(last))))
  return [d * power for power in powers for d in digits if d * power <= last]


def _as_json(found: Retrieved, ks: Sequence[int]) -> dict[str, Any]:
  return {
    'mean_average_precision': found.mean_average_precision,
    'retrieved': [float(found.counts[k - 1]) for k in ks],
  }


def _lines(name: str, ways: Mapping[str, Retrieved]) -> list[str]:
  lines = []
  for way, found in ways.items():
    title, letter = _WAYS[way]
    counts = ', '.join(
      f'|{letter}_{k}| {found.counts[k - 1]:.2f}'
      for k in _ranks(len(found.counts), [1])
    )
    lines.append(
      f'retrieval, {name}: {title}: mAP '
      f'{found.mean_average_precision:.3f}, {counts}'
    )
  return lines


def _picture(found, title):
  panels = []
  for way, (way_title, letter) in _WAYS.items():
    panels.append(
      (
        f'{way_title}: of the k nearest',
        f'$|{letter}_k|$',
        [
          curves.Curve(
            f'{name}, mAP {ways[way].mean_average_precision:.3f}',
            ways[way].counts,
          )
          for name, (_, ways) in found.items()
        ],
      )
    )
  return curves.of_ranks(panels, title)
