import io
import re
import struct
import zlib

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from pixelda_tf import datasets
from pixelda_tf.data import domains, pairs
from pixelda_tf.datasets.digits import svhn
from pixelda_tf.errors import UserError
from pixelda_tf.problems import Classification


def digits(count, seed=0):
  """Returns X and y as the files have them."""
  rng = np.random.default_rng(seed)
  images = rng.integers(0, 256, (32, 32, 3, count), np.uint8)
  return images, (np.arange(count, dtype=np.uint8)[:, None] + seed) % 10 + 1


def mat(compressed=True, **variables):
  """Returns a .mat file's bytes."""
  buffer = io.BytesIO()
  scipy.io.savemat(buffer, variables, do_compression=compressed)
  return buffer.getvalue()


def write_svhn(folder, counts=(12, 9, 11)):
  folder.mkdir(parents=True, exist_ok=True)
  arrays = {}
  for seed, count in enumerate(counts):
    name = (*svhn.FILES, svhn.EXTRA)[seed]
    arrays[name] = X, y = digits(count, seed)
    (folder / name).write_bytes(mat(X=X, y=y))
  return arrays


@pytest.fixture
def path(tmp_path):
  return tmp_path / 'train_32x32.mat'


IMAGES, LABELS = digits(4)
PACKED = mat(X=IMAGES, y=LABELS)
PLAIN = mat(X=IMAGES, y=LABELS, compressed=False)


@pytest.mark.parametrize('config', ['standard', 'extra'])
@pytest.mark.parametrize('folder', ['raw', 'raw/svhn'])
def test_stores_the_files_in_their_order(tmp_path, folder, config):
  arrays = write_svhn(tmp_path / folder)
  builder = datasets.prepare(
    f'svhn/{config}', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
  )
  names = {'train': ['train_32x32.mat'], 'test': ['test_32x32.mat']}
  if config == 'extra':
    names['train'].append('extra_32x32.mat')
  for split, files in names.items():
    examples = list(builder.as_dataset(split=split).as_numpy_iterator())
    X = np.concatenate([arrays[name][0] for name in files], axis=3)
    y = np.concatenate([arrays[name][1] for name in files])
    assert len(examples) == len(y)
    for index, example in enumerate(examples):
      np.testing.assert_array_equal(example['image'], X[:, :, :, index])
      assert example['label'] == {10: 0}.get(y[index, 0], y[index, 0])


def test_pairs_with_mnist(tmp_path, write_mnist):
  write_svhn(tmp_path / 'raw')
  write_mnist(tmp_path / 'raw')
  for kind in ('svhn', 'mnist'):
    datasets.prepare(
      kind, data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
    )
  pair = pairs.Pair(
    source=domains.Domain(name='svhn'), target=domains.Domain(name='mnist')
  ).open(tmp_path / 'data', problem=Classification())
  assert pair.image_shape == (32, 32, 3)
  assert pair.class_names == tuple('0123456789')
  assert pair.source.count('train') == 12


def test_named_splits_are_disjoint_and_without_extra():
  assert datasets.BUILDERS['svhn'].NAMED_SPLITS == {
    'paper_train': 'train[:63257]',
    'paper_validation': 'train[63257:73257]',
  }


@pytest.mark.parametrize('compressed', [False, True])
def test_axes_are_height_width_channel(path, compressed):
  """Image 1 has a red row 2 and a blue column 5."""
  X = np.zeros((32, 32, 3, 3), np.uint8)
  X[2, :, 0, 1] = 200
  X[:, 5, 2, 1] = 100
  y = np.array([[10], [1], [9]], np.uint8)
  path.write_bytes(mat(X=X, y=y, compressed=compressed))
  images, labels = svhn.read(path)
  assert labels.tolist() == [0, 1, 9]
  assert images.dtype == np.uint8
  assert images.shape == (3, 32, 32, 3)
  assert (images[1, 2] == [200, 0, 0]).sum() == 32 * 3 - 1
  assert (images[1, :, 5] == [0, 0, 100]).sum() == 32 * 3 - 1
  assert images.sum(dtype=int) == 32 * 200 + 32 * 100


def test_labels_may_be_doubles(path):
  path.write_bytes(mat(X=IMAGES, y=LABELS.astype(float)))
  assert svhn.read(path)[1].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize(
  'dtype', ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'f4', 'f8', 'i8', 'u8']
)
@pytest.mark.parametrize('shape', [(1, 1), (2, 1), (3, 0), (3, 5), (2, 3, 5)])
def test_parse_mat_reads_what_scipy_writes(compressed, dtype, shape):
  array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
  others = {'text': 'abc', 'cell': np.array([1, 'a'], object), 's': {'a': 1}}
  data = mat(compressed, **others, array=array, last=1)
  arrays = svhn.parse_mat(data, wanted=('array', 'none'), name='f')
  assert list(arrays) == ['array']
  assert arrays['array'].dtype == array.dtype
  np.testing.assert_array_equal(arrays['array'], array)


def element(kind, content):
  return struct.pack('<2I', kind, len(content)) + content


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param(b'', 'not a .mat file', id='empty'),
    pytest.param(b'<html>' * 50, 'not a .mat file', id='html'),
    pytest.param(b'\x89HDF\r\n\x1a\n', '7.3 .*-v7', id='hdf5'),
    pytest.param(
      b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM' + PLAIN[128:],
      '7.3 .*-v7',
      id='7.3',
    ),
    pytest.param(PLAIN[:5000], 'truncated .*4864 bytes where', id='cut off'),
    pytest.param(PACKED[:5000], 'truncated .*4864 bytes where', id='packed'),
    pytest.param(PLAIN[:131], 'truncated', id='cut in tag'),
    pytest.param(
      PACKED[:900] + bytes(50) + PACKED[950:], 'damaged', id='noise'
    ),
    pytest.param(
      PLAIN[:128] + element(15, zlib.compress(PLAIN[128:])[:-1]),
      'damaged',
      id='checksum',
    ),
    pytest.param(
      PLAIN[:128] + element(15, zlib.compress(b'')), 'type None', id='hollow'
    ),
    pytest.param(
      PLAIN[:128] + element(2, bytes(8)), 'type 2 where', id='no variable'
    ),
    pytest.param(PLAIN[:128] + element(14, bytes(8)), 'damaged', id='nameless'),
    pytest.param(PLAIN[:128], 'no variable X', id='nothing'),
    pytest.param(mat(y=LABELS), 'no variable X', id='no X'),
    pytest.param(mat(X=IMAGES, Y=LABELS), 'no variable y', id='no y'),
    pytest.param(
      mat(X=IMAGES * 1.0, y=LABELS), r'X is float64 \[32, 32, 3, 4\]', id='type'
    ),
    pytest.param(
      mat(X=IMAGES[:28], y=LABELS), r'X is uint8 \[28, 32, 3, 4\]', id='size'
    ),
    pytest.param(
      mat(X=IMAGES[..., 0], y=LABELS), r'X is uint8 \[32, 32, 3\]', id='3D'
    ),
    pytest.param(
      mat(X=IMAGES * 1j, y=LABELS), 'X is no array of real', id='complex'
    ),
    pytest.param(
      mat(X=np.array([IMAGES, 1], object), y=LABELS),
      'X is no array of real',
      id='cell',
    ),
    pytest.param(
      mat(X=IMAGES, y=LABELS[:3]), r'y is \[3, 1\] for the 4', id='fewer'
    ),
    pytest.param(
      mat(X=IMAGES, y=LABELS.T), r'y is \[1, 4\] for the 4', id='row'
    ),
    pytest.param(
      mat(X=IMAGES[..., :0], y=LABELS[:0]), 'for the 0 images', id='no example'
    ),
    pytest.param(mat(X=IMAGES, y=LABELS - 1), 'label 0 outside', id='0'),
    pytest.param(mat(X=IMAGES, y=LABELS + 7), 'label 11 outside', id='11'),
    pytest.param(mat(X=IMAGES, y=LABELS * np.nan), 'label nan', id='nan'),
    pytest.param(mat(X=IMAGES, y=LABELS + 0.5), 'label 1.5', id='fraction'),
  ],
)
def test_wrong_file_is_named_and_nothing_stored(tmp_path, data, expected):
  write_svhn(tmp_path / 'raw')
  path = tmp_path / 'raw' / 'test_32x32.mat'
  path.write_bytes(data)
  with pytest.raises(UserError, match=f'^{re.escape(str(path))}: .*{expected}'):
    datasets.prepare(
      'svhn', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
    )
  assert datasets.find('svhn', tmp_path / 'data') is None


def test_missing_file_is_named(tmp_path):
  write_svhn(tmp_path, counts=(2, 2))
  with pytest.raises(UserError, match='extra_32x32.mat: no such file'):
    datasets.prepare(
      'svhn/extra', data_dir=tmp_path / 'data', manual_dir=tmp_path
    )


def test_without_network_says_which_files_to_fetch(tmp_path, monkeypatch):
  for variable in ('http_proxy', 'https_proxy', 'HTTPS_PROXY', 'HTTP_PROXY'):
    # Nobody listens on port 9.
    monkeypatch.setenv(variable, 'http://127.0.0.1:9')
  with pytest.raises(UserError, match='cannot be downloaded .*--manual_dir'):
    datasets.prepare('svhn', data_dir=tmp_path)


def read_or_user_error(path, data):
  path.write_bytes(data)
  try:
    return svhn.read(path)
  except UserError as error:
    assert error.message.startswith(f'{path}: ')
    return None


# Places of bytes that tell types, sizes and names, not pixels.
HEADERS = st.one_of(
  st.integers(124, 192), st.integers(len(PLAIN) - 72, len(PLAIN) - 1)
)
BYTES = st.integers(0, 255) | st.sampled_from([0, 1, 2, 9, 14, 15, 127, 255])


@given(st.lists(st.tuples(HEADERS, BYTES), min_size=1, max_size=4))
def test_any_bytes_are_read_or_refused(tmp_path_factory, changes):
  data = bytearray(PLAIN)
  for index, value in changes:
    data[index] = value
  path = tmp_path_factory.getbasetemp() / 'changed.mat'
  for changed in (
    bytes(data),
    PLAIN[:128] + element(15, zlib.compress(data[128:])),
  ):
    digits = read_or_user_error(path, changed)
    if digits is not None:
      images, labels = digits
      assert images.shape == (len(labels), 32, 32, 3)
      assert set(labels.tolist()) <= set(range(10))


@given(st.binary(max_size=300), st.booleans())
def test_any_elements_are_read_or_refused(tmp_path_factory, data, packed):
  path = tmp_path_factory.getbasetemp() / 'any.mat'
  content = element(15, zlib.compress(data)) if packed else data
  read_or_user_error(path, PLAIN[:128] + content)


@given(st.integers(0, len(PACKED) - 1), st.sampled_from([PACKED, PLAIN]))
def test_any_shorter_file_is_refused(tmp_path_factory, length, data):
  path = tmp_path_factory.getbasetemp() / 'short.mat'
  assert read_or_user_error(path, data[:length]) is None


@given(st.integers(128, len(PACKED) - 1), st.integers(1, 255))
def test_any_changed_byte_of_compressed_data_is_noticed_or_harmless(
  tmp_path_factory, index, difference
):
  data = bytearray(PACKED)
  data[index] ^= difference
  path = tmp_path_factory.getbasetemp() / 'flipped.mat'
  digits = read_or_user_error(path, bytes(data))
  if digits is not None:
    np.testing.assert_array_equal(digits[0], np.moveaxis(IMAGES, -1, 0))
    assert digits[1].tolist() == [1, 2, 3, 4]
