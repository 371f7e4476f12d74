import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelda_tf.datasets.digits import raw
from pixelda_tf.errors import UserError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
IDX = struct.pack('>4I', 2051, 2, 3, 4) + IMAGES.tobytes()
USPS_LINE = b'3.0000 ' + b' '.join([b'-1.0', b'0.5', b'1.0000'] + [b'0'] * 253)


def test_gunzip_unpacks():
  assert raw.gunzip(gzip.compress(b'abc'), name='f.gz') == b'abc'


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param(b'', 'f.gz: not a gzip file .*nothing', id='empty'),
    pytest.param(b'<html>', 'f.gz: not a gzip file .*3c68', id='html'),
    pytest.param(gzip.compress(b'abc')[:-9], 'f.gz: truncated', id='truncated'),
    pytest.param(
      gzip.compress(b'abc')[:10] + b'\xff' * 30, 'f.gz: damaged', id='noise'
    ),
    pytest.param(
      gzip.compress(b'abc')[:-8] + b'\0' * 8, 'f.gz: damaged', id='checksum'
    ),
  ],
)
def test_gunzip_names_the_file_and_what_is_wrong(data, expected):
  with pytest.raises(UserError, match=expected):
    raw.gunzip(data, name='f.gz')


def test_parse_idx_returns_the_images():
  images = raw.parse_idx(IDX, magic=raw.IMAGES_MAGIC, name='f')
  np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param(IDX[:15], 'f: truncated: 15 bytes', id='header cut off'),
    pytest.param(IDX[:-1], 'f: wrong count: .*23 bytes', id='one byte short'),
    pytest.param(IDX + b'x', 'f: wrong count: .*25 bytes', id='one byte more'),
    pytest.param(
      struct.pack('>4I', 2049, 2, 3, 4) + IDX[16:],
      'f: wrong magic number 2049, expected 2051',
      id='labels for images',
    ),
    pytest.param(
      struct.pack('>4I', 2051, 2**32 - 1, 2**32 - 1, 2**32 - 1),
      'f: wrong count',
      id='overflow',
    ),
  ],
)
def test_parse_idx_names_the_file_and_what_is_wrong(data, expected):
  with pytest.raises(UserError, match=expected):
    raw.parse_idx(data, magic=raw.IMAGES_MAGIC, name='f')


def test_parse_usps_maps_values_to_bytes():
  """-1, 0.5 and 1 are 0, 1.5 * 127.5 = 191.25 -> 191, and 255; 0 is 127.5,
  which rounds to the even 128."""
  images, labels = raw.parse_usps(USPS_LINE + b'\n\n' + USPS_LINE, name='f')
  assert images.shape == (2, 16, 16, 1)
  assert images.dtype == np.uint8
  assert labels.tolist() == [3, 3]
  assert images[0, 0, :4, 0].tolist() == [0, 191, 255, 128]


def test_parse_usps_wants_black_to_be_below_0():
  """Pixels in [0, 1] would be grey and white; one below 0 is enough."""
  scaled = b'3 ' + b'0.5 ' * 128 + b'1 ' * 127
  with pytest.raises(UserError, match='f: no pixel is below 0, but black is'):
    raw.parse_usps(scaled + b'0', name='f')
  images, _ = raw.parse_usps(scaled + b'-0.1', name='f')
  assert images.min() == round(0.9 * 127.5)


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param(b'', 'f: wrong count', id='empty'),
    pytest.param(USPS_LINE[:-2], 'f: line 1 has 256 values', id='short line'),
    pytest.param(USPS_LINE + b'\n3 1', 'f: line 2 has 2 values', id='cut off'),
    pytest.param(
      USPS_LINE.replace(b'0.5', b'abc'), 'f: line 1 .* not a number', id='text'
    ),
    pytest.param(
      USPS_LINE.replace(b'0.5', b'1.1'), 'f: digit 0 .*outside', id='pixel'
    ),
    pytest.param(
      USPS_LINE.replace(b'0.5', b'nan'), 'f: digit 0 .*outside', id='nan'
    ),
    pytest.param(
      USPS_LINE.replace(b'0.5', b'1e99'), 'f: digit 0 .*outside', id='huge'
    ),
    pytest.param(
      USPS_LINE.replace(b'3.0', b'10.0'), 'f: digit 0 .*outside', id='label'
    ),
  ],
)
def test_parse_usps_names_the_file_and_what_is_wrong(data, expected):
  with pytest.raises(UserError, match=expected):
    raw.parse_usps(data, name='f')


def data_or_user_error(parse, data):
  try:
    return parse(data)
  except UserError as error:
    assert error.message.startswith('f: ')
    return None


@given(st.binary(max_size=60) | st.binary(max_size=40).map(gzip.compress))
def test_any_bytes_unpack_or_are_refused(data):
  data_or_user_error(lambda data: raw.gunzip(data, name='f'), data)


@given(st.integers(0, 80), st.integers(0, 255))
def test_any_changed_byte_of_a_gzip_file_is_noticed_or_harmless(index, value):
  data = bytearray(gzip.compress(bytes(range(60)), mtime=0))
  data[index % len(data)] = value
  unpacked = data_or_user_error(
    lambda data: raw.gunzip(data, name='f'), bytes(data)
  )
  assert unpacked in (None, bytes(range(60)))


@given(
  st.sampled_from([IDX[:n] for n in (0, 4, 8, 16)]), st.binary(max_size=40)
)
def test_any_idx_bytes_parse_or_are_refused(start, rest):
  images = data_or_user_error(
    lambda data: raw.parse_idx(data, magic=raw.IMAGES_MAGIC, name='f'),
    start + rest,
  )
  assert images is None or 16 + images.size == len(start + rest)


@given(
  st.binary(max_size=60)
  | st.text('0123456789.-+einfa \n', max_size=60).map(str.encode)
  | st.lists(st.floats() | st.integers(0, 10), min_size=1, max_size=5).map(
    lambda row: ' '.join(map(repr, [*row, *[0] * (257 - len(row))])).encode()
  )
)
def test_any_usps_bytes_parse_or_are_refused(data):
  parsed = data_or_user_error(lambda data: raw.parse_usps(data, name='f'), data)
  assert parsed is None or parsed[0].shape[1:] == (16, 16, 1)
