"""The embedded pair: real digits and photographs that ship with scikit-learn.

Source digits (train and test), target training digits and target test digits
are disjoint parts of one fixed permutation of the 1,797 digits.
"""

import numpy as np
import tensorflow as tf

from pixelda_tf import seeding
from pixelda_tf.datasets import base, photos
from pixelda_tf.datasets.digits import blending

SIZE = 16
SEED = 0
# Parts of the permutation, (start, stop).
PARTS = {
  ('digits', 'train'): (0, 700),
  ('digits', 'test'): (700, 797),
  ('digits_photo', 'train'): (797, 1297),
  ('digits_photo', 'test'): (1297, 1797),
}
CROPS_PER_TRAINING_DIGIT = 20
CITATION = (
  'Alpaydin, Kaynak: Optical recognition of handwritten digits. UCI Machine '
  'Learning Repository, 1998. As shipped with scikit-learn.'
)


def load_part(
  name: str, split: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns the digits of one split.

  Args:
    name: 'digits' or 'digits_photo'.
    split: 'train' or 'test'.

  Returns:
    images uint8 [count, 16, 16, 1], labels int64 [count], and the digits'
    indices in scikit-learn's order, int64 [count].
  """
  from sklearn.datasets import load_digits

  bunch = load_digits()
  order = np.argsort(seeding.random_words(len(bunch.target), SEED))
  indices = order[slice(*PARTS[name, split])]
  images = bunch.images[indices][..., None] * (255 / 16)
  images = tf.image.resize(images, (SIZE, SIZE), antialias=False)
  images = np.clip(np.round(images.numpy()), 0, 255).astype(np.uint8)
  return images, bunch.target[indices], indices


class Digits(base.ImageBuilder):
  """Grey handwritten digits, 16x16: the embedded source."""

  name = 'digits'

  def _info(self):
    return self.image_info(
      shape=(SIZE, SIZE, 1),
      class_names=base.DIGIT_NAMES,
      description="scikit-learn's handwritten digits, 8x8 grey, enlarged to "
      '16x16 (bilinear): 700 for training and 97 for testing, disjoint from '
      'those of digits_photo.',
      citation=CITATION,
    )

  def _split_generators(self, dl_manager):
    del dl_manager
    parts = {split: load_part(self.name, split) for split in ('train', 'test')}
    return {
      split: self._labelled(split, images, labels)
      for split, (images, labels, _) in parts.items()
    }


class DigitsPhoto(base.ImageBuilder):
  """Handwritten digits on photo crops, 16x16 RGB: the embedded target."""

  name = 'digits_photo'

  def _info(self):
    return self.image_info(
      shape=(SIZE, SIZE, 3),
      class_names=base.DIGIT_NAMES,
      description='|digit - photo crop| per channel, from grey digits of '
      "scikit-learn (17 levels, enlarged; MNIST-M's are binary) and its two "
      'sample photographs at half size: 500 digits with '
      f'{CROPS_PER_TRAINING_DIGIT} crops each for training, 500 others with '
      'one crop each for testing, disjoint from those of digits. All crops '
      'come from the same photos.',
      citation=CITATION,
    )

  def _split_generators(self, dl_manager):
    del dl_manager
    return {
      split: self._generate_examples(
        split, self._blended(split, copies), total=copies * count
      )
      for split, copies, count in (
        ('train', CROPS_PER_TRAINING_DIGIT, 500),
        ('test', 1, 500),
      )
    }

  def _blended(self, split, copies):
    backgrounds = photos.load_sample()
    images, labels, indices = load_part(self.name, split)
    for copy in range(copies):
      for image, label, index in zip(images, labels, indices, strict=True):
        key = SEED, int(index), copy
        background = seeding.random_crop(backgrounds, SIZE, *key)
        yield {'image': blending.blend(image, background), 'label': label}
