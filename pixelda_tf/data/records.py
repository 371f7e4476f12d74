"""Streams of the records of TFRecord shards, looked at before."""

import atexit
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Sequence

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from pixelda_tf.data import corruption
from pixelda_tf.data.shards import Shard
from pixelda_tf.errors import UserError

# What a domain's stream may hold in memory: all examples of the split, decoded;
# or else those of its records, undecoded, that wait to be drawn.
MEMORY_BYTES = 1 << 30
# Records that wait at most: a split of more, or of more bytes, is not shuffled
# completely but nearly.
SHUFFLE_BUFFER = 100_000
PARALLEL_SHARDS = 4
# Records read from one shard before it is the next one's turn.
BLOCK = 16


def check(
  shards: list[Shard],
  features: tfds.features.FeaturesDict,
  *,
  skip_corrupt: bool,
  sound: set[str],
) -> tuple[list[Shard], int]:
  """Looks for corrupt records in the files of shards.

  Args:
    shards: `Shard`s.
    features: TFDS features of their records.
    skip_corrupt: leave corrupt records out rather than raise.
    sound: paths of files that are not looked at again; it grows.

  Returns:
    `Shard`s without the corrupt records, and how many were left out.

  Raises:
    UserError: naming the first corrupt file and record.
  """
  check_there(shards)
  new = [shard for shard in shards if shard.path not in sound]
  n_records = sum(shard.n_records for shard in new)
  paths = [shard.path for shard in new]
  if not new or corruption.all_sound(paths, n_records, features):
    sound.update(paths)
    return shards, 0
  checked = [_check_one(shard, features, skip_corrupt) for shard in shards]
  skipped = sum(s.take for s in shards) - sum(s.take for s in checked)
  return [shard for shard in checked if shard.take], skipped


def check_there(shards: Iterable[Shard]) -> None:
  """Raises UserError where a file of shards is missing."""
  for shard in shards:
    if not pathlib.Path(shard.path).is_file():
      raise UserError(f'{shard.path}: missing; prepare the data set again')


def _check_one(shard, features, skip_corrupt):
  if corruption.all_sound([shard.path], shard.n_records, features):
    return shard
  payloads, positions, corrupt = corruption.find_corrupt(
    shard.path, shard.n_records, features
  )
  if not corrupt:
    return shard
  first = corrupt[0]
  if not skip_corrupt:
    raise UserError(
      f'{first.path}: record {first.index} (counted from 0) is corrupt '
      f'({first.reason}); {len(corrupt)} of {shard.n_records} records are; '
      'prepare the data set again, or pass --skip_corrupt to leave them out'
    )
  logging.warning(
    '%s: skipping %d corrupt of %d records, the first is record %d (%s)',
    shard.path,
    len(corrupt),
    shard.n_records,
    first.index,
    first.reason,
  )
  kept = [index for index in positions if 0 <= index - shard.skip < shard.take]
  return Shard(
    path=_write_copy(payloads),
    skip=positions[kept[0]] if kept else 0,
    take=len(kept),
    n_records=len(payloads),
  )


def _write_copy(payloads):
  """Writes a TFRecord file that lasts as long as this process."""
  directory = tempfile.mkdtemp(prefix='pixelda_tf-')
  atexit.register(shutil.rmtree, directory, ignore_errors=True)
  path = str(pathlib.Path(directory) / 'sound_records')
  with tf.io.TFRecordWriter(path) as writer:
    for payload in payloads:
      writer.write(payload)
  return path


def one_pass(shards: Sequence[Shard]) -> tf.data.Dataset:
  """Returns a data set of the records, bytes [], once in stored order."""
  return _shard_dataset(shards).flat_map(_read)


def shuffled(
  shards: Sequence[Shard], *, seed: tuple[int, int], skip: int = 0
) -> tf.data.Dataset:
  """Returns an endless data set of records: a function of (seed, position).

  Every epoch has its own order, which depends on the seed and the epoch's
  number alone: neither on TensorFlow's global seed nor on what was read before.

  Args:
    shards: `Shard`s.
    seed: pair of integers.
    skip: position to start from; whole epochs cost nothing.

  Returns:
    `tf.data.Dataset` of bytes [].
  """
  buffer = _buffer_size(shards)

  def one_epoch(epoch_seed):
    records = _shard_dataset(shards).shuffle(
      len(shards), seed=epoch_seed, reshuffle_each_iteration=False
    )
    records = records.interleave(
      _read,
      cycle_length=min(PARALLEL_SHARDS, len(shards)),
      block_length=BLOCK,
      num_parallel_calls=min(PARALLEL_SHARDS, len(shards)),
      deterministic=True,
    )
    return records.shuffle(
      buffer, seed=epoch_seed, reshuffle_each_iteration=False
    )

  return _endless(one_epoch, sum(shard.take for shard in shards), seed, skip)


def shuffled_in_memory(
  kept: tf.data.Dataset, count: int, *, seed: tuple[int, int], skip: int = 0
) -> tf.data.Dataset:
  """Returns an endless data set of examples that are all kept in memory.

  As `shuffled`; but each example is read and decoded once, before the first.

  Args:
    kept: `tf.data.Dataset` that is a `cache()`.
    count: how many examples it has.
    seed: pair of integers.
    skip: position to start from.
  """

  def one_epoch(epoch_seed):
    # With room for one more it sees at once that there is none, and only a
    # cache that was read to its end is kept.
    return kept.shuffle(
      count + 1, seed=epoch_seed, reshuffle_each_iteration=False
    )

  return _endless(one_epoch, count, seed, skip)


def _endless(one_epoch, count, seed, skip):
  """Returns one epoch's data set after the other.

  Args:
    one_epoch: function of an epoch's seed, int64 [], to its data set.
    count: examples in an epoch.
    seed: pair of integers.
    skip: position to start from.
  """
  first_epoch, skipped = divmod(skip, count)

  @tf.autograph.experimental.do_not_convert
  def epoch_from(epoch):
    # In a function of tf.data this sets that function's seed only. Without it
    # `shuffle` would mix the global seed in. (It fails on a seed of 0.)
    tf.random.set_seed(1)
    epoch_seed = tf.random.stateless_uniform(
      [],
      seed=tf.random.experimental.stateless_fold_in(seed, epoch),
      minval=None,
      maxval=None,
      dtype=tf.int64,
    )
    is_first = tf.cast(epoch == first_epoch, tf.int64)
    return one_epoch(epoch_seed).skip(is_first * skipped)

  return tf.data.Dataset.range(first_epoch, tf.int64.max).flat_map(epoch_from)


def _buffer_size(shards):
  """Returns how many records wait to be drawn, going by their mean size."""
  count = sum(shard.take for shard in shards)
  n_bytes = sum(
    pathlib.Path(shard.path).stat().st_size * shard.take / shard.n_records
    for shard in shards
  )
  fitting = int(MEMORY_BYTES / n_bytes * count)
  return max(1, min(count, SHUFFLE_BUFFER, fitting))


def _shard_dataset(shards):
  return tf.data.Dataset.from_tensor_slices(
    {
      'path': [shard.path for shard in shards],
      'skip': tf.constant([shard.skip for shard in shards], tf.int64),
      'take': tf.constant([shard.take for shard in shards], tf.int64),
    }
  )


@tf.autograph.experimental.do_not_convert
def _read(shard):
  records = tf.data.TFRecordDataset(shard['path'])
  return records.skip(shard['skip']).take(shard['take'])
