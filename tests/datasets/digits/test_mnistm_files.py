import shutil

import numpy as np
import pytest
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.errors import UserError


@pytest.fixture
def published(tmp_path, write_image):
  """Folder in the layout of the published files: 10 and 8 images."""
  folder = tmp_path / 'raw'
  for split, count in (('train', 10), ('test', 8)):
    names = [f'{number:08d}.png' for number in range(count)]
    for number, name in enumerate(names):
      path = folder / f'mnist_m_{split}' / name
      write_image(path, (32, 32), seed=100 * count + number)
    (folder / f'mnist_m_{split}_labels.txt').write_text(
      ''.join(f'{name} {9 - number}\n' for number, name in enumerate(names))
    )
  return folder


@pytest.mark.parametrize('folder', ['.', 'mnist_m'])
def test_images_and_labels_are_as_in_the_files(tmp_path, published, folder):
  manual_dir = published
  if folder != '.':
    manual_dir = tmp_path / 'outer'
    manual_dir.mkdir()
    published = published.rename(manual_dir / folder)
  builder = datasets.prepare(
    'mnistm/files', data_dir=tmp_path / 'd', manual_dir=manual_dir
  )
  assert builder.info.full_name == 'mnistm/files/2.0.0'
  for split, count in (('train', 10), ('test', 8)):
    examples = list(builder.as_dataset(split=split).as_numpy_iterator())
    assert [e['label'] for e in examples] == list(range(9, 9 - count, -1))
    for number, example in enumerate(examples):
      path = published / f'mnist_m_{split}' / f'{number:08d}.png'
      with Image.open(path) as image:
        np.testing.assert_array_equal(example['image'], np.asarray(image))


def test_the_published_sample(tmp_path, real_data):
  """The first 600 training images, as both splits."""
  sample = real_data / 'mnistm_published_sample'
  for split in ('train', 'test'):
    folder = tmp_path / 'raw' / f'mnist_m_{split}'
    folder.mkdir(parents=True)
    for path in sample.glob('*.png'):
      (folder / path.name).symlink_to(path)
    shutil.copy(
      sample / 'labels.txt', tmp_path / 'raw' / f'mnist_m_{split}_labels.txt'
    )
  builder = datasets.prepare(
    'mnistm/files', data_dir=tmp_path / 'd', manual_dir=tmp_path / 'raw'
  )
  assert builder.info.splits['train'].num_examples == 600
  first = next(iter(builder.as_dataset(split='test').as_numpy_iterator()))
  with Image.open(sample / '00000000.png') as image:
    np.testing.assert_array_equal(first['image'], np.asarray(image))
  assert first['label'] == 5


def test_changed_files_are_noticed(tmp_path, published, write_image):
  prepare = {'data_dir': tmp_path / 'd', 'manual_dir': published}
  datasets.prepare('mnistm/files', **prepare)
  write_image(published / 'mnist_m_test' / '00000002.png', (32, 32), seed=9)
  with pytest.raises(UserError, match='made otherwise'):
    datasets.prepare('mnistm/files', **prepare)


def _edit(path, line, text):
  lines = path.read_text().splitlines()
  lines[line] = text
  path.write_text('\n'.join(lines))


@pytest.mark.parametrize(
  ('problem', 'expected'),
  [
    ('nothing', 'mnistm/files: .*--manual_dir'),
    ('no folder', 'mnist_m_test: no such folder'),
    ('no labels', 'mnist_m_train_labels.txt: no such file'),
    ('empty', 'mnist_m_train_labels.txt: lists no images'),
    ('no label', "mnist_m_train_labels.txt: line 3 is '00000002.png'"),
    ('label 10', "mnist_m_train_labels.txt: line 3 is '00000002.png 10'"),
    ('twice', 'mnist_m_train_labels.txt: line 3 lists 00000001.png again'),
    ('binary', 'mnist_m_train_labels.txt: cannot be read as text'),
    ('not there', '00000003.png: listed in .*mnist_m_train_labels.txt, but'),
    ('not listed', '00000010.png: not listed in .*mnist_m_train_labels.txt'),
    ('size', '00000003.png: 28x30 pixels, .* 32x32'),
    ('no image', '00000003.png: not a readable image'),
    ('photos_dir', '--photos_dir: mnistm/files reads'),
    ('seed', '--seed: mnistm/files reads'),
  ],
)
def test_wrong_files_are_told(
  tmp_path, published, write_image, problem, expected
):
  options = {'manual_dir': published}
  labels = published / 'mnist_m_train_labels.txt'
  image = published / 'mnist_m_train' / '00000003.png'
  if problem == 'nothing':
    options = {}
  elif problem == 'no folder':
    (published / 'mnist_m_test').rename(published / 'test')
  elif problem == 'no labels':
    labels.unlink()
  elif problem == 'empty':
    labels.write_text('\n')
  elif problem == 'no label':
    _edit(labels, 2, '00000002.png')
  elif problem == 'label 10':
    _edit(labels, 2, '00000002.png 10')
  elif problem == 'twice':
    _edit(labels, 2, '00000001.png 1')
  elif problem == 'binary':
    labels.write_bytes(b'\xff\xfe\x80')
  elif problem == 'not there':
    image.unlink()
  elif problem == 'not listed':
    write_image(image.with_name('00000010.png'), (32, 32))
  elif problem == 'size':
    write_image(image, (30, 28))
  elif problem == 'no image':
    image.write_bytes(image.read_bytes()[:50])
  else:
    options[problem] = 1 if problem == 'seed' else tmp_path
  with pytest.raises(UserError, match=expected):
    datasets.prepare('mnistm/files', data_dir=tmp_path / 'd', **options)
  assert not list((tmp_path / 'd').rglob('*.tfrecord*'))
