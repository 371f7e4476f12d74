"""Files of parts with checksums: PNG, and TFRecord."""

import struct
import zlib

PNG_START = b'\x89PNG\r\n\x1a\n'


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
  """Returns the kinds and contents of a PNG's chunks."""
  chunks, place = [], len(PNG_START)
  while place < len(data):
    (length,) = struct.unpack_from('>I', data, place)
    kind = data[place + 4 : place + 8]
    chunks.append((kind, data[place + 8 : place + 8 + length]))
    place += 12 + length
  return chunks


def as_png(chunks: list[tuple[bytes, bytes]]) -> bytes:
  """Returns a PNG of chunks, with their checksums."""
  return PNG_START + b''.join(
    struct.pack('>I', len(c)) + k + c + struct.pack('>I', zlib.crc32(k + c))
    for k, c in chunks
  )


def records(data: bytes) -> list[bytes]:
  """Returns the contents of a TFRecord file's records."""
  contents, place = [], 0
  while place < len(data):
    (length,) = struct.unpack_from('<Q', data, place)
    contents.append(data[place + 12 : place + 12 + length])
    place += 16 + length
  return contents


def as_records(contents: list[bytes]) -> bytes:
  """Returns a TFRecord file, with its checksums."""
  return b''.join(_as_record(content) for content in contents)


def _as_record(record):
  length = struct.pack('<Q', len(record))
  return length + _masked_crc(length) + record + _masked_crc(record)


def _masked_crc(data):
  """Returns what TFRecord files have behind a length and a record."""
  crc = 0xFFFFFFFF
  for byte in data:
    crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
  crc ^= 0xFFFFFFFF
  return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _crc32c_of_byte(byte):
  for _ in range(8):
    byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
  return byte


_CRC32C = [_crc32c_of_byte(byte) for byte in range(256)]
