import itertools
import pathlib

import pytest
import tensorflow as tf

from pixelda_tf.data import records
from pixelda_tf.data.shards import Shard, part_of

N_SHARDS = 3
PER_SHARD = 10


@pytest.fixture
def shards(tmp_path):
  """Three files of ten records, '0' to '29'; of each, the records 2 to 8."""
  found = []
  for number in range(N_SHARDS):
    path = str(tmp_path / f'{number}')
    with tf.io.TFRecordWriter(path) as writer:
      for index in range(PER_SHARD):
        writer.write(str(PER_SHARD * number + index).encode())
    found.append(Shard(path, skip=2, take=7, n_records=PER_SHARD))
  return found


COUNT = N_SHARDS * 7
IN_ORDER = [10 * n + i for n in range(N_SHARDS) for i in range(2, 9)]


def read(dataset, n=None):
  items = itertools.islice(dataset.as_numpy_iterator(), n)
  return [int(item) for item in items]


def test_one_pass_is_in_stored_order(shards):
  assert read(records.one_pass(shards)) == IN_ORDER


def test_every_epoch_has_every_record_once_in_another_order(shards):
  stream = read(records.shuffled(shards, seed=(0, 1)), 3 * COUNT)
  epochs = [stream[n * COUNT : (n + 1) * COUNT] for n in range(3)]
  assert [sorted(epoch) for epoch in epochs] == [IN_ORDER] * 3
  assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
  assert IN_ORDER not in epochs


@pytest.mark.parametrize('skip', [0, 1, 20, 21, 22, 50, 21 * 10**9 + 3])
def test_skip_starts_at_a_position(shards, skip):
  whole = read(records.shuffled(shards, seed=(0, 1)), 100)
  start = read(records.shuffled(shards, seed=(0, 1), skip=skip), 25)
  if skip < 60:
    assert start == whole[skip : skip + 25]
  else:
    # Far ahead: the rest of its epoch, then whole epochs.
    assert len(set(start[:18])) == 18
    assert set(start[18:]) <= set(IN_ORDER)


def test_depends_on_both_seeds_and_not_on_tensorflows(shards):
  def stream(*seed):
    return read(records.shuffled(shards, seed=seed), COUNT)

  tf.random.set_seed(1)
  first = stream(5, 1)
  tf.random.set_seed(2)
  assert stream(5, 1) == first
  assert stream(5, 2) != first
  assert stream(6, 1) != first


def test_leaves_tensorflows_seed_alone(shards):
  draws = []
  for read_between in (False, True):
    tf.random.set_seed(1)
    if read_between:
      read(records.shuffled(shards, seed=(0, 0)), 3)
    draws.append(float(tf.random.uniform([])))
  assert draws[0] == draws[1]


def test_more_records_than_the_buffer_are_shuffled_nearly(shards, monkeypatch):
  monkeypatch.setattr(records, 'SHUFFLE_BUFFER', 4)
  stream = read(records.shuffled(shards, seed=(0, 1)), 2 * COUNT)
  assert sorted(stream[:COUNT]) == sorted(stream[COUNT:]) == IN_ORDER
  assert stream[:COUNT] != stream[COUNT:]
  again = read(records.shuffled(shards, seed=(0, 1), skip=30), 12)
  assert again == stream[30:]


def test_more_bytes_than_the_buffer_may_have_are_shuffled_nearly(
  shards, monkeypatch
):
  """Room for four records of the mean size is what four records give."""
  monkeypatch.setattr(records, 'SHUFFLE_BUFFER', 4)
  expected = read(records.shuffled(shards, seed=(0, 1)), COUNT)
  monkeypatch.setattr(records, 'SHUFFLE_BUFFER', COUNT)
  assert read(records.shuffled(shards, seed=(0, 1)), COUNT) != expected
  mean = sum(
    pathlib.Path(shard.path).stat().st_size / shard.n_records * shard.take
    for shard in shards
  ) / sum(shard.take for shard in shards)
  monkeypatch.setattr(records, 'MEMORY_BYTES', int(4.5 * mean))
  assert read(records.shuffled(shards, seed=(0, 1)), COUNT) == expected


def test_shards_are_read_side_by_side(shards, monkeypatch):
  """With no buffer, an epoch of the largest shards begins with blocks of all
  shards rather than with the whole of one."""
  monkeypatch.setattr(records, 'SHUFFLE_BUFFER', 1)
  monkeypatch.setattr(records, 'BLOCK', 2)
  start = read(records.shuffled(shards, seed=(0, 1)), 6)
  assert sorted(item // 10 for item in start) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize('count', [1, 2, 4, 21, 22])
def test_parts_are_equal_and_side_by_side_the_whole(shards, count):
  """21 records: sizes differ by one at most; the files are not cut."""
  parts = [part_of(shards, index, count) for index in range(count)]
  found = [read(records.one_pass(part)) if part else [] for part in parts]
  assert sum(found, []) == IN_ORDER
  sizes = {len(part) for part in found}
  assert sizes <= {COUNT // count, -(-COUNT // count)}


def test_a_part_has_the_files_that_hold_it_alone(shards):
  """Of 3 files, halves share the second, thirds have one each."""
  paths = [shard.path for shard in shards]
  halves = [[s.path for s in part_of(shards, i, 2)] for i in range(2)]
  assert halves == [paths[:2], paths[1:]]
  thirds = [part_of(shards, i, 3) for i in range(3)]
  assert thirds == [[shard] for shard in shards]
