"""A few hundred examples that stand for a whole split."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.fields.images import at_once

UNKNOWN = -1


class Examples(NamedTuple):
  """Images of one domain.

  Attributes:
    images: float32 `[n, height, width, channels]` in [-1, 1].
    labels: int `[n]` of the source's classes, `UNKNOWN` without a label.
    split: that they are from.
  """

  images: np.ndarray
  labels: np.ndarray
  split: str


def of_source(pair: OpenPair, n: int) -> Examples:
  """Returns n `Examples` from all over the source's training split.

  Args:
    pair: an `OpenPair`.
    n: how many at most.
  """
  split = pair.source.train
  return _spread(pair.test_batches('source', split), split, n)


def of_target(pair: OpenPair, n: int) -> Examples:
  """Returns n `Examples` from all over the target's test split.

  A target without labels may have no test split: they are then from its
  training split.

  Args:
    pair: an `OpenPair`.
    n: how many at most.
  """
  domain = pair.target
  tested = pair.test_batches('target')
  if tested is not None:
    return _spread(tested, domain.test, n)
  batches = (
    domain.stored(domain.train)
    .batch(at_once(pair.image_shape))
    .map(lambda batch: fields.prepare(batch, pair.image_shape))
  )
  return _spread(batches, domain.train, n)


def images_at(
  pair: OpenPair, domain: str, places: np.ndarray
) -> Iterator[np.ndarray]:
  """Yields images of a domain's training split, a batch at a time.

  Args:
    pair: an `OpenPair`.
    domain: 'source' or 'target'.
    places: int, of the images in the split; they are yielded in its order.

  Yields:
    float32 `[n, height, width, channels]` in [-1, 1].
  """
  opened = getattr(pair, domain)
  wanted = np.zeros(opened.count(opened.train), bool)
  wanted[places] = True
  numbered = opened.stored(opened.train).enumerate()
  chosen = numbered.filter(lambda place, _: tf.gather(wanted, place))
  batches = chosen.map(lambda _, example: {'image': example['image']}).batch(
    at_once(pair.image_shape)
  )
  for batch in batches.map(lambda each: fields.prepare(each, pair.image_shape)):
    yield batch['image'].numpy()


def evenly(count: int, n: int) -> np.ndarray:
  """Returns int `[min(n, count)]`: ascending places spread over `count`."""
  n = min(n, count)
  return (np.arange(n) * count) // max(n, 1)


def _spread(batches, split, n):
  """Takes examples at equal distances, of a stream whose length is unknown.

  Every second one is dropped each time that there are twice as many as wanted:
  a split is never in memory as a whole.
  """
  images, labels, step, seen = [], [], 1, 0
  for batch in batches.as_numpy_iterator():
    own = batch.get('label', np.full(len(batch['image']), UNKNOWN))
    for image, label in zip(batch['image'], own, strict=True):
      if seen % step == 0:
        images.append(image.copy())  # A view would keep all of its batch.
        labels.append(int(label))
      seen += 1
      if len(images) == 2 * n:
        images, labels, step = images[::2], labels[::2], 2 * step
  places = evenly(len(images), n)
  return Examples(
    np.stack([images[place] for place in places]),
    np.array([labels[place] for place in places]),
    split,
  )
