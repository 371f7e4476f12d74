"""What tells a stored data set from others of its name.

Records are told apart by the lengths and checksums that TFRecord files keep of
them: to see these takes no reading of the images. What the raw files were is
in the description. Whether a record is damaged is for `corruption` to find.
"""

import hashlib
import itertools
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import tensorflow_datasets as tfds

from pixelda_tf.data import infos, records
from pixelda_tf.data.shards import Shard, split_shards
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS

# As JSON has it: 'name', 'version', 'description', 'image_shape', 'fields',
# 'class_names' (None without labels), and 'splits', of each that is used a dict
# of 'count' and 'digest', or None where there is none.
Identity: TypeAlias = dict[str, Any]

_LENGTH = struct.Struct('<Q')
_HEADER_BYTES = 12  # The length of what follows, and its checksum.
_CHECKSUM_BYTES = 4
_SHOWN = 5


def identity(
  info: tfds.core.DatasetInfo, name: str, splits: Iterable[str]
) -> Identity:
  """Returns what tells a stored data set from others.

  Args:
    info: of the data set.
    name: of the data set.
    splits: those that are used, see `Domain`.

  Raises:
    UserError: its images are of no one size, or a file is missing.
  """
  class_names = infos.class_names(info)
  return {
    'name': name,
    'version': str(info.version),
    'description': info.description,
    'image_shape': list(infos.image_shape(info, padding=0)),
    'fields': [field for field in FIELDS if field in info.features],
    'class_names': class_names and list(class_names),
    'splits': {split: _split(info, name, split) for split in splits},
  }


def differences(then: Identity, now: Identity) -> list[str]:
  """Returns in words how a data set differs from what it was.

  A split that was not there then may be there now.

  Raises:
    KeyError: of what is told of a data set something was not told then.
  """
  for key in now.keys() - then.keys():
    raise KeyError(key)
  found = [
    f'{what} {_shown(now[key])}, not {_shown(then[key])}'
    for key, what in (
      ('name', 'is'),
      ('version', 'is version'),
      ('image_shape', 'has images of'),
      ('fields', 'examples have'),
    )
    if now[key] != then[key]
  ]
  found += _of_classes(then['class_names'], now['class_names'])
  others = []
  for split, part in then['splits'].items():
    present = now['splits'].get(split)
    if part is None or part == present:
      continue
    if present is None:
      found.append(f'has no split {split!r}')
    elif present['count'] != part['count']:
      found.append(
        f'split {split!r} has {present["count"]:,} examples, not '
        f'{part["count"]:,}'
      )
    else:
      others.append(
        f'the {part["count"]:,} examples of split {split!r} are others'
      )
  return found or others


def digest(shards: Sequence[Shard]) -> str:
  """Returns the SHA-256 of the lengths and checksums of records, in order.

  It does not depend on how the records are shared out to files. A file that is
  cut off counts as far as it goes.
  """
  hashed = hashlib.sha256()
  for shard in shards:
    end = shard.skip + shard.take
    for record in itertools.islice(_records(shard.path), shard.skip, end):
      hashed.update(record)
  return hashed.hexdigest()


def _split(info, name, split):
  """Returns what a split is, None where there is none."""
  try:
    shards = split_shards(infos.split(info, name, split))
  except UserError:
    return None
  records.check_there(shards)
  count = sum(shard.take for shard in shards)
  return {'count': count, 'digest': digest(shards)}


def _records(path: str) -> Iterator[bytes]:
  """Yields length and checksum of each record of a TFRecord file."""
  descriptor = os.open(path, os.O_RDONLY)
  try:
    header = os.pread(descriptor, _HEADER_BYTES, 0)
    position = _HEADER_BYTES
    while len(header) == _HEADER_BYTES:
      position += _LENGTH.unpack_from(header)[0]
      if position >= 1 << 62:  # No length, but damage.
        return
      # One call for the checksum and what is before the next record.
      between = os.pread(descriptor, _CHECKSUM_BYTES + _HEADER_BYTES, position)
      yield header[: _LENGTH.size] + between[:_CHECKSUM_BYTES]
      header = between[_CHECKSUM_BYTES:]
      position += _CHECKSUM_BYTES + _HEADER_BYTES
  finally:
    os.close(descriptor)


def _of_classes(then, now):
  """Returns in words how the names of classes differ from what they were."""
  if then == now:
    return []
  if None in (then, now):
    return [
      f'has {_shown(now, "no classes")}, not {_shown(then, "no classes")}'
    ]
  gone = [name for name in then if name not in now]
  new = [name for name in now if name not in then]
  if not (gone or new):
    return [f'classes are in the order {_shown(now)}, not {_shown(then)}']
  parts = (('no class', gone), ('a new class', new))
  return [f'has {what} {_shown(names)}' for what, names in parts if names]


def _shown(value, nothing='none'):
  """Returns a value in words."""
  if not value:
    return nothing
  if isinstance(value, str):
    return value
  if all(isinstance(each, int) for each in value):
    return 'x'.join(map(str, value))
  more = len(value) - _SHOWN
  return ', '.join(value[:_SHOWN]) + (f' and {more} more' if more > 0 else '')
