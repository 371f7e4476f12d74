import gzip
import shutil

import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.datasets.digits import mnist, usps
from pixelda_tf.errors import UserError


def read(builder, split):
  dataset = builder.as_dataset(split=split)
  return list(dataset.as_numpy_iterator())


@pytest.mark.parametrize('folder', ['raw', 'raw/mnist'])
def test_stores_the_files_in_their_order(tmp_path, write_mnist, folder):
  arrays = write_mnist(tmp_path / folder)
  builder = datasets.prepare(
    'mnist', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
  )
  for split, (images, labels) in arrays.items():
    assert builder.info.splits[split].num_shards == 4
    examples = read(builder, split)
    np.testing.assert_array_equal(
      [example['image'][..., 0] for example in examples], images
    )
    assert [example['label'] for example in examples] == labels.tolist()


def test_real_files_have_the_published_counts(tmp_path, real_data):
  digits = mnist.read(
    {name: real_data / 'mnist' / name for name in mnist.FILES}
  )
  assert {split: len(images) for split, (images, _) in digits.items()} == {
    'train': 60000,
    'test': 10000,
  }


def break_file(path, how):
  data = path.read_bytes()
  if how == 'missing':
    path.unlink()
  elif how == 'truncated':
    path.write_bytes(data[: len(data) // 2])
  elif how == 'not gzip':
    path.write_bytes(gzip.decompress(data))
  elif how == 'other kind':
    shutil.copy(
      path.with_name(path.name.replace('labels-idx1', 'images-idx3')), path
    )
  elif how == 'fewer':
    unpacked = gzip.decompress(data)
    short = unpacked[:4] + (29).to_bytes(4, 'big') + unpacked[8:-1]
    path.write_bytes(gzip.compress(short))
  elif how == 'label':
    path.write_bytes(gzip.compress(gzip.decompress(data)[:-1] + b'\x0b'))


@pytest.mark.parametrize(
  ('how', 'expected'),
  [
    ('missing', 'no such file'),
    ('truncated', 'truncated'),
    ('not gzip', 'not a gzip file'),
    ('other kind', 'wrong magic number 2051, expected 2049'),
    ('fewer', 'wrong count: 29 labels for the 30 images'),
    ('label', 'label 11 outside'),
  ],
)
def test_wrong_file_is_named_and_nothing_stored(
  tmp_path, write_mnist, how, expected
):
  write_mnist(tmp_path / 'raw')
  path = tmp_path / 'raw' / 'train-labels-idx1-ubyte.gz'
  break_file(path, how)
  with pytest.raises(UserError, match=f'{path}: .*{expected}'):
    datasets.prepare(
      'mnist', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
    )
  assert datasets.find('mnist', tmp_path / 'data') is None


def test_images_of_another_size_are_refused(tmp_path, write_mnist):
  write_mnist(tmp_path)
  path = tmp_path / 'train-images-idx3-ubyte.gz'
  data = bytearray(gzip.decompress(path.read_bytes()))
  data[11], data[15] = 14, 56
  path.write_bytes(gzip.compress(data))
  with pytest.raises(UserError, match='14x56 pixels, MNIST has 28x28'):
    datasets.prepare('mnist', data_dir=tmp_path / 'data', manual_dir=tmp_path)


@pytest.mark.parametrize('kind', ['mnist', 'usps'])
def test_without_network_says_which_files_to_fetch(tmp_path, monkeypatch, kind):
  for variable in ('http_proxy', 'https_proxy', 'HTTPS_PROXY', 'HTTP_PROXY'):
    # Nobody listens on port 9.
    monkeypatch.setenv(variable, 'http://127.0.0.1:9')
  with pytest.raises(
    UserError, match='cannot be downloaded .*--manual_dir'
  ) as e:
    datasets.prepare(kind, data_dir=tmp_path)
  module = {'mnist': mnist, 'usps': usps}[kind]
  assert all(name in e.value.message for name in module.FILES)
