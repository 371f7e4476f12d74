"""GTA5: frames of a computer game."""

import pathlib
from typing import Any

from pixelda_tf.datasets.segmentation import (
  builder,
  classes,
  coding,
  listing,
)

# Cityscapes' ids, and 34 for licence plates.
_IGNORED = sorted(set(range(35)) - classes.CITYSCAPES_IDS.keys())
_CODING = coding.published('palette', classes.CITYSCAPES_IDS, _IGNORED)


class Gta5(builder.LabelMapBuilder):
  """GTA5 ("Playing for data") with Cityscapes' 19 classes, 24,966 images.

  Reads `images/*.png` and `labels/*.png`, palette files of Cityscapes' ids. The
  published set has images of another size than the others, or than their label
  maps: these are left out, and counted.

  Records are in an order that depends on the files' names in a hashed way:
  `paper_validation` is a draw of 1,000 images.
  """

  name = 'gta5'
  PUBLISHED = {'train': 24966}
  LEAVES_OUT = True
  NAMED_SPLITS = {
    'paper_train': 'train[1000:]',
    'paper_validation': 'train[:1000]',
  }

  def __init__(
    self, *, manual_dir: str | pathlib.Path | None = None, **options: Any
  ):
    """Reads all files once; see `LabelMapBuilder`.

    Args:
      manual_dir: folder of images and labels.
      **options: of `LabelMapBuilder`.
    """
    root = listing.root(manual_dir, self.name, ('images', 'labels'))
    super().__init__(
      manual_dir=manual_dir,
      listed=listing.pair(
        listing.find(root / 'images'),
        listing.find(root / 'labels', label_maps=True),
        'train',
      ),
      coding=_CODING,
      how='GTA5.',
      citation='Richter, Vineet, Roth, Koltun: Playing for data: ground truth '
      'from computer games. ECCV, 2016.',
      **options,
    )
