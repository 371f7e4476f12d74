"""Finds the records of TFRecord files that cannot be used.

A TFRecord file is a sequence of frames: length (uint64), checksum of the
length, payload, checksum of the payload. A payload here is a `tf.train.Example`
with a PNG image and maybe a label.
"""

import dataclasses
import functools
import pathlib
import struct
import tempfile
from collections.abc import Sequence

import tensorflow as tf
import tensorflow_datasets as tfds

_HEADER_BYTES = 12
_FOOTER_BYTES = 4
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_END = b'IEND\xaeB`\x82'


@dataclasses.dataclass(frozen=True)
class Corrupt:
  """A record that cannot be used.

  Attributes:
    path: the file.
    index: the record's number in the file, counted from 0.
    reason: what is wrong with it.
  """

  path: str
  index: int
  reason: str


def all_sound(
  paths: Sequence[str | pathlib.Path],
  n_records: int,
  features: tfds.features.FeaturesDict,
) -> bool:
  """Whether files are sound: the quick check, at the speed of reading.

  Args:
    paths: TFRecord files.
    n_records: how many records they should hold together.
    features: the TFDS features of the records.
  """
  payloads = tf.data.TFRecordDataset(
    list(paths), num_parallel_reads=min(4, len(paths))
  )
  usable = payloads.batch(1024).map(
    functools.partial(_usable, features=features), num_parallel_calls=2
  )
  total = 0
  try:
    for part in usable.as_numpy_iterator():
      if not part.all():
        return False
      total += len(part)
  except tf.errors.OpError:
    return False
  return total == n_records


def find_corrupt(
  path: str | pathlib.Path, n_records: int, features: tfds.features.FeaturesDict
) -> tuple[list[bytes], dict[int, int], list[Corrupt]]:
  """Looks at every record of one file.

  Args:
    path: TFRecord file.
    n_records: how many records it should hold.
    features: the TFDS features of the records.

  Returns:
    list of payloads, bytes, that are usable; dict of their index in the file to
    their index in that list; list of `Corrupt`.
  """
  payloads, checksums, cut = _frames(pathlib.Path(path).read_bytes())
  reasons = {}
  for index, (stored, expected) in enumerate(
    zip(checksums, _checksums(payloads), strict=True)
  ):
    if stored[0] != expected[0]:
      # Its length is wrong, so no later frame can be found.
      cut = index
      break
    if stored[1] != expected[1]:
      reasons[index] = 'checksum of the data'
  if cut is not None:
    for index in range(cut, max(n_records, cut + 1)):
      reasons[index] = 'unreadable, or the file is cut off'
  for index in range(len(payloads) if cut is None else cut):
    if index not in reasons and not _is_usable(payloads[index], features):
      reasons[index] = 'not an example with an image and a valid label'
  for index in range(len(payloads), n_records):
    reasons.setdefault(index, 'missing, the file ends before it')
  good = [index for index in range(len(payloads)) if index not in reasons]
  return (
    [payloads[index] for index in good],
    {index: position for position, index in enumerate(good)},
    [Corrupt(str(path), *item) for item in sorted(reasons.items())],
  )


def _frames(data):
  """Splits a file by the lengths it states, right or wrong.

  Returns:
    payloads, pairs of their frames' checksums, and the index of the frame that
    goes past the end of the file, or None.
  """
  payloads: list[bytes] = []
  checksums: list[tuple[int, int]] = []
  position = 0
  while position < len(data):
    start = position + _HEADER_BYTES
    if start > len(data):
      return payloads, checksums, len(payloads)
    length, length_checksum = struct.unpack_from('<QI', data, position)
    end = start + length
    if end + _FOOTER_BYTES > len(data):
      return payloads, checksums, len(payloads)
    (checksum,) = struct.unpack_from('<I', data, end)
    payloads.append(data[start:end])
    checksums.append((length_checksum, checksum))
    position = end + _FOOTER_BYTES
  return payloads, checksums, None


def _checksums(payloads):
  """Returns the checksums that TensorFlow itself writes for payloads."""
  with tempfile.TemporaryDirectory() as directory:
    path = pathlib.Path(directory) / 'rewritten'
    with tf.io.TFRecordWriter(str(path)) as writer:
      for payload in payloads:
        writer.write(payload)
    return _frames(path.read_bytes())[1]


def _is_usable(payload, features):
  try:
    return bool(_usable(tf.constant([payload]), features)[0])
  except tf.errors.OpError:
    return False


@tf.autograph.experimental.do_not_convert
def _usable(payloads, features):
  """Returns bool [n]: PNG images of the right size, labels in range."""
  examples = tf.io.parse_example(payloads, features.tf_example_spec)
  usable = tf.ones(tf.shape(payloads), tf.bool)
  for key, feature in features.items():
    if getattr(feature, 'encoding_format', None) == 'png':
      usable &= _is_png(examples[key], feature.shape)
    if isinstance(feature, tfds.features.ClassLabel):
      labels = examples[key]
      usable &= (labels >= 0) & (labels < feature.num_classes)
  return usable


def _is_png(encoded, shape):
  # Width and height, big-endian, follow the signature and the first chunk's
  # length and name.
  size = struct.pack('>II', shape[1], shape[0])
  return (
    (tf.strings.length(encoded) >= 45)
    & (tf.strings.substr(encoded, 0, 8) == _PNG_START)
    & (_tail(encoded, 8) == _PNG_END)
    & (_part(encoded, 16, 8) == size)
  )


def _part(strings, start, length):
  # `substr` fails on strings that end before `start`.
  padded = strings + b'\0' * (start + length)
  return tf.strings.substr(padded, start, length)


def _tail(strings, length):
  return tf.strings.substr(b'\0' * length + strings, -length, length)
