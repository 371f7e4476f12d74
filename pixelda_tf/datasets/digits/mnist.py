"""MNIST from its four idx.gz files."""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, files
from pixelda_tf.datasets.digits import raw
from pixelda_tf.errors import UserError

URL = 'https://storage.googleapis.com/cvdf-datasets/mnist/'
PREFIXES = {'train': 'train', 'test': 't10k'}
FILES = tuple(
  f'{prefix}-{kind}.gz'
  for prefix in PREFIXES.values()
  for kind in ('images-idx3-ubyte', 'labels-idx1-ubyte')
)


def read(
  paths: Mapping[str, pathlib.Path],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Reads and checks the four files.

  Args:
    paths: dict of file name to path, for every name in `FILES`.

  Returns:
    dict of split ('train', 'test') to images uint8 [count, 28, 28] and labels
    uint8 [count].
  """
  splits = {}
  for split, prefix in PREFIXES.items():
    image_path = paths[f'{prefix}-images-idx3-ubyte.gz']
    label_path = paths[f'{prefix}-labels-idx1-ubyte.gz']
    images = raw.read_gzip(image_path, raw.parse_idx, magic=raw.IMAGES_MAGIC)
    labels = raw.read_gzip(label_path, raw.parse_idx, magic=raw.LABELS_MAGIC)
    if images.shape[1:] != (28, 28):
      raise UserError(
        f'{image_path}: images of {images.shape[1]}x{images.shape[2]} pixels, '
        'MNIST has 28x28'
      )
    if len(images) != len(labels) or not len(images):
      raise UserError(
        f'{label_path}: wrong count: {len(labels)} labels for the '
        f'{len(images)} images of {image_path}'
      )
    if labels.max() > 9:
      raise UserError(f'{label_path}: label {labels.max()} outside 0..9')
    splits[split] = images, labels
  return splits


class Mnist(base.ImageBuilder):
  """MNIST: 60,000 and 10,000 grey digits of 28x28, in the files' order."""

  name = 'mnist'
  num_shards = 4
  NAMED_SPLITS = {
    'paper_train': 'train[:50000]',
    'paper_validation': 'train[50000:]',
  }

  def _info(self):
    return self.image_info(
      shape=(28, 28, 1),
      class_names=base.DIGIT_NAMES,
      description='MNIST handwritten digits, 28x28 grey, from the idx.gz files '
      'in their order.',
      citation='LeCun et al.: Gradient-based learning applied to document '
      'recognition. Proceedings of the IEEE, 1998.',
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    paths = files.locate(FILES, self.manual_dir, ('mnist',), dl_manager, URL)
    return {
      split: self._labelled(split, images[..., None], labels)
      for split, (images, labels) in read(paths).items()
    }
