"""Streams of examples: endless, resumed, of parts, in memory or not."""

import itertools
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import corruption, open_domains, records
from pixelda_tf.data.shards import Shard, tenth, without_tenth
from pixelda_tf.errors import UserError


def numbers(examples):
  """The stored images carry their number in the first pixel."""
  return [int(example['image'][0, 0, 0]) for example in examples]


def as_list(dataset, n=None):
  dataset = dataset if n is None else dataset.take(n)
  return list(dataset.as_numpy_iterator())


@pytest.mark.usefixtures('memory')
def test_stream_of_chosen_classes_is_the_whole_stream_without_the_others(store):
  whole = store(num_shards=3).open(store.data_dir)
  chosen = store(num_shards=3, classes=['b']).open(store.data_dir)
  stream = numbers(as_list(whole.stored('train', seed=4), 60))
  expected = [n for n in stream if n % 3 == 1]
  assert numbers(as_list(chosen.stored('train', seed=4), 21)) == expected
  for skip in (1, 7, 20):
    resumed = chosen.stored('train', seed=4, skip=skip)
    assert numbers(as_list(resumed, 21 - skip)) == expected[skip:]


@pytest.mark.usefixtures('memory')
def test_seeded_stream_is_endless_and_resumes(store):
  domain = store(train=20, num_shards=3).open(store.data_dir)
  stream = numbers(as_list(domain.stored('train', seed=4), 60))
  for epoch in range(3):
    assert sorted(stream[20 * epoch :][:20]) == list(range(20))
  resumed = domain.stored('train', seed=4, skip=33)
  assert numbers(as_list(resumed, 27)) == stream[33:]
  assert numbers(as_list(domain.stored('train', seed=5), 60)) != stream


# 20 images of 4x4 and their labels, int64.
DECODED_BYTES = 20 * (4 * 4 + 8 + open_domains.EXAMPLE_BYTES)


@pytest.mark.parametrize('part', [(0, 1), (1, 2)])
def test_what_fits_in_memory_is_read_once(store, part, monkeypatch):
  monkeypatch.setattr(records, 'MEMORY_BYTES', DECODED_BYTES)
  epoch, stream = stream_without_files(store, part)
  later = numbers(itertools.islice(stream, 3 * len(epoch)))
  assert sorted(later) == sorted(3 * epoch)


@pytest.mark.parametrize('part', [(0, 1), (1, 2)])
def test_what_does_not_fit_is_read_every_epoch(store, part, monkeypatch):
  """A part that would fit is none, as the others are to be read beside it."""
  monkeypatch.setattr(records, 'MEMORY_BYTES', DECODED_BYTES - 1)
  epoch, stream = stream_without_files(store, part)
  # What comes next may have been read ahead.
  with pytest.raises(tf.errors.NotFoundError, match='train.tfrecord'):
    list(itertools.islice(stream, 3 * len(epoch)))


def stream_without_files(store, part):
  """Returns an epoch's numbers and an iterator after it; the files are gone."""
  domain = store(train=20).open(store.data_dir)
  stream = iter(domain.stored('train', seed=4, part=part))
  epoch = sorted(numbers(itertools.islice(stream, 20 // part[1])))
  assert epoch == list(range(20))[part[0] * 20 // part[1] :]
  for path in pathlib.Path(store.data_dir).rglob('*train.tfrecord*'):
    path.unlink()
  return epoch, stream


def test_what_was_decoded_for_a_row_is_there_for_the_next(store):
  """After its first example, and in stored order, too: the files are gone."""
  domain = store(train=20).open(store.data_dir)
  first = numbers(as_list(domain.stored('train', seed=4), 1))
  for path in pathlib.Path(store.data_dir).rglob('*train.tfrecord*'):
    path.unlink()
  assert numbers(as_list(domain.stored('train', seed=4), 30))[:1] == first
  assert numbers(as_list(domain.stored('train', skip=3))) == list(range(3, 20))


def test_a_file_is_looked_at_once_by_all_splits_of_it(store, monkeypatch):
  looked_at = []
  all_sound = corruption.all_sound
  monkeypatch.setattr(
    corruption,
    'all_sound',
    lambda paths, *rest: looked_at.extend(paths) or all_sound(paths, *rest),
  )
  domain = store(train=20, num_shards=2).open(store.data_dir)
  # The first half is in the first file.
  assert [domain.count(f'train[{part}]') for part in (':10', '5:', ':3')] == [
    10,
    15,
    3,
  ]
  assert len(looked_at) == len(set(looked_at)) == 2


@pytest.mark.usefixtures('memory')
def test_a_part_is_read_without_the_files_of_the_others(store):
  """20 examples in 2 files, the second of which is gone."""
  domain = store(train=20, num_shards=2).open(store.data_dir)
  whole = store(train=20, num_shards=2).open(store.data_dir)
  expected = numbers(as_list(whole.stored('train')))
  _, second = sorted(pathlib.Path(store.data_dir).rglob('*train.tfrecord*'))
  second.unlink()
  assert numbers(as_list(domain.stored('train', part=(0, 2)))) == expected[:10]
  assert domain.count('train', part=(0, 2)) == 10
  stream = numbers(as_list(domain.stored('train', seed=1, part=(0, 2)), 10))
  assert sorted(stream) == expected[:10]
  with pytest.raises(UserError, match=f'{second.name}: missing'):
    domain.stored('train', part=(1, 2))


def test_a_part_without_examples_is_told(store):
  domain = store(train=2, num_shards=1).open(store.data_dir)
  with pytest.raises(UserError, match="part 1 of 3 of split 'train' holds no"):
    domain.count('train', part=(0, 3))


@pytest.mark.parametrize('num_shards', [1, 3])
@pytest.mark.parametrize('n', [10, 39, 400])
def test_a_tenth_that_is_held_back_is_from_all_over_the_split(num_shards, n):
  """Each example is in one of the two; of classes in order there are all."""
  cuts = [n * i // num_shards for i in range(num_shards + 1)]
  shards = [
    Shard(str(i), 5, cuts[i + 1] - cuts[i], 1000) for i in range(num_shards)
  ]

  def numbers_of(some):
    return [
      cuts[int(shard.path)] + shard.skip - 5 + i
      for shard in some
      for i in range(shard.take)
    ]

  kept = numbers_of(without_tenth(shards))
  held = numbers_of(tenth(shards))
  assert sorted(kept + held) == list(range(n))
  assert len(held) == n // 10
  if n == 400:
    assert held == [number for number in range(n) if number % 20 in (18, 19)]


def test_a_split_that_was_held_back_is_read_as_any_other(store):
  domain = store(train=40, num_shards=3).open(store.data_dir)
  assert domain.hold_back() == (36, 4)
  kept = numbers(as_list(domain.stored(domain.train)))
  held = numbers(as_list(domain.stored(domain.validation)))
  assert sorted(kept + held) == list(range(40)) and len(held) == 4
  epoch = numbers(as_list(domain.stored(domain.train, seed=1), 36))
  assert sorted(epoch) == kept
  few = store(train=40, num_shards=3)
  few.train = 'train[:9]'
  few = few.open(store.data_dir)
  with pytest.raises(UserError, match='9 examples: too few to hold back'):
    few.hold_back()


@pytest.mark.usefixtures('memory')
def test_a_stream_is_drawn_by_shares_and_resumes(store):
  """Of 60 images in three equal classes; a as often as b and c together."""
  domain = store(train=60, num_shards=3).open(store.data_dir)
  np.testing.assert_allclose(domain.shares('train'), [1 / 3] * 3)
  drawn = domain.drawn_as(np.array([0.5, 0.25, 0.25]))
  stream = numbers(as_list(drawn.stored('train', seed=4), 2000))
  shares = np.bincount([n % 3 for n in stream], minlength=3) / 2000
  np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=0.03)
  assert set(stream) == set(range(60))
  whole = numbers(as_list(domain.stored('train', seed=4), 60))
  first = [n for n in stream if n % 3 == 0][:20]
  assert first == [n for n in whole if n % 3 == 0]  # None of these is left out.
  resumed = numbers(as_list(drawn.stored('train', seed=4, skip=1990), 10))
  assert resumed == stream[1990:]
  assert numbers(as_list(drawn.stored('train'))) == list(range(60))
  assert len(set(numbers(as_list(domain.stored('train', seed=4), 60)))) == 60


def test_shares_need_labels(store):
  domain = store(class_names=None).open(store.data_dir)
  with pytest.raises(UserError, match='no label to be counted by'):
    domain.shares('train')
