"""Draws label maps as people do: thin things whole, crowns without gaps."""

import numpy as np
from scipy import ndimage

from pixelda_tf.rendering.streets import assembly

# Of a pixel's classes, the first.
PRIORITY = (
  'sign',
  'pole',
  'cyclist',
  'pedestrian',
  'fence',
  'tree',
  'car',
  'building',
  'pavement',
  'road',
  'void',
  'sky',
)
_RANK = np.full(256, 255, np.uint8)
_RANK[[assembly.LABELS[name] for name in PRIORITY]] = np.arange(len(PRIORITY))
_RANKED = np.array([assembly.LABELS[name] for name in PRIORITY], np.uint8)
_TREE = assembly.LABELS['tree']
# What is seen through trees.
_BEHIND = [assembly.LABELS[name] for name in ('sky', 'building')]
# Gaps in a crown are drawn as tree: pixels, for a picture 240 wide.
_GAP = 5


def outline(labels: np.ndarray) -> np.ndarray:
  """Returns one class a pixel of those of its rays.

  Args:
    labels: uint8 `[height, width, rays]`, classes or `label_maps.IGNORE`.

  Returns:
    uint8 `[height, width]`.
  """
  ranks = _RANK[labels]
  best = _RANKED[np.minimum.reduce(np.moveaxis(ranks, 2, 0))]
  tree = best == _TREE
  size = max(3, round(_GAP * labels.shape[1] / 240))
  grown = ndimage.maximum_filter(tree, size)
  closed = ndimage.minimum_filter(grown, size)
  best[closed & np.isin(best, _BEHIND)] = _TREE
  return best
