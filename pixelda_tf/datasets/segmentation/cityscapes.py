"""Cityscapes: streets of 50 cities."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets.segmentation import (
  builder,
  classes,
  coding,
  listing,
)

IMAGES, FINE, COARSE = 'leftImg8bit', 'gtFine', 'gtCoarse'
# Published splits by those that are stored: labels of its own test split are
# not public, papers test on val.
_SPLITS = {'train': 'train', 'test': 'val'}
_EXTRA = 'train_extra'
_IGNORED = sorted(set(range(34)) - classes.CITYSCAPES_IDS.keys())
_CODING = coding.published('ids', classes.CITYSCAPES_IDS, _IGNORED)


class Cityscapes(builder.LabelMapBuilder):
  """Cityscapes with its 19 classes: train, and its val as test.

  Reads `leftImg8bit/<split>/<city>/*_leftImg8bit.png` and
  `gtFine/<split>/<city>/*_gtFine_labelIds.png`. The config `extra` has
  train_extra, too: with gtCoarse's label maps where that folder is there, else
  ignored as a whole.
  """

  name = 'cityscapes'
  PUBLISHED = {'train': 2975, _EXTRA: 19998, 'test': 500}
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='fine'),
    tfds.core.BuilderConfig(name='extra'),
  ]

  def __init__(
    self,
    *,
    manual_dir: str | pathlib.Path | None = None,
    config: str | None = None,
    **options: Any,
  ):
    """Reads all files once; see `LabelMapBuilder`.

    Args:
      manual_dir: folder of leftImg8bit and gtFine, maybe of gtCoarse.
      config: 'fine' or 'extra'.
      **options: of `LabelMapBuilder`.
    """
    root = listing.root(manual_dir, self.name, (IMAGES, FINE))
    splits = dict(_SPLITS)
    if config == 'extra':
      splits[_EXTRA] = _EXTRA
    super().__init__(
      manual_dir=manual_dir,
      config=config,
      listed=[
        entry
        for split, folder in splits.items()
        for entry in _list_split(root, split, folder)
      ],
      coding=_CODING,
      how='Cityscapes, test being its val.',
      citation='Cordts et al.: The Cityscapes dataset for semantic urban scene '
      'understanding. CVPR, 2016.',
      **options,
    )


def _list_split(root, split, folder):
  images = listing.find(root / IMAGES / folder, f'_{IMAGES}')
  labels = COARSE if split == _EXTRA else FINE
  label_maps = None
  if labels == FINE or (root / COARSE).is_dir():
    label_maps = listing.find(
      root / labels / folder, f'_{labels}_labelIds', label_maps=True
    )
  return listing.pair(images, label_maps, split)
