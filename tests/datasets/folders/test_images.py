import numpy as np
import pytest
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.errors import UserError


def prepare(tmp_path, **options):
  """Images of one colour, or class, are as good as others here."""
  options = {'allow': ['constant_channels', 'one_class'], **options}
  options = {'name': 'mine', 'data_dir': tmp_path / 'data', **options}
  return datasets.prepare('images', **options)


def examples(builder, split='train'):
  return list(builder.as_dataset(split=split).as_numpy_iterator())


def test_folder_of_classes_is_stored_with_names_and_pixels(
  tmp_path, write_image
):
  for number, name in enumerate(['10/a', '10/b', '9/a']):
    write_image(tmp_path / 'raw' / f'{name}.png', (6, 5), 'L', 10 * number)
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw')
  assert builder.info.features['label'].names == ['9', '10']
  assert builder.info.features['image'].shape == (6, 5, 1)
  found = {
    (int(e['image'][0, 0, 0]), int(e['label'])) for e in examples(builder)
  }
  assert found == {(0, 1), (10, 1), (20, 0)}
  opened = domains.Domain(name='mine').open(tmp_path / 'data')
  assert opened.class_names == ('9', '10')


def test_images_alone_are_stored_without_labels(tmp_path, write_image):
  write_image(tmp_path / 'raw' / 'a.png')
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw')
  assert set(builder.info.features) == {'image'}
  assert domains.Domain(name='mine').open(tmp_path / 'data').n_classes is None


def test_csv_with_splits_and_masks(tmp_path, write_image):
  for number in range(2):
    write_image(tmp_path / f'{number}.png', (4, 4), 'RGB', (number,) * 3)
    write_image(tmp_path / f'm{number}.png', (4, 4), 'L', 255 - 255 * number)
  (tmp_path / 'list.csv').write_text(
    'path,label,split,mask\n0.png,x,train,m0.png\n1.png,x,test,m1.png\n'
  )
  builder = prepare(tmp_path, csv=tmp_path / 'list.csv')
  for split, number in (('train', 0), ('test', 1)):
    (example,) = examples(builder, split)
    assert (example['image'] == number).all()
    assert example['mask'].shape == (4, 4, 1)
    assert (example['mask'] == 255 - 255 * number).all()


def test_order_mixes_classes_and_is_the_same_each_time(tmp_path, write_image):
  for number in range(40):
    write_image(tmp_path / 'raw' / f'{number // 20}' / f'{number}.png', (2, 2))
  orders = [
    [
      int(example['label'])
      for example in examples(
        prepare(
          tmp_path,
          data_dir=tmp_path / place,
          manual_dir=tmp_path / 'raw',
          test_fraction=0.25,
        )
      )
    ]
    for place in ('first', 'second')
  ]
  assert orders[0] == orders[1]
  assert len(orders[0]) == 30
  assert 0 < sum(orders[0][:15]) < 15


def test_unequal_sizes_are_refused_or_resized(tmp_path, write_image):
  write_image(tmp_path / 'raw' / 'a.png', (6, 5))
  write_image(tmp_path / 'raw' / 'b.png', (7, 5))
  with pytest.raises(UserError, match='b.png: 7x5 .*a.png is 6x5'):
    prepare(tmp_path, manual_dir=tmp_path / 'raw')
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw', resize=(8, 9))
  assert [e['image'].shape for e in examples(builder)] == [(8, 9, 3)] * 2


def test_file_that_breaks_off_leaves_nothing_behind(tmp_path, write_image):
  write_image(tmp_path / 'raw' / 'a.png', (40, 40))
  path = write_image(tmp_path / 'raw' / 'b.png', (40, 40))
  path.write_bytes(path.read_bytes()[:-2000])
  with pytest.raises(UserError, match=f'{path}: not a readable image'):
    prepare(tmp_path, manual_dir=tmp_path / 'raw')
  assert datasets.find('mine', tmp_path / 'data') is None


def test_other_images_under_the_same_name_are_noticed(tmp_path, write_image):
  write_image(tmp_path / 'raw' / 'a.png', colour=(1, 1, 1))
  prepare(tmp_path, manual_dir=tmp_path / 'raw')
  prepare(tmp_path, manual_dir=tmp_path / 'raw')
  write_image(tmp_path / 'raw' / 'a.png', colour=(2, 2, 2))
  with pytest.raises(UserError, match='holds mine made otherwise'):
    prepare(tmp_path, manual_dir=tmp_path / 'raw')
  (before,) = examples(datasets.find('mine', tmp_path / 'data'))
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw', overwrite=True)
  (after,) = examples(builder)
  np.testing.assert_array_equal([before['image'][0, 0, 0]], [1])
  np.testing.assert_array_equal([after['image'][0, 0, 0]], [2])


@pytest.mark.parametrize(
  'name', [None, '', 'mnist', 'images', '9lives', 'a/b', '../x', 'a b']
)
def test_wrong_name_is_told(tmp_path, write_image, name):
  write_image(tmp_path / 'raw' / 'a.png')
  with pytest.raises(UserError, match='--name='):
    prepare(tmp_path, manual_dir=tmp_path / 'raw', name=name)


def test_many_bytes_are_cut_into_shards(tmp_path, write_image, monkeypatch):
  monkeypatch.setattr(datasets.folders.images, 'SHARD_BYTES', 200)
  for number in range(12):
    write_image(tmp_path / 'raw' / f'{number}.png', (9, 9), seed=number)
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw')
  assert builder.info.splits['train'].num_shards > 4
  assert len(examples(builder)) == 12


@pytest.mark.parametrize('mask_from', ['alpha', 'black'])
def test_masks_of_rendered_objects(tmp_path, mask_from):
  """One opaque red pixel on transparent black."""
  pixels = np.zeros((3, 3, 4), np.uint8)
  pixels[1, 2] = 255, 0, 0, 255
  (tmp_path / 'raw').mkdir()
  image = Image.fromarray(pixels)
  image = image if mask_from == 'alpha' else image.convert('RGB')
  image.save(tmp_path / 'raw/a.png')
  builder = prepare(tmp_path, manual_dir=tmp_path / 'raw', mask_from=mask_from)
  (example,) = examples(builder)
  np.testing.assert_array_equal(example['mask'][..., 0], pixels[..., 3])
  np.testing.assert_array_equal(example['image'], pixels[..., :3])


def test_masks_are_told_once(tmp_path, write_image):
  write_image(tmp_path / '0.png', (4, 4), 'RGB', (1, 1, 1))
  write_image(tmp_path / 'm.png', (4, 4), 'L', 255)
  (tmp_path / 'list.csv').write_text('path,label,mask\n0.png,x,m.png\n')
  with pytest.raises(UserError, match='--mask_from=black: the column mask'):
    prepare(tmp_path, csv=tmp_path / 'list.csv', mask_from='black')
