"""Which files are images by their names, and what is told of others."""

import pathlib

import numpy as np
import pytest
from absl import logging
from PIL import Image

from pixelda_tf.datasets import image_files, suffixes
from pixelda_tf.datasets.folders import listing as folders
from pixelda_tf.datasets.segmentation import listing as label_maps
from pixelda_tf.errors import UserError

FORMATS = {
  'bmp': 'BMP',
  'jfif': 'JPEG',
  'jpe': 'JPEG',
  'jpg': 'JPEG',
  'pbm': 'PPM',
  'pcx': 'PCX',
  'png': 'PNG',
  'tga': 'TGA',
  'tiff': 'TIFF',
  'webp': 'WEBP',
}


@pytest.fixture
def told(monkeypatch):
  """Warnings."""
  lines = []
  monkeypatch.setattr(
    logging, 'warning', lambda text, *values: lines.append(text % values)
  )
  return lines


@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize('upper', [False, True])
def test_what_pillow_reads_is_read_whatever_the_case(suffix, upper, tmp_path):
  name = f'x.{suffix.upper() if upper else suffix}'
  pixels = np.zeros((4, 6, 3), np.uint8)
  Image.fromarray(pixels).save(tmp_path / name, FORMATS[suffix])
  (entry,) = folders.list_images(tmp_path, None)
  assert entry.key == name
  np.testing.assert_array_equal(
    image_files.read(entry.path, (4, 6), 'RGB'), pixels
  )


@pytest.mark.parametrize(
  'name', ['x.h5', 'x.mpg', 'x.heic', 'x.txt', 'png', '.png', '.x.png', 'x.']
)
def test_what_pillow_does_not_read_is_no_image(name):
  assert not suffixes.is_image(pathlib.Path(name))


def write(folder, *names):
  for name in names:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_others_are_named_and_counted(tmp_path, told):
  write(tmp_path, 'cat/1.png', 'cat/2.HEIC', 'dog/3.heic', 'dog/4.jpg')
  write(tmp_path, 'dog/5', 'list.txt', '.DS_Store', '.git/x', 'cat/._1.png')
  assert len(folders.list_images(tmp_path, None)) == 2
  assert told == [
    f'{tmp_path}: 4 of 6 files are left out, which are no images that Pillow '
    'reads, by their names: without suffix 1 (as dog/5), .heic 2 (as '
    'cat/2.HEIC), .txt 1 (as list.txt)'
  ]


def test_where_all_is_read_nothing_is_told(tmp_path, told):
  write(tmp_path, 'cat/1.png', 'dog/2.JPG')
  folders.list_images(tmp_path, None)
  assert told == []


def test_they_are_told_where_nothing_is_left(tmp_path, told):
  write(tmp_path, 'cat/1.heic')
  with pytest.raises(UserError, match='cat: holds no images'):
    folders.list_images(tmp_path, None)
  assert '1 of 1 files are left out' in told[0]


def test_label_maps_are_chosen_by_name(tmp_path, told):
  """Of a published set what has another name is nobody's label map."""
  write(tmp_path, 'a_L.png', 'a.json', 'b_L.png')
  assert list(label_maps.find(tmp_path, '_L')) == ['a', 'b']
  assert told == []
  assert list(label_maps.find(tmp_path)) == ['a_L', 'b_L']
  assert told[0].endswith('.json 1 (as a.json)')
