"""USPS digits from the files zip.train.gz and zip.test.gz."""

import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, files
from pixelda_tf.datasets.digits import raw

URL = 'https://hastie.su.domains/ElemStatLearn/datasets/'
FILES = ('zip.train.gz', 'zip.test.gz')


class Usps(base.ImageBuilder):
  """USPS: 7,291 and 2,007 grey digits of 16x16, in the files' order."""

  name = 'usps'
  num_shards = 4
  NAMED_SPLITS = {
    'paper_train': 'train[:6562]',
    'paper_validation': 'train[6562:]',
  }

  def _info(self):
    return self.image_info(
      shape=(16, 16, 1),
      class_names=base.DIGIT_NAMES,
      description='USPS handwritten digits, 16x16 grey, from zip.train.gz and '
      'zip.test.gz in their order; values of [-1, 1] stored as 0..255.',
      citation='Hull: A database for handwritten text recognition research. '
      'IEEE TPAMI, 1994.',
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    paths = files.locate(FILES, self.manual_dir, ('usps',), dl_manager, URL)
    digits = {
      split: raw.read_gzip(paths[f'zip.{split}.gz'], raw.parse_usps)
      for split in ('train', 'test')
    }
    return {
      split: self._labelled(split, images, labels)
      for split, (images, labels) in digits.items()
    }
