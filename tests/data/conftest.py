"""Tiny stored data sets."""

import numpy as np
import pytest

from pixelda_tf.data import domains, records
from pixelda_tf.datasets import base, preparing


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
