"""Data sets of label maps, images of noisy colours, and a network for them."""

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.datasets import base, preparing
from pixelda_tf.fields.label_maps import IGNORE

NAMES = ('sky', 'road', 'car')
# By data set, the colours of `NAMES`; other sets have those of 'seen'.
COLOURS = {
  'drawn': ((50, 50, 200), (100, 100, 100), (200, 50, 50)),
  'seen': ((60, 90, 150), (120, 100, 80), (150, 80, 60)),
}


class ColouredMaps(base.ImageBuilder):
  """Blocks of classes, in a domain's colours; the first row is ignored."""

  def __init__(
    self,
    *,
    data_dir,
    name,
    size,
    block,
    counts,
    class_names=NAMES,
    renamed=(),
    **info,
  ):
    """Makes `counts` images of the splits train and test.

    `size` is a multiple of `block`, the side of a square of one class;
    `class_names` has `NAMES`, in any order, which are stored as `renamed` has
    them; `info` is as that of `image_info`.
    """
    self.name = name
    self._size = size
    self._block = block
    self._counts = counts
    self._colours = np.array(COLOURS.get(name, COLOURS['seen']))
    self._class_names = class_names
    self._renamed = dict(renamed)
    self._info_options = {'fields': ('segmentation',)} | info
    super().__init__(data_dir=data_dir)

  def _info(self):
    return self.image_info(
      shape=(*self._size, 3),
      class_names=[self._renamed.get(n, n) for n in self._class_names],
      description='made up',
      **self._info_options,
    )

  def _split_generators(self, dl_manager):
    splits = zip(('train', 'test'), self._counts, strict=True)
    return {
      split: self._generate_examples(split, self._make(seed, count))
      for seed, (split, count) in enumerate(splits)
    }

  def _make(self, seed, count):
    (field,) = self._info_options['fields']
    labels = [self._class_names.index(name) for name in NAMES]
    random = np.random.default_rng(seed)
    for _ in range(count):
      grid = [side // self._block for side in self._size]
      maps = random.integers(3, size=(*grid, 1), dtype=np.uint8)
      maps = maps.repeat(self._block, 0).repeat(self._block, 1)
      noise = random.integers(-20, 21, size=(*self._size, 3))
      image = (self._colours[maps[..., 0]] + noise).astype(np.uint8)
      maps = np.array(labels, np.uint8)[maps]
      maps[0] = IGNORE
      yield {'image': image, field: maps}


def store(directory, name, **options):
  """Stores a set of a name."""
  preparing.build(
    lambda path: ColouredMaps(data_dir=path, name=name, **options),
    name=name,
    data_dir=directory,
  )


@gin.register
def tiny_segmenter(image_shape, n_classes):
  images = tf.keras.Input(image_shape)
  features = tf.keras.layers.Conv2D(8, 3, padding='same')(images)
  features = tf.nn.relu(features)
  logits = tf.keras.layers.Conv2D(n_classes, 1)(features)
  return tf.keras.Model(images, {'logits': logits, 'features': features})
