"""Tiny raw files and tiny stored data sets."""

import gzip
import pathlib
import struct

import hypothesis
import numpy as np
import pytest
from PIL import Image

from pixelda_tf.data import domains, records
from pixelda_tf.data.builders import base, mnist, preparing

hypothesis.settings.register_profile('tests', deadline=None, derandomize=True)
hypothesis.settings.load_profile('tests')

REAL_DATA = pathlib.Path(__file__).parents[3] / 'shared' / 'data'


def idx(array, magic):
  """Returns an idx file's bytes of a uint8 array."""
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return header + array.astype(np.uint8).tobytes()


class Tiny(base.ImageBuilder, skip_registration=True):
  """Stores given uint8 images, for tests."""

  name = 'tiny'

  def __init__(self, *, data_dir, name, splits, class_names, num_shards):
    self.name = name
    self.num_shards = num_shards
    self._splits = splits
    self._class_names = class_names
    super().__init__(data_dir=data_dir)

  def _info(self):
    first = self._splits['train'][0]
    return self.image_info(
      shape=first['image'].shape,
      class_names=self._class_names,
      description='tiny',
      mask='mask' in first,
      pose='pose' in first,
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, examples)
      for split, examples in self._splits.items()
    }


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


@pytest.fixture
def store(tmp_path):
  """Function that stores images as a data set and returns its open domain."""

  def write(
    name='tiny',
    train=20,
    test=7,
    shape=(4, 4, 1),
    class_names=('a', 'b', 'c'),
    num_shards=1,
    has_mask=False,
    has_pose=False,
    **domain,
  ):
    splits = {
      split: [
        _example(number, count, shape, class_names, has_mask, has_pose)
        for number in range(count)
      ]
      for split, count in (('train', train), ('test', test))
    }
    preparing.build(
      lambda directory: Tiny(
        data_dir=directory,
        name=name,
        splits=splits,
        class_names=class_names,
        num_shards=num_shards,
      ),
      name=name,
      data_dir=tmp_path / 'stored',
    )
    return domains.Domain(name=name, **domain)

  write.data_dir = tmp_path / 'stored'
  write.pose = _pose
  return write


def _pose(number):
  """The pose of image `number`."""
  pose = np.random.default_rng(number).normal(size=4)
  return (pose / np.linalg.norm(pose) * np.sign(pose[0])).astype(np.float32)


def _example(number, count, shape, class_names, has_mask, has_pose):
  """Image `number` of a split: its first pixel is the number."""
  rng = np.random.default_rng([number, count])
  image = rng.integers(0, 256, shape, np.uint8)
  image[0, 0, 0] = number
  example = {'image': image}
  if class_names is not None:
    example['label'] = number % len(class_names)
  if has_mask:
    example['mask'] = np.where(image[..., :1] > 127, 255, 0).astype(np.uint8)
  if has_pose:
    example['pose'] = _pose(number)
  return example


@pytest.fixture(params=['kept in memory', 'streamed'])
def memory(request, monkeypatch):
  """Both ways of reading for training."""
  if request.param == 'streamed':
    monkeypatch.setattr(records, 'MEMORY_BYTES', 1)
