"""Tiny stored data sets."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import domains, pairs, records
from pixelda_tf.datasets import base, preparing
from pixelda_tf.problems import Classification


class Tiny(base.ImageBuilder):
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
      fields=[name for name in first if name != 'image'],
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, examples)
      for split, examples in self._splits.items()
    }


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
    has_segmentation=False,
    **domain,
  ):
    splits = {
      split: [
        _example(
          number,
          count,
          shape,
          class_names,
          has_mask,
          has_pose,
          has_segmentation,
        )
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
  write.classes = _classes
  return write


def _classes(images, n_classes):
  """The label maps of uint8 images `[..., height, width, channels]`."""
  first = images[..., :1]
  return np.where(first > 230, 255, first % n_classes).astype(np.uint8)


def _pose(number):
  """The pose of image `number`."""
  pose = np.random.default_rng(number).normal(size=4)
  return (pose / np.linalg.norm(pose) * np.sign(pose[0])).astype(np.float32)


def _example(
  number, count, shape, class_names, has_mask, has_pose, has_segmentation
):
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
  if has_segmentation:
    example.pop('label')
    example['segmentation'] = _classes(image, len(class_names))
  return example


@pytest.fixture(params=['kept in memory', 'streamed'])
def memory(request, monkeypatch):
  """Both ways of reading for training."""
  if request.param == 'streamed':
    monkeypatch.setattr(records, 'MEMORY_BYTES', 1)


@pytest.fixture
def pair(store):
  """Function that opens a pair of a small and a large tiny data set."""

  def open_pair(
    source=None,
    target=None,
    labelled_target=None,
    problem=None,
    **options,
  ):
    source = {'name': 'one', 'train': 23, 'shape': (4, 4, 1), **(source or {})}
    target = {'name': 'two', 'train': 11, 'shape': (6, 5, 3), **(target or {})}
    options = {'batch_size': 4, **options}
    if labelled_target is not None:
      labelled_target = {'train': 9, 'shape': (6, 5, 3), **labelled_target}
      options['labelled_target'] = store(name='three', **labelled_target)
    return pairs.Pair(
      source=store(num_shards=2, **source),
      target=store(num_shards=2, **target),
      **options,
    ).open(store.data_dir, problem=problem or Classification())

  return open_pair


@pytest.fixture
def first():
  """Function of a dataset and n to its first n elements, in NumPy."""

  def first(dataset, n):
    return list(itertools.islice(dataset.as_numpy_iterator(), n))

  return first


@pytest.fixture
def assert_equal():
  """Function that checks that two lists of batches have the same values."""

  def assert_equal(batches, others):
    assert len(batches) == len(others)
    tf.nest.map_structure(np.testing.assert_array_equal, batches, others)

  return assert_equal


@pytest.fixture
def random_poses():
  """Function of n to random unit quaternions, float64 `[n, 4]`."""

  def random_poses(n):
    poses = np.random.default_rng(1).normal(size=(n, 4))
    poses *= np.sign(poses[:, :1])
    return poses / np.linalg.norm(poses, axis=1, keepdims=True)

  return random_poses


@pytest.fixture
def random_batch(random_poses):
  """Function of sizes to a batch of random images, masks and poses."""

  def random_batch(n=4, height=8, width=6, channels=3):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (n, height, width, channels))
    return {
      'image': tf.constant(images, tf.float32),
      'mask': tf.constant(images[..., :1] > 0, tf.float32),
      'label': tf.range(n),
      'pose': tf.constant(random_poses(n), tf.float32),
    }

  return random_batch
