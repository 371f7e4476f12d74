"""SVHN's cropped digits (format 2) from its .mat files."""

import pathlib
import struct
import zlib
from collections.abc import Collection

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, files
from pixelda_tf.errors import UserError

URL = 'http://ufldl.stanford.edu/housenumbers/'
FILES = ('train_32x32.mat', 'test_32x32.mat')
EXTRA = 'extra_32x32.mat'
SHAPE = (32, 32, 3)
# Of a .mat file: types of its elements, and of the numbers in them.
MATRIX, COMPRESSED = 14, 15
DTYPES = {
  1: '<i1',
  2: '<u1',
  3: '<i2',
  4: '<u2',
  5: '<i4',
  6: '<u4',
  7: '<f4',
  9: '<f8',
  12: '<i8',
  13: '<u8',
}


class Svhn(base.ImageBuilder):
  """SVHN: 73,257 and 26,032 RGB digits of 32x32, in the files' order.

  The config `extra` goes on with 531,131 easier digits for training.
  """

  name = 'svhn'
  num_shards = 8
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='standard'),
    tfds.core.BuilderConfig(name='extra'),
  ]
  NAMED_SPLITS = {
    'paper_train': 'train[:63257]',
    'paper_validation': 'train[63257:73257]',
  }

  def _info(self):
    return self.image_info(
      shape=SHAPE,
      class_names=base.DIGIT_NAMES,
      description='SVHN house numbers, cropped digits (format 2), 32x32 RGB, '
      f'from {", ".join(self._names)} in their order.',
      citation='Netzer et al.: Reading digits in natural images with '
      'unsupervised feature learning. NIPS workshop on deep learning and '
      'unsupervised feature learning, 2011.',
    )

  @property
  def _names(self):
    return (*FILES, EXTRA) if self.builder_config.name == 'extra' else FILES

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    paths = files.locate(
      self._names, self.manual_dir, ('svhn',), dl_manager, URL
    )
    splits: dict[str, list] = {'train': [], 'test': []}
    for name, path in paths.items():
      splits['test' if name.startswith('test') else 'train'].append(read(path))
    return {
      split: self._generate_examples(
        split,
        (
          {'image': image, 'label': label}
          for images, labels in parts
          for image, label in zip(images, labels, strict=True)
        ),
        total=sum(len(labels) for _, labels in parts),
      )
      for split, parts in splits.items()
    }


def read(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
  """Reads and checks one of SVHN's files.

  Args:
    path: of a .mat file with the variables X, uint8 [32, 32, 3, count], and y,
      [count, 1], the digits, 10 being the digit 0.

  Returns:
    images uint8 [count, 32, 32, 3] and labels int64 [count] in 0..9.

  Raises:
    UserError: the file is something else, or damaged.
  """
  try:
    data = pathlib.Path(path).read_bytes()
  except OSError as error:
    raise UserError(f'{path}: cannot be read: {error.strerror}') from error
  arrays = parse_mat(data, wanted=('X', 'y'), name=path)
  for variable in ('X', 'y'):
    if variable not in arrays:
      raise UserError(
        f'{path}: no variable {variable}; a file of SVHN format 2 has X and y, '
        f'fetch it from {URL}'
      )
  images, labels = arrays['X'], arrays['y']
  if images.dtype != np.uint8 or images.shape[:-1] != SHAPE:
    raise UserError(
      f'{path}: X is {images.dtype} {list(images.shape)}, expected uint8 '
      f'[32, 32, 3, count]; fetch the cropped digits from {URL}'
    )
  count = images.shape[-1]
  if labels.shape != (count, 1) or not count:
    raise UserError(
      f'{path}: wrong count: y is {list(labels.shape)} for the {count} images '
      'of X, expected [count, 1] and an image at least'
    )
  wrong = labels[~np.isin(labels, np.arange(1, 11))]
  if wrong.size:
    raise UserError(f'{path}: label {wrong[0]} outside 1..10')
  return np.moveaxis(images, -1, 0), labels[:, 0].astype(np.int64) % 10


def parse_mat(
  data: bytes, *, wanted: Collection[str], name: str | pathlib.Path
) -> dict[str, np.ndarray]:
  """Parses variables of a MATLAB file, versions 5 to 7, little-endian.

  SciPy's `loadmat` would do, but where the type of an element is damaged, it
  reads beyond its tables, and the process ends (SciPy 1.17).

  Args:
    data: the file's bytes.
    wanted: names of the variables to return, which must be real arrays.
    name: the file in messages.

  Returns:
    dict of name to array, axes as in MATLAB, of those that are there.
  """
  if data.startswith((b'MATLAB 7.3', b'\x89HDF')):
    raise UserError(
      f'{name}: a .mat file of version 7.3 (HDF5), expected version 5 to 7; '
      "save it again with MATLAB's option -v7"
    )
  if data[124:128] != b'\x00\x01IM':
    raise UserError(
      f'{name}: not a .mat file of version 5 to 7; fetch it again'
    )
  arrays = {}
  try:
    for kind, content in _elements(memoryview(data)[128:]):
      if kind == COMPRESSED:
        content = memoryview(zlib.decompress(content))
        kind, content = next(_elements(content), (None, None))
      if kind != MATRIX:
        raise ValueError(f'type {kind} where a variable should be')
      _, (_, shape), (_, variable), *values = _elements(content)
      variable = bytes(variable).decode('latin-1')
      if variable in wanted:
        arrays[variable] = _array(variable, shape, values)
  except (ValueError, struct.error, zlib.error) as error:
    raise UserError(
      f'{name}: truncated or damaged .mat file ({error}); fetch or copy it '
      'again'
    ) from error
  return arrays


def _elements(data):
  """Yields type and content, a memoryview, of the elements in a memoryview."""
  position = 0
  while position < len(data):
    kind, size = struct.unpack_from('<2I', data, position)
    start = position + 8
    # Up to four bytes are packed into the tag, which then begins otherwise.
    if kind >> 16:
      kind, size, start = kind & 0xFFFF, kind >> 16, position + 4
    content = data[start : start + size]
    if len(content) != size:
      raise ValueError(f'{len(content)} bytes where {size} should be')
    yield kind, content
    position = start + size
    if kind != COMPRESSED:
      position += -position % 8


def _array(variable, shape, values):
  if len(values) != 1 or values[0][0] not in DTYPES:
    raise ValueError(f'{variable} is no array of real numbers')
  ((kind, content),) = values
  shape = np.frombuffer(shape, '<i4')
  return np.frombuffer(content, DTYPES[kind]).reshape(shape, order='F')
