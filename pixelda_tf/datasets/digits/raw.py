"""Readers of the raw files: bytes in, arrays or a UserError out."""

import gzip
import math
import pathlib
import struct
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from pixelda_tf.errors import UserError

IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049
Parsed = TypeVar('Parsed')


def read_gzip(
  path: str | pathlib.Path, parse: Callable[..., Parsed], **options: Any
) -> Parsed:
  """Returns `parse(bytes, name=path, **options)` of the gzip file `path`."""
  try:
    data = pathlib.Path(path).read_bytes()
  except OSError as error:
    raise UserError(f'{path}: cannot be read: {error.strerror}') from error
  return parse(gunzip(data, name=path), name=path, **options)


def gunzip(data: bytes, *, name: str | pathlib.Path) -> bytes:
  """Returns the bytes in gzip `data`; `name` is the file in messages."""
  if data[:2] != b'\x1f\x8b':
    raise UserError(
      f'{name}: not a gzip file (it starts with {data[:2].hex() or "nothing"}, '
      'not 1f8b); fetch it again and keep it compressed'
    )
  try:
    return gzip.decompress(data)
  except EOFError as error:
    raise UserError(
      f'{name}: truncated gzip file; fetch or copy it again'
    ) from error
  except (OSError, zlib.error, struct.error) as error:
    raise UserError(
      f'{name}: damaged gzip file ({error}); fetch or copy it again'
    ) from error


def parse_idx(
  data: bytes, *, magic: int, name: str | pathlib.Path
) -> np.ndarray:
  """Parses an unpacked idx file of unsigned bytes.

  Args:
    data: the file's bytes.
    magic: the number it must start with: 2051 for images, 2049 for labels.
    name: the file in messages.

  Returns:
    uint8 array: [count, height, width] or [count].
  """
  dimensions = magic & 0xFF
  header = 4 * (1 + dimensions)
  if len(data) < header:
    raise UserError(
      f'{name}: truncated: {len(data)} bytes, but the header alone has {header}'
    )
  first, *shape = struct.unpack_from(f'>{1 + dimensions}I', data)
  if first != magic:
    raise UserError(
      f'{name}: wrong magic number {first}, expected {magic}: this is not an '
      f'idx file of {"images" if magic == IMAGES_MAGIC else "labels"}'
    )
  expected = math.prod(shape)
  if len(data) - header != expected:
    raise UserError(
      f'{name}: wrong count: the header promises {shape[0]} entries '
      f'({expected} bytes), the file holds {len(data) - header} bytes; fetch '
      'or copy it again'
    )
  return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def parse_usps(
  data: bytes, *, name: str | pathlib.Path
) -> tuple[np.ndarray, np.ndarray]:
  """Parses an unpacked USPS file: per line a label and 256 values in [-1, 1].

  Args:
    data: the file's bytes.
    name: the file in messages.

  Returns:
    images uint8 [count, 16, 16, 1] and labels int64 [count].
  """
  rows = []
  for number, line in enumerate(data.splitlines(), start=1):
    if not line.strip():
      continue
    try:
      row = np.array(line.split(), np.float64)
    except ValueError as error:
      raise UserError(
        f'{name}: line {number} holds something that is not a number'
      ) from error
    if row.size != 257:
      raise UserError(
        f'{name}: line {number} has {row.size} values, expected a label and '
        '256 pixels; is the file truncated?'
      )
    rows.append(row)
  if not rows:
    raise UserError(f'{name}: wrong count: the file holds no digits')
  rows = np.stack(rows)
  labels, pixels = rows[:, 0], rows[:, 1:]
  wrong = ~np.isin(labels, np.arange(10)) | ~(np.abs(pixels) <= 1).all(axis=1)
  if wrong.any():
    raise UserError(
      f'{name}: digit {int(np.argmax(wrong))} (counted from 0) has a label '
      'outside 0..9 or a pixel outside [-1, 1]'
    )
  if pixels.min() >= 0:
    raise UserError(
      f'{name}: no pixel is below 0, but black is -1: pixels seem to be scaled '
      'to [0, 1]; fetch the published file, whose pixels are in [-1, 1]'
    )
  images = np.round((pixels + 1) * 127.5).astype(np.uint8)
  return images.reshape(-1, 16, 16, 1), labels.astype(np.int64)
