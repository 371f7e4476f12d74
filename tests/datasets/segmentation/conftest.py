"""Small label map files of every form, damaged ones, and what is stored."""

import pathlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pixelda_tf import datasets

IDS = np.array([[1, 1, 5], [255, 0, 0]])


@pytest.fixture
def write_map():
  """Function that writes a label map of ids or colours in a form."""
  return save_map


@pytest.fixture
def stored():
  """Function of a builder to {split: [(image, label map)]} as stored."""

  def read(builder):
    return {
      split: [
        (example['image'], example.get('segmentation'))
        for example in builder.as_dataset(split=split).as_numpy_iterator()
      ]
      for split in builder.info.splits
    }

  return read


@pytest.fixture
def prepare(tmp_path):
  """Function of a kind and options that prepares it from tmp_path/raw."""

  def run(kind, **options):
    options = {'manual_dir': tmp_path / 'raw', **options}
    return datasets.prepare(kind, data_dir=tmp_path / 'data', **options)

  return run


@pytest.fixture
def own(prepare):
  """Function that prepares a user's own label maps as `mine`."""
  return lambda **options: prepare('segmentation', name='mine', **options)


@pytest.fixture
def write(tmp_path, write_image, write_map):
  """Function that writes an image, and its label map unless `ids` is None."""

  def write_pair(name, ids=IDS, form='ids', size=(2, 3)):
    write_image(tmp_path / 'raw/images' / f'{name}.jpg', size)
    if ids is not None:
      write_map(tmp_path / 'raw/labels' / f'{name}.png', ids, form)
    return tmp_path / 'raw/labels' / f'{name}.png'

  return write_pair


@pytest.fixture
def classes(tmp_path):
  """Function that writes a file of classes."""

  def write_classes(*lines):
    path = tmp_path / 'classes.csv'
    path.write_text('\n'.join(lines))
    return path

  return write_classes


def save_map(path, values, form='ids'):
  """Writes a label map.

  Args:
    path: file; folders are made.
    values: [height, width] ids, or [height, width, 3] colours.
    form: of `label_files.FORMS`; 'grey16' for 16 bits in one channel.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  values = np.asarray(values)
  if form in ('16bit', 'grey16'):
    path.write_bytes(png_16bit(values, 3 if form == '16bit' else 1))
    return path
  if form == 'red':
    others = np.zeros_like(values)
    values = np.stack([values, others, others, others + 255], axis=-1)
  image = Image.fromarray(values.astype(np.uint8))
  if form == 'palette':
    image = image.copy()
    image.putpalette(
      [value % 256 for i in range(256) for value in (i, 7 * i, 0)]
    )
  image.save(path)
  return path


def png_16bit(ids, channels):
  """Returns a PNG's bytes: ids in the first channel, 1 and 2 in the others."""
  height, width = ids.shape
  pixels = np.stack([ids, *np.ones_like([ids] * (channels - 1))], axis=-1)
  rows = pixels.astype('>u2').reshape(height, -1)
  raw = b''.join(b'\0' + row.tobytes() for row in rows)
  kind = {1: 0, 3: 2}[channels]
  return b'\x89PNG\r\n\x1a\n' + b''.join(
    struct.pack('>I', len(data))
    + name
    + data
    + struct.pack('>I', zlib.crc32(name + data))
    for name, data in (
      (b'IHDR', struct.pack('>IIBBBBB', width, height, 16, kind, 0, 0, 0)),
      (b'IDAT', zlib.compress(raw)),
      (b'IEND', b''),
    )
  )
