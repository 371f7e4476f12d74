import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.analysis import examples


class Domain:
  """`size` grey images of one pixel, whose value is their place."""

  train = 'train'
  test = 'test'

  def __init__(self, size, n_classes):
    self.size = size
    self.n_classes = n_classes
    self.read = []

  def count(self, split):
    assert split == 'train'
    return self.size

  def stored(self, split):
    self.read.append(split)
    images = np.arange(self.size, dtype=np.uint8).reshape(-1, 1, 1, 1)
    columns = {'image': images}
    if self.n_classes:
      columns['label'] = (np.arange(self.size) % 7).astype(np.int32)
    return tf.data.Dataset.from_tensor_slices(columns)


class Pair:
  """Two such domains; as an `OpenPair`, it has no batches without labels."""

  image_shape = (1, 1, 1)

  def __init__(self, count, target_classes=7):
    self.source = Domain(count, 7)
    self.target = Domain(count, target_classes)

  batch_size = 256

  def test_batches(self, domain='target', split=None):
    domain = getattr(self, domain)
    if domain.n_classes is None:
      return None

    def prepare(batch):
      image = tf.cast(batch['image'], tf.float32) / 127.5 - 1.0
      return batch | {'image': image}

    return (
      domain.stored(split or domain.test).batch(self.batch_size).map(prepare)
    )


def places(found):
  assert found.images.dtype == np.float32
  return np.rint((found.images[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


@pytest.mark.parametrize(
  ('count', 'n', 'expected'),
  [
    (10, 5, [0, 2, 4, 6, 8]),
    (10, 4, [0, 2, 5, 7]),
    (3, 12, [0, 1, 2]),
    (3, 3, [0, 1, 2]),
    (0, 5, []),
  ],
)
def test_evenly_by_hand(count, n, expected):
  assert examples.evenly(count, n).tolist() == expected


@pytest.mark.parametrize('count', [1, 9, 10, 19, 20, 21, 57, 200, 256])
def test_examples_are_from_all_over_the_split(count):
  """No two are more than three times as far apart as others are."""
  found = examples.of_source(Pair(count), 10)
  taken = places(found)
  assert len(taken) == min(count, 10)
  assert found.labels.tolist() == [place % 7 for place in taken]
  assert taken[0] == 0 and taken == sorted(set(taken))
  assert count - taken[-1] <= count / len(taken) * 3
  distances = np.diff(taken)
  if len(distances):
    assert distances.max() <= 3 * distances.min()


def test_batches_do_not_matter():
  pair = Pair(200)
  whole = examples.of_source(pair, 30)
  pair.batch_size = 7
  parts = examples.of_source(pair, 30)
  assert places(whole) == places(parts)
  assert whole.labels.tolist() == parts.labels.tolist()


def test_source_examples_are_for_training_target_examples_for_testing():
  pair = Pair(20)
  assert examples.of_source(pair, 10).split == 'train'
  assert examples.of_target(pair, 10).split == 'test'
  assert (pair.source.read, pair.target.read) == (['train'], ['test'])


def test_a_target_without_labels_needs_no_test_split():
  pair = Pair(20, target_classes=None)
  found = examples.of_target(pair, 10)
  assert pair.target.read == ['train'] and found.split == 'train'
  assert places(found) == list(range(0, 20, 2))
  assert (found.labels == examples.UNKNOWN).all()


@pytest.mark.parametrize('domain', ['source', 'target'])
def test_images_of_places_are_in_the_splits_order(domain):
  pair = Pair(200)
  batches = examples.images_at(pair, domain, np.array([70, 3, 199, 0]))
  (images,) = batches
  assert images.dtype == np.float32
  assert np.rint((images[:, 0, 0, 0] + 1) * 127.5).tolist() == [0, 3, 70, 199]
  assert getattr(pair, domain).read == ['train']
