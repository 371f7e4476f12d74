import numpy as np
import pytest

from pixelda_tf.data import domains
from pixelda_tf.datasets.segmentation import camvid, classes
from pixelda_tf.errors import UserError

# Of the published set's README, in %: train, val, test.
SHARES = {
  'sky': (16.85, 9.18, 17.07),
  'building': (23.26, 25.96, 24.61),
  'pole': (0.98, 0.56, 1.18),
  'road': (31.66, 28.95, 25.81),
  'pavement': (4.49, 8.72, 9.27),
  'tree': (9.72, 16.34, 11.25),
  'sign': (1.17, 0.89, 1.01),
  'fence': (1.13, 3.08, 1.18),
  'car': (5.87, 1.75, 3.97),
  'pedestrian': (0.64, 0.65, 0.63),
  'cyclist': (0.29, 2.22, 0.19),
  'ignored': (3.95, 1.70, 3.83),
}


@pytest.fixture
def write_segnet(tmp_path, write_image, write_map):
  """Writes two frames a split; the first row has ids 0 to 11."""

  def write():
    raw = tmp_path / 'raw'
    ids = np.zeros((4, 12), int)
    ids[0] = range(12)
    for folder in ('train', 'val', 'test'):
      for i in (1, 0):
        name = f'0001TP_00669{i}.png'
        write_image(raw / folder / name, (4, 12), colour=(i, i, i))
        write_map(raw / f'{folder}annot' / name, ids)
    return raw

  return write


def test_segnets_files_are_stored_in_their_order(write_segnet, prepare, stored):
  write_segnet()
  builder = prepare('camvid')
  assert builder.info.full_name == 'camvid/segnet/1.0.0'
  assert tuple(builder.info.features['segmentation'].names) == classes.CAMVID
  by_split = stored(builder)
  assert list(by_split) == ['train', 'validation', 'test']
  for examples in by_split.values():
    assert [image[0, 0, 0] for image, _ in examples] == [0, 1]
    for _, label_map in examples:
      assert label_map[0, :, 0].tolist() == [*range(11), 255]
      assert not label_map[1:].any()
      assert label_map.shape == (4, 12, 1)
  pixels = builder.info.metadata['pixels']
  assert pixels['test'] == [2 * 37, *[2] * 10, 2]


def test_authors_files_are_split_as_segnets(
  tmp_path, write_image, write_map, prepare, stored
):
  """A column each of road, its markings (road), a child (pedestrian), void."""
  colours = [[128, 64, 128], [128, 0, 192], [192, 128, 64], [0, 0, 0]]
  raw = tmp_path / 'raw'
  frames = {
    '0001TP_006690': 'train',
    '0001TP_008520': 'train',
    '0001TP_008550': 'test',
    '0006R0_f00930': 'train',
    '0016E5_07920': 'train',
    '0016E5_07959': 'validation',
    '0016E5_08159': 'validation',
    '0016E5_08190': 'train',
    'Seq05VD_f00000': 'test',
  }
  for name in frames:
    write_image(raw / camvid.ORIGINAL_IMAGES / f'{name}.png', (2, 4))
    write_map(
      raw / camvid.ORIGINAL_LABELS / f'{name}_L.png', [colours] * 2, 'colours'
    )
  by_split = stored(prepare('camvid/original'))
  assert {split: len(examples) for split, examples in by_split.items()} == {
    'train': 5,
    'validation': 2,
    'test': 2,
  }
  for _, label_map in by_split['test']:
    np.testing.assert_array_equal(label_map[..., 0], [[3, 3, 9, 255]] * 2)
  (raw / camvid.ORIGINAL_IMAGES / 'x.png').write_bytes(b'')
  (raw / camvid.ORIGINAL_LABELS / 'x_L.png').write_bytes(b'')
  with pytest.raises(UserError, match='x.png: no frame of CamVid'):
    prepare('camvid/original', overwrite=True)


def test_another_id_is_told_and_nothing_is_left(
  write_segnet, write_map, prepare, tmp_path
):
  path = write_segnet() / 'testannot' / '0001TP_006690.png'
  write_map(path, np.full((4, 12), 12))
  with pytest.raises(UserError) as raised:
    prepare('camvid')
  assert str(raised.value) == (
    f'{path}: id 12 in 48 pixels of the label map, which no class has; put the '
    'published file there'
  )
  assert not list((tmp_path / 'data').rglob('*record*'))


def test_missing_folders_and_files_are_told(write_segnet, prepare, tmp_path):
  with pytest.raises(UserError, match='no such directory'):
    prepare('camvid')
  with pytest.raises(UserError, match='name the folder of train, trainannot'):
    prepare('camvid', manual_dir=None)
  raw = write_segnet()
  path = raw / 'valannot' / '0001TP_006691.png'
  path.unlink()
  with pytest.raises(UserError) as raised:
    prepare('camvid')
  assert str(raised.value) == (
    f'{raw}/val/0001TP_006691.png: image without label map (1 of 2); each '
    'needs one of the same name'
  )
  (raw / 'valannot' / '0001TP_006690.png').unlink()
  with pytest.raises(UserError, match='valannot: holds no label maps'):
    prepare('camvid')
  (raw / 'valannot').rmdir()
  with pytest.raises(UserError, match='valannot: no such folder; --manual_dir'):
    prepare('camvid')


@pytest.mark.slow
def test_real_files_have_the_published_shares(real_data, tmp_path):
  """Label maps alone, which is quick; so does splitting by name."""
  folder = real_data / 'camvid'
  for column, (split, name) in enumerate(camvid.FOLDERS.items()):
    counts = np.zeros(256, np.int64)
    paths = sorted((folder / f'{name}annot').iterdir())
    for path in paths:
      labels = camvid.SEGNET.to_labels(camvid.SEGNET.read(path))
      counts += np.bincount(labels.ravel(), minlength=256)
      assert camvid.split_of(path) == split
    shares = 100 * counts[[*range(11), 255]] / counts.sum()
    expected = [shares[column] for shares in SHARES.values()]
    np.testing.assert_allclose(shares, expected, atol=0.005)
    assert len(paths) == camvid.Camvid.PUBLISHED[split]


@pytest.mark.slow
def test_named_splits_are_drives(tmp_path, write_image, write_map, prepare):
  """Frames of the published number; their images tell the drive."""
  drives = {'0001TP': 62, '0006R0': 101, '0016E5': 204}
  raw = tmp_path / 'raw'
  for folder in ('val', 'test'):
    write_image(raw / folder / '0001TP_0.png', (2, 2))
    write_map(raw / f'{folder}annot' / '0001TP_0.png', [[0, 1]] * 2)
  write_map(raw / 'map.png', [[0, 1]] * 2)
  for level, (drive, count) in enumerate(drives.items()):
    image = write_image(raw / f'{level}.png', (2, 2), colour=(level,) * 3)
    for i in range(count):
      for folder, source in (('train', image), ('trainannot', raw / 'map.png')):
        path = raw / folder / f'{drive}_{i:05d}.png'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.read_bytes())
  prepare('camvid')
  opened = domains.Domain(name='camvid').open(tmp_path / 'data')
  assert opened.fields == ('image', 'segmentation')
  for level, (drive, count) in enumerate(drives.items()):
    held_out, rest = (
      [int(example['image'][0, 0, 0]) for example in opened.stored(split)]
      for split in (f'drive_{drive}', f'without_{drive}')
    )
    assert held_out == [level] * count
    assert len(rest) == 367 - count
    assert level not in rest
