"""Which records of which files a split has, and parts of it."""

import dataclasses
from collections.abc import Iterable, Sequence

import tensorflow_datasets as tfds

# Parts of a split, of each of which some records are held back.
STRATA = 20


@dataclasses.dataclass(frozen=True)
class Shard:
  """The part of one TFRecord file that a split has.

  Attributes:
    path: the file.
    skip: records of the file before the part.
    take: records in the part.
    n_records: records in the whole file.
  """

  path: str
  skip: int
  take: int
  n_records: int


def split_shards(split_info: tfds.core.SplitInfo) -> list[Shard]:
  """Returns the `Shard`s of a TFDS split."""
  shards = []
  for part in split_info.file_instructions:
    n_records = part.examples_in_shard
    take = n_records - part.skip if part.take < 0 else part.take
    shards.append(Shard(str(part.filename), part.skip, take, n_records))
  return shards


def part_of(shards: Iterable[Shard], index: int, count: int) -> list[Shard]:
  """Returns the `Shard`s of one of `count` equal parts, in stored order.

  Args:
    shards: `Shard`s.
    index: which part, from 0.
    count: how many parts; their sizes differ by a record at most.
  """
  total = sum(shard.take for shard in shards)
  return _between(shards, index * total // count, (index + 1) * total // count)


def without_tenth(shards: Sequence[Shard]) -> list[Shard]:
  """Returns the `Shard`s of all records but those of `tenth`."""
  return _strata(shards)[0]


def tenth(shards: Sequence[Shard]) -> list[Shard]:
  """Returns the `Shard`s of a tenth of the records, from all over the split.

  Stored in the order of their classes, they are of all of them: it is the end
  of each of `STRATA` equal parts, or of fewer where these would be short.
  """
  return _strata(shards)[1]


def _strata(shards):
  """Returns what `without_tenth` and `tenth` do."""
  total = sum(shard.take for shard in shards)
  count = max(1, min(STRATA, total // 10))
  kept, held = [], []
  for index in range(count):
    first, end = (n * total // count for n in (index, index + 1))
    before, after = (n * (total // 10) // count for n in (index, index + 1))
    cut = end - (after - before)
    kept += _between(shards, first, cut)
    held += _between(shards, cut, end)
  return kept, held


def _between(shards, first, end):
  """Returns the `Shard`s of records by their numbers within all shards."""
  parts, position = [], 0
  for shard in shards:
    skip = max(first - position, 0)
    take = min(end - position, shard.take) - skip
    if take > 0:
      parts.append(
        dataclasses.replace(shard, skip=shard.skip + skip, take=take)
      )
    position += shard.take
  return parts
