"""A user's own label maps: which files belong to which split."""

import numpy as np
import pytest

from pixelda_tf.datasets import summary
from pixelda_tf.datasets.segmentation import own as own_builder
from pixelda_tf.errors import UserError

IDS = np.array([[1, 1, 5], [255, 0, 0]])


def test_splits_of_which_one_has_no_label_maps(write, own, stored):
  write('train/a', None)
  write('test/a')
  builder = own()
  by_split = stored(builder)
  ((_, ignored),) = by_split['train']
  assert (ignored == 255).all()
  assert by_split['test'][0][1][..., 0].tolist() == [[1, 1, 2], [255, 0, 0]]
  assert list(builder.info.metadata['pixels']) == ['test']
  assert 'label maps of: test.' in builder.info.description
  lines = summary.text(builder).splitlines()
  assert lines[1:4] == [
    '  train: 1 examples, 1 shard(s), without label maps',
    '  test: 1 examples, 1 shard(s)',
    '  % of pixels        test',
  ]


@pytest.mark.parametrize(
  ('image', 'label_map'),
  [('b.jpg', None), ('vla/b.jpg', None), ('train/b.jpg', 'b.png')],
)
def test_what_lies_beside_splits_is_told(
  write, write_image, write_map, own, tmp_path, image, label_map
):
  """Else a wrong name of a folder would leave images, or their maps, out."""
  write('train/a')
  wrong = write_image(tmp_path / 'raw/images' / image, (2, 3))
  if label_map is not None:
    wrong = write_map(tmp_path / 'raw/labels' / label_map, IDS)
  wrong = wrong if wrong.parent.name != 'vla' else wrong.parent
  with pytest.raises(UserError, match=f'{wrong}: lies beside folders of split'):
    own()


def test_label_maps_of_a_split_without_images_are_told(write, own, write_map):
  test = write('train/a').parents[1] / 'test'
  write_map(test / 'a.png', IDS)
  with pytest.raises(UserError, match='images/test: holds no images'):
    own()


def test_images_alone_have_no_label_maps(write, own):
  write('a', None)
  builder = own()
  assert list(builder.info.features) == ['image']
  assert summary.text(builder).startswith(
    'mine/1.0.0: images 2x3x3, no label maps\n'
  )


def test_csv_pairs_any_names(tmp_path, write_image, write_map, own, stored):
  for i in range(2):
    write_image(tmp_path / f'raw/{i}.jpg', (2, 3))
    write_map(tmp_path / f'raw/map{i}.png', np.full((2, 3), i))
  lines = 'path,label_map,split\n0.jpg,map0.png,train\n1.jpg,map1.png,test\n'
  (tmp_path / 'list.csv').write_text(lines)
  by_split = stored(own(csv=tmp_path / 'list.csv'))
  assert {split: found[0][1].max() for split, found in by_split.items()} == {
    'train': 0,
    'test': 1,
  }
  (tmp_path / 'list.csv').write_text('path,label_map\n0.jpg,map0.png\n1.jpg,\n')
  with pytest.raises(UserError, match='only one of 0.jpg and 1.jpg, both in'):
    own(csv=tmp_path / 'list.csv', overwrite=True)


def test_share_is_held_out(write, own):
  for i in range(8):
    write(str(i))
  splits = own(test_fraction=0.25).info.splits
  assert (splits['train'].num_examples, splits['test'].num_examples) == (6, 2)
  with pytest.raises(UserError, match=r'0.95: too large a share of 8 images'):
    own(test_fraction=0.95)


@pytest.fixture
def keys(tmp_path, write_image, write_map):
  """Function of names of files to {key: (split, has a label map)}."""

  def list_files(*names):
    for name in names:
      write = write_map if name.endswith('.png') else write_image
      write(tmp_path / 'raw' / name, IDS if write is write_map else (2, 3))
    found = own_builder.list_folders(tmp_path / 'raw')
    return {e.key: (e.split, e.label_map is not None) for e in found}

  return list_files


@pytest.mark.parametrize(
  'names',
  [
    ['images/training/a.jpg', 'labels/training/a.png', 'images/val/b.jpg'],
    ['Images/Train/a.jpg', 'Masks/TRAIN/a.png', 'Images/valid/b.jpg'],
    ['train/images/a.jpg', 'train/labels/a.png', 'valid/images/b.jpg'],
    [
      'JPEGImages/train1/a.jpg',
      'annotations/train/a.png',
      'JPEGImages/val1/b.jpg',
    ],
  ],
)
def test_other_names_of_folders(keys, names):
  """Else a split's images would be trained on."""
  assert keys(*names) == {
    'train/a': ('train', True),
    'validation/b': ('validation', False),
  }


def test_folders_of_one_meaning_are_told(keys):
  with pytest.raises(
    UserError, match='masks: is as annotations beside it: .*call'
  ):
    keys('images/a.jpg', 'annotations/a.png', 'masks/a.png')
  assert keys('labels/a.png') == {'a': ('train', True)}
  with pytest.raises(UserError, match='train2: is of train, as train1 beside'):
    keys('images/train1/a.jpg', 'images/train2/a.jpg')


def test_splits_without_images_are_told(keys):
  with pytest.raises(UserError, match='test/images: no such folder'):
    keys('test/a.jpg', 'train/images/a.jpg')
