"""Tiny data sets of random images under the real ones' names."""

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.datasets import base, preparing
from pixelda_tf.datasets.segmentation import classes
from pixelda_tf.fields import label_maps

DATA_SETS = ('digits', 'digits_photo', 'mnist', 'mnistm', 'svhn', 'usps')
COUNT = 12
# Data sets with label maps, to their classes.
MAP_SETS = {
  'gta5': classes.CITYSCAPES,
  'cityscapes/extra': classes.CITYSCAPES,
  'cityscapes/fine': classes.CITYSCAPES,
  'synthia': tuple(classes.SYNTHIA_IDS.values()),
  'synthia_sequences/fall': classes.CAMVID,
  'synthia_sequences/winter': classes.CAMVID,
  'camvid/segnet': classes.CAMVID,
  'streets/day': classes.CAMVID,
  'streets/camera': classes.CAMVID,
}


POSE_SETS = {
  'standin/rendered': 4,
  'standin/camera': 4,
  'linemod_cropped/synthetic': 3,
  'linemod_cropped/real': 3,
}
# Domains of Office-31.
OFFICE_SETS = ('amazon', 'webcam')


def of_random_images(builder):
  """Returns a builder of the same features that makes up its examples."""

  class Random(builder):
    name = builder.name
    _photo_files = ()

    def _split_generators(self, dl_manager):
      return {
        split: self._generate_examples(split, self._random_examples())
        for split in ('train', 'test')
      }

    def _random_examples(self):
      random = np.random.default_rng(0)
      shape = self.info.features['image'].shape
      for number in range(COUNT):
        image = random.integers(256, size=shape, dtype=np.uint8)
        yield {'image': image, 'label': number % 10}

  return Random


class RandomPoses(base.ImageBuilder):
  """Random images with everything that a pose data set has."""

  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name=name.split('/')[1]) for name in POSE_SETS
  ]

  def __init__(self, *, data_dir, name):
    self.name, config_name = name.split('/')
    self.channels = POSE_SETS[name]
    super().__init__(data_dir=data_dir, config=config_name)

  def _info(self):
    return self.image_info(
      shape=(64, 64, self.channels),
      class_names=['cube', 'duck'],
      description='random',
      fields=('label', 'mask', 'pose'),
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, self._random_examples())
      for split in ('train', 'test')
    }

  def _random_examples(self):
    random = np.random.default_rng(0)
    shape = (64, 64, self.channels)
    for number in range(COUNT):
      yield {
        'image': random.integers(256, size=shape, dtype=np.uint8),
        'label': number % 2,
        'mask': 255 * random.integers(2, size=(64, 64, 1), dtype=np.uint8),
        'pose': np.array([0.6, 0.8, 0, 0], np.float32),
      }


class RandomMaps(base.ImageBuilder):
  """Random images of 24x32 pixels with random label maps."""

  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name=name.split('/')[1])
    for name in MAP_SETS
    if '/' in name
  ]

  def __init__(self, *, data_dir, name):
    self.name, _, config_name = name.partition('/')
    self.class_names = MAP_SETS[name]
    if not config_name:
      self.BUILDER_CONFIGS = []
    super().__init__(data_dir=data_dir, config=config_name or None)

  def _info(self):
    return self.image_info(
      shape=(24, 32, 3),
      class_names=self.class_names,
      description='random',
      fields=('segmentation',),
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, self._random_examples())
      for split in ('train', 'train_extra', 'test')
    }

  def _random_examples(self):
    random = np.random.default_rng(0)
    for _ in range(COUNT):
      labels = random.integers(len(self.class_names), size=(24, 32, 1))
      labels[0] = label_maps.IGNORE
      yield {
        'image': random.integers(256, size=(24, 32, 3), dtype=np.uint8),
        'segmentation': labels.astype(np.uint8),
      }


def write_office(folder, side):
  """Writes COUNT images of two classes as Office-31 has a domain."""
  random = np.random.default_rng(0)
  for number in range(COUNT):
    name = ('back_pack', 'mug')[number % 2]
    path = folder / 'images' / name / f'frame_{number:04}.jpg'
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = random.integers(256, size=(side, side + number, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def store_all(directory):
  """Stores them."""
  for side, name in enumerate(OFFICE_SETS, 80):
    write_office(directory / 'raw' / name, side)
    datasets.prepare(
      'images',
      name=name,
      data_dir=directory,
      manual_dir=directory / 'raw' / name,
      resize=(80, 80),
    )
  for name in DATA_SETS:
    make_builder = of_random_images(datasets.BUILDERS[name])
    preparing.build(
      lambda path, make=make_builder: make(data_dir=path),
      name=name,
      data_dir=directory,
    )
  for name in POSE_SETS:
    preparing.build(
      lambda path, name=name: RandomPoses(data_dir=path, name=name),
      name=name.split('/')[0],
      data_dir=directory,
    )
  for name in MAP_SETS:
    preparing.build(
      lambda path, name=name: RandomMaps(data_dir=path, name=name),
      name=name.split('/')[0],
      data_dir=directory,
    )
