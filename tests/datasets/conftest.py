"""Tiny raw files."""

import gzip
import pathlib
import struct

import numpy as np
import pytest
from PIL import Image

from pixelda_tf.datasets.digits import mnist

REAL_DATA = pathlib.Path(__file__).parents[3] / 'shared' / 'data'


def idx(array, magic):
  """Returns an idx file's bytes of a uint8 array."""
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def real_data():
  """Folder of the real data sets; the test is skipped without it."""
  if not REAL_DATA.is_dir():
    pytest.skip(f'needs the real data sets in {REAL_DATA}')
  return REAL_DATA


@pytest.fixture
def write_mnist():
  """Function that writes MNIST's four files, with few random digits."""

  def write(folder, n_train=30, n_test=10):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in (('train', n_train), ('test', n_test)):
      images = rng.integers(0, 256, (count, 28, 28), np.uint8)
      labels = np.arange(count, dtype=np.uint8) % 10
      arrays[split] = images, labels
      prefix = mnist.PREFIXES[split]
      for kind, array, magic in (
        ('images-idx3-ubyte', images, 2051),
        ('labels-idx1-ubyte', labels, 2049),
      ):
        path = folder / f'{prefix}-{kind}.gz'
        path.write_bytes(gzip.compress(idx(array, magic)))
    return arrays

  return write


@pytest.fixture
def write_image():
  """Function that writes an image file of one colour or random pixels."""

  def write(path, size=(6, 5), mode='RGB', colour=None, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    if colour is None:
      channels = len(Image.new(mode, (1, 1)).getbands())
      rng = np.random.default_rng(seed)
      pixels = rng.integers(0, 256, (*size, channels), np.uint8)
      image = Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels)
      image = image if image.mode == mode else image.convert(mode)
    else:
      image = Image.new(mode, size[::-1], colour)
    image.save(path)
    return path

  return write
