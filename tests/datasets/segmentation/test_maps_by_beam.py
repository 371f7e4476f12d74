"""Label maps that Beam's local runner prepares, beside those without."""

import pathlib

import numpy as np
import pytest
from beside_beam import assert_same, prepare_both, records
from PIL import Image

from pixelda_tf.datasets import beam

pytestmark = pytest.mark.slow


def test_label_maps_of_which_one_is_left_out(tmp_path, write_image):
  """The maps of three frames are in halves, that of the third is larger."""
  for number in range(3):
    size = (4, 6) if number < 2 else (5, 6)
    ids = np.repeat([[7, 34]], 3, axis=1).repeat(size[0], axis=0)
    ids = Image.fromarray(ids.astype(np.uint8))
    ids.putpalette([*range(256)] * 3)
    (tmp_path / 'labels').mkdir(exist_ok=True)
    ids.save(tmp_path / f'labels/{number}.png')
    write_image(tmp_path / f'images/{number}.png', (4, 6), seed=number)
  without, with_beam = prepare_both('gta5', tmp_path, manual_dir=tmp_path)
  assert_same(without, with_beam)
  for builder in (without, with_beam):
    assert builder.info.splits['train'].num_examples == 2
    metadata = builder.info.metadata
    assert metadata['left_out'] == 1
    assert metadata['pixels'] == {'train': [24, *[0] * 18, 24]}


def test_named_label_maps_in_relative_paths(tmp_path, write_image, monkeypatch):
  for number in range(3):
    write_image(tmp_path / f'raw/images/{number}.png', (4, 4), seed=number)
    write_image(tmp_path / f'raw/labels/{number}.png', (4, 4), 'L', number)
  (tmp_path / 'classes.csv').write_text('name,id\nroad,1\nsky,2\n,0\n')
  monkeypatch.chdir(tmp_path)
  without, with_beam = prepare_both(
    'segmentation',
    pathlib.Path('.'),
    name='mine',
    manual_dir='raw',
    classes='classes.csv',
  )
  assert_same(without, with_beam)


def test_resized_maps_of_colours_in_several_chunks_and_splits(
  tmp_path, write_image, monkeypatch
):
  """Twenty frames of 48x64 pixels in blocks of two colours.

  Pixels are counted in the files, before they are resized.
  """
  monkeypatch.setattr(beam, 'CHUNK', 7)
  colours = np.array([[0, 0, 9], [9, 0, 0]], np.uint8)
  (tmp_path / 'raw/labels').mkdir(parents=True)
  for number in range(20):
    random = np.random.default_rng(number)
    blocks = random.integers(2, size=(6, 8)).repeat(8, 0).repeat(8, 1)
    maps = Image.fromarray(colours[blocks])
    maps.save(tmp_path / f'raw/labels/{number}.png')
    write_image(tmp_path / f'raw/images/{number}.png', (48, 64), seed=number)
  (tmp_path / 'classes.csv').write_text('name,r,g,b\nsky,0,0,9\nroad,9,0,0\n')
  without, with_beam = prepare_both(
    'segmentation',
    tmp_path,
    name='mine',
    manual_dir=tmp_path / 'raw',
    classes=tmp_path / 'classes.csv',
    resize=(24, 32),
    test_fraction=0.25,
  )
  assert_same(without, with_beam)
  assert {s: len(found) for s, found in records(without).items()} == {
    'train': 15,
    'test': 5,
  }
  pixels = with_beam.info.metadata['pixels']
  assert pixels == without.info.metadata['pixels']
  assert sum(pixels['train'][:2]) == 15 * 48 * 64
