"""MNIST-M: made from MNIST and BSDS500 photographs, or as it was published.

In the published images (59,001 and 9,001 of 32x32), and in those of the widely
used script, digits are binary: every pixel above 0 is full. Inside of a stroke
an image is 255 - crop, elsewhere it is the crop; there is nothing between.
"""

import dataclasses
import functools
import pathlib

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf import seeding
from pixelda_tf.datasets import base, files, photos
from pixelda_tf.datasets.digits import blending, mnist, mnistm_files
from pixelda_tf.errors import UserError

DIGIT_SIZE = 28
CITATION = (
  'Ganin et al.: Domain-adversarial training of neural networks. JMLR, 2016. '
  'Photographs: Arbelaez et al.: Contour detection and hierarchical image '
  'segmentation. IEEE TPAMI, 2011.'
)


@dataclasses.dataclass
class MnistmConfig(tfds.core.BuilderConfig):
  """How MNIST-M is made.

  Attributes:
    n_train: how many digits of MNIST's training split are taken, its first.
    n_test: likewise of its test split.
    size: side of an image; a digit is padded to it with 0 on all sides.
  """

  n_train: int = 0
  n_test: int = 0
  size: int = 32


class Mnistm(base.ImageBuilder):
  """MNIST-M: coloured digits on photo crops."""

  name = 'mnistm'
  VERSION = tfds.core.Version('2.0.0')
  RELEASE_NOTES = {
    '2.0.0': 'digits are binary and padded to 32x32, as in the published '
    'images; 1.0.0 blended grey digits of 28x28, which is an easier data set'
  }
  num_shards = 8
  BUILDER_CONFIGS = [
    MnistmConfig(name='published', n_train=59001, n_test=9001),
    MnistmConfig(name='full', n_train=60000, n_test=10000),
    MnistmConfig(name='28x28', n_train=60000, n_test=10000, size=28),
    tfds.core.BuilderConfig(name='files'),
  ]
  NAMED_SPLITS = {
    'paper_train': 'train[:58001]',
    'paper_validation': 'train[58001:59001]',
  }

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    manual_dir: str | pathlib.Path | None = None,
    photos_dir: str | pathlib.Path | None = None,
    seed: int = 0,
    config: str | None = None,
  ):
    """Makes the builder.

    Args:
      data_dir: where the data set is written.
      manual_dir: holds MNIST's four files (or `mnist/` with them), and the
        photos in one of `photos.FOLDERS` where `photos_dir` is None; for
        'files' the published images (see `mnistm_files`).
      photos_dir: folder of photographs, searched with its subfolders.
      seed: decides every crop.
      config: 'published' (59,001 and 9,001 of 32x32, made as published), 'full'
        (60,000 and 10,000), '28x28' (those without padding, as the widely used
        script makes them) or 'files' (the published images themselves).
    """
    if config == 'files' and (photos_dir is not None or seed):
      option = '--seed' if photos_dir is None else '--photos_dir'
      raise UserError(
        f'{option}: mnistm/files reads published images, nothing is made'
      )
    self._photos_dir = photos_dir
    self._seed = seed
    super().__init__(data_dir=data_dir, manual_dir=manual_dir, config=config)

  @property
  def _is_made(self):
    return isinstance(self.builder_config, MnistmConfig)

  @functools.cached_property
  def _photo_files(self):
    return photos.find(self.manual_dir, self._photos_dir)

  @functools.cached_property
  def _published(self):
    return mnistm_files.find(self.manual_dir)

  def _info(self):
    size = self.builder_config.size if self._is_made else mnistm_files.SIZE
    return self.image_info(
      shape=(size, size, 3),
      class_names=base.DIGIT_NAMES,
      description=self._making() if self._is_made else self._reading(),
      citation=CITATION,
    )

  def _reading(self):
    digest = files.digest(
      [
        path
        for listing in self._published
        for path in (listing.labels_file, *listing.images)
      ]
    )
    return (
      'MNIST-M as published, in the order of its label files. Digest (SHA-256) '
      f'of the files: {digest}.'
    )

  def _making(self):
    config = self.builder_config
    padding = (config.size - DIGIT_SIZE) // 2
    digest = files.digest(self._photo_files)
    return (
      'MNIST-M made as published: |digit - photo crop| per channel. Digits: '
      f'the first {config.n_train} of MNIST train and the first '
      f'{config.n_test} of MNIST test, in the order of the files, every pixel '
      f'above 0 set to 255, padded by {padding} pixels of 0. Crops: a '
      f'{config.size}x{config.size} square at a random place of a random one '
      f'of {len(self._photo_files)} photos, the same photos for train and '
      'test; drawn from numpy SeedSequence((seed, split, index)) with seed '
      f'{self._seed}, split 0 for train and 1 for test, photos sorted by file '
      f'name. Digest (SHA-256) of the photos: {digest}.'
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    if not self._is_made:
      return {
        listing.split: self._generate_examples(
          listing.split, mnistm_files.examples(listing), len(listing.images)
        )
        for listing in self._published
      }
    paths = files.locate(
      mnist.FILES, self.manual_dir, ('mnist',), dl_manager, mnist.URL
    )
    config = self.builder_config
    digits = mnist.read(paths)
    backgrounds = [photos.read(path, config.size) for path in self._photo_files]
    return {
      split: self._generate_examples(
        split,
        self._blended(split, count, *digits[split], backgrounds),
        total=count,
      )
      for split, count in (('train', config.n_train), ('test', config.n_test))
    }

  def _blended(self, split, count, images, labels, backgrounds):
    size = self.builder_config.size
    if count > len(images):
      raise UserError(
        f'mnistm/{self.builder_config.name} needs {count} {split} digits, '
        f'MNIST in {self.manual_dir} has {len(images)}'
      )
    split_key = ('train', 'test').index(split)
    for index in range(count):
      key = self._seed, split_key, index
      background = seeding.random_crop(backgrounds, size, *key)
      digit = np.where(images[index] > 0, np.uint8(255), np.uint8(0))
      digit = np.pad(digit, (size - DIGIT_SIZE) // 2)
      yield {
        'image': blending.blend(digit[..., None], background),
        'label': labels[index],
      }
