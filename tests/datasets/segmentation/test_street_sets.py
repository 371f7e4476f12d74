"""Cityscapes, GTA5 and SYNTHIA: their layouts, ids and faults."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets.segmentation import classes
from pixelda_tf.errors import UserError

SIZE = (2, 3)


@pytest.fixture
def write_pair(tmp_path, write_image, write_map):
  """Function that writes an image and its label map below tmp_path/raw."""

  def write(image, label_map=None, ids=0, form='ids', size=SIZE):
    write_image(tmp_path / 'raw' / image, size)
    if label_map is not None:
      ids = np.broadcast_to(ids, size)
      write_map(tmp_path / 'raw' / label_map, ids, form)

  return write


@pytest.fixture
def write_cityscapes(write_pair):
  """Function that writes an image of each split, all ids in train's."""

  def write(coarse=False):
    for split, city in (('train', 'aachen'), ('val', 'ulm')):
      frame = f'{split}/{city}/{city}_000000_000019'
      write_pair(
        f'leftImg8bit/{frame}_leftImg8bit.png',
        f'gtFine/{frame}_gtFine_labelIds.png',
        np.arange(34)[None] if split == 'train' else np.full((1, 34), 26),
        size=(1, 34),
      )
    frame = 'train_extra/bonn/bonn_000000_000000'
    write_pair(
      f'leftImg8bit/{frame}_leftImg8bit.png',
      f'gtCoarse/{frame}_gtCoarse_labelIds.png' if coarse else None,
      7,
      size=(1, 34),
    )

  return write


def test_cityscapes_ids_are_its_train_ids(
  write_cityscapes, tmp_path, write_map, prepare, stored
):
  write_cityscapes()
  # Files that lie beside, of another kind.
  beside = 'raw/gtFine/train/aachen/aachen_000000_000019_gtFine_color.png'
  write_map(tmp_path / beside, np.zeros((1, 34, 4)), 'colours')
  builder = prepare('cityscapes')
  assert builder.info.full_name == 'cityscapes/fine/1.0.0'
  assert tuple(builder.info.features['segmentation'].names) == (
    classes.CITYSCAPES
  )
  by_split = stored(builder)
  assert {split: len(found) for split, found in by_split.items()} == {
    'train': 1,
    'test': 1,
  }
  ids = [7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33]
  expected = [ids.index(i) if i in ids else 255 for i in range(34)]
  ((_, label_map),) = by_split['train']
  assert label_map[0, :, 0].tolist() == expected
  ((_, label_map),) = by_split['test']
  assert (label_map == 13).all()


@pytest.mark.parametrize('coarse', [True, False])
def test_cityscapes_extra_is_labelled_coarsely_or_ignored(
  write_cityscapes, prepare, stored, coarse
):
  write_cityscapes(coarse)
  builder = prepare('cityscapes/extra')
  by_split = stored(builder)
  assert sorted(by_split) == ['test', 'train', 'train_extra']
  ((_, label_map),) = by_split['train_extra']
  assert (label_map == (0 if coarse else 255)).all()
  assert ('train_extra' in builder.info.metadata['pixels']) == coarse


def test_license_plates_of_gta5_are_no_ids_of_cityscapes(
  write_cityscapes, write_map, tmp_path, prepare
):
  write_cityscapes()
  path = tmp_path / 'raw/gtFine/val/ulm/ulm_000000_000019_gtFine_labelIds.png'
  write_map(path, np.full((1, 34), 34))
  with pytest.raises(UserError, match=f'{path}: id 34 in 34 pixels'):
    prepare('cityscapes')


def test_gta5_leaves_out_other_sizes_and_counts_them(
  write_pair, prepare, stored, in_process, tmp_path
):
  """Of five, one is larger and one's label map is."""
  for i in range(3):
    write_pair(f'images/{i}.png', f'labels/{i}.png', [7, 34, 33], 'palette')
  write_pair('images/3.png', 'labels/3.png', 7, 'palette', size=(4, 3))
  write_pair('images/4.png', 'labels/4.png', 7, 'palette', size=(4, 3))
  write_pair('images/4.png')
  builder = prepare('gta5')
  found = stored(builder)['train']
  assert len(found) == 3
  for _, label_map in found:
    assert label_map[..., 0].tolist() == [[0, 255, 18]] * 2
  assert builder.info.metadata['left_out'] == 2
  assert 'Left out: 2 of another size' in builder.info.description
  done = in_process(
    *('prepare_data', 'gta5', f'--manual_dir={tmp_path}/raw'),
    f'--data_dir={tmp_path}/data',
  )
  lines = done.stdout.splitlines()
  assert lines[0] == 'gta5/1.0.0: images 2x3x3, label maps of 19 classes'
  assert '  left out: 2 images of another size' in lines
  shares = {line[:15].strip(): line[15:].split() for line in lines}
  assert shares['% of pixels'] == ['train']
  assert shares['road'] == shares['bicycle'] == shares['ignored'] == ['33.33']
  assert shares['train'] == ['0.00']


def test_images_are_stored_as_their_files_are_or_of_the_same_pixels(
  write_pair, tmp_path, prepare, stored
):
  """A PNG of RGB is kept; one of a palette is RGB, as the others are."""
  raw = tmp_path / 'raw'
  for i in range(2):
    write_pair(f'images/{i}.png', f'labels/{i}.png', 7, 'palette')
  image = Image.open(raw / 'images/1.png').convert('P')
  image.save(raw / 'images/1.png')
  builder = prepare('gta5')
  raw_bytes = builder.as_dataset(
    split='train', decoders={'image': tfds.decode.SkipDecoding()}
  )
  kept = [example['image'] for example in raw_bytes.as_numpy_iterator()]
  assert kept.count((raw / 'images/0.png').read_bytes()) == 1
  assert (raw / 'images/1.png').read_bytes() not in kept
  expected = {
    np.asarray(Image.open(raw / f'images/{i}.png').convert('RGB')).tobytes()
    for i in range(2)
  }
  found = {image.tobytes() for image, _ in stored(builder)['train']}
  assert found == expected


def test_gta5_all_of_another_size_is_told(write_pair, prepare):
  write_pair('images/0.png', 'labels/0.png', 7, 'palette', size=(4, 3))
  write_pair('images/0.png')
  with pytest.raises(UserError, match='0.png: neither this label map nor'):
    prepare('gta5')


def test_gta5s_colours_in_place_of_its_palette_are_told(
  write_pair, write_map, prepare, tmp_path
):
  write_pair('images/0.png', 'labels/0.png', 7, 'palette')
  path = tmp_path / 'raw/labels/0.png'
  write_map(path, np.full((*SIZE, 3), (128, 64, 128)), 'colours')
  with pytest.raises(UserError, match=f'{path}: .* 8-bit RGB; expected a pal'):
    prepare('gta5')


def test_synthias_16_bits_are_16_classes(write_pair, prepare, stored):
  ids = np.array([[3, 12, 22], [10, 11, 0]])
  write_pair('RGB/0000000.png', 'GT/LABELS/0000000.png', ids, '16bit')
  builder = prepare('synthia')
  names = builder.info.features['segmentation'].names
  assert list(names) == list(classes.SYNTHIA_IDS.values())
  ((_, label_map),) = stored(builder)['train']
  named = [
    names[label] if label < 255 else '' for label in label_map.ravel().tolist()
  ]
  assert named == ['road', 'motorcycle', '', 'person', 'bicycle', '']


def test_synthias_sequences_hold_one_out(write_pair, prepare, stored, tmp_path):
  for sequence in ('01', '05', '06'):
    for season in ('FALL', 'WINTER'):
      for side in ('Left', 'Right'):
        frame = f'Stereo_{side}/Omni_F/000000.png'
        folder = f'SYNTHIA-SEQS-{sequence}-{season}'
        write_pair(
          *(f'{folder}/RGB/{frame}', f'{folder}/GT/LABELS/{frame}'),
          *([12, 15, 0], '16bit'),
        )
  builder = prepare('synthia_sequences/winter')
  names = builder.info.features['segmentation'].names
  assert list(names) == list(classes.SYNTHIA_SEQUENCES_IDS.values())
  by_split = stored(builder)
  assert {split: len(found) for split, found in by_split.items()} == {
    'train': 4,
    'test': 2,
  }
  assert by_split['test'][0][1][0, :, 0].tolist() == [11, 12, 255]
  opened = domains.Domain(name='synthia_sequences/winter').open(
    tmp_path / 'data'
  )
  assert opened.count('all') == 6
  assert datasets.find('synthia_sequences', tmp_path / 'data') is None


def test_synthias_missing_sequences_are_told(write_pair, prepare):
  frame = 'Stereo_Left/Omni_F/000000.png'
  write_pair(f'SYNTHIA-SEQS-01-FALL/RGB/{frame}')
  with pytest.raises(UserError, match='SYNTHIA-SEQS-05-FALL: no such folder'):
    prepare('synthia_sequences/fall')
  write_pair(f'SYNTHIA-SEQS-05-WINTER/RGB/{frame}')
  with pytest.raises(UserError, match='holds SYNTHIA-SEQS-05-WINTER alone'):
    prepare('synthia_sequences/winter')


def test_resize_takes_images_smoothly_and_label_maps_by_pixels(
  write_pair, prepare, stored
):
  """Halved, columns of ids 7 7 33 33 are labels 0 18 and nothing between."""
  for i in range(2):
    write_pair(
      f'images/{i}.png',
      f'labels/{i}.png',
      np.array([[7, 7, 33, 33]]),
      'palette',
      size=(2, 4),
    )
  builder = prepare('gta5', resize=(1, 2))
  assert builder.info.features['image'].shape == (1, 2, 3)
  for image, label_map in stored(builder)['train']:
    assert image.shape == (1, 2, 3)
    assert label_map.tolist() == [[[0], [18]]]
  with pytest.raises(UserError, match='made otherwise'):
    prepare('gta5')
