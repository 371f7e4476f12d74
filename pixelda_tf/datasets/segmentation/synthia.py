"""SYNTHIA: rendered streets; single images and sequences."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets.segmentation import (
  builder,
  classes,
  coding,
  listing,
)
from pixelda_tf.errors import UserError

_IMAGES, _LABELS = 'RGB', 'GT/LABELS'
# Front views.
_VIEWS = 'Stereo_Left/Omni_F', 'Stereo_Right/Omni_F'
# The sequence that is held out, which both seasons have.
_TEST_SEQUENCE = '05'
_CITATION = (
  'Ros et al.: The SYNTHIA dataset: a large collection of synthetic images for '
  'semantic segmentation of urban scenes. CVPR, 2016.'
)


class Synthia(builder.LabelMapBuilder):
  """SYNTHIA-RAND-CITYSCAPES: 9,400 images, 16 of Cityscapes' classes.

  Reads `RGB/*.png` and `GT/LABELS/*.png`, of 16 bits, the id in the first
  channel. Its other ids are ignored: 0, 13, 14, 16, 18, 20 and 22, which are
  void, parking, road works, terrain, truck, train and lane markings.

  Records are in an order that depends on the files' names in a hashed way:
  `paper_validation` is a draw of 100 images.
  """

  name = 'synthia'
  PUBLISHED = {'train': 9400}
  NAMED_SPLITS = {
    'paper_train': 'train[100:]',
    'paper_validation': 'train[:100]',
  }

  def __init__(
    self, *, manual_dir: str | pathlib.Path | None = None, **options: Any
  ):
    """Reads all files once; see `LabelMapBuilder`.

    Args:
      manual_dir: folder of RGB and GT.
      **options: of `LabelMapBuilder`.
    """
    root = listing.root(manual_dir, self.name, (_IMAGES, _LABELS))
    super().__init__(
      manual_dir=manual_dir,
      listed=listing.pair(
        listing.find(root / _IMAGES),
        listing.find(root / _LABELS, label_maps=True),
        'train',
      ),
      coding=_RAND,
      how='SYNTHIA-RAND-CITYSCAPES.',
      citation=_CITATION,
      **options,
    )


class SynthiaSequences(builder.LabelMapBuilder):
  """SYNTHIA's sequences in fall or winter, front views of both cameras.

  Reads `SYNTHIA-SEQS-<number>-<FALL or WINTER>/RGB/<view>/*.png` and likewise
  `GT/LABELS`, of 16 bits, the id in the first channel. Sequence 05 is test, all
  others are train; `all` is both.
  """

  name = 'synthia_sequences'
  NAMED_SPLITS = {'all': 'train+test'}
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='fall'),
    tfds.core.BuilderConfig(name='winter'),
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
      manual_dir: folder of the sequences' folders.
      config: 'fall' or 'winter'.
      **options: of `LabelMapBuilder`.
    """
    season = config or self.BUILDER_CONFIGS[0].name
    super().__init__(
      manual_dir=manual_dir,
      config=config,
      listed=_list_sequences(manual_dir, season),
      coding=_SEQUENCES,
      how=f'SYNTHIA, sequences in {season}.',
      citation=_CITATION,
      **options,
    )


_RAND = coding.published(
  '16bit', classes.SYNTHIA_IDS, (0, 13, 14, 16, 18, 20, 22)
)
_SEQUENCES = coding.published(
  '16bit', classes.SYNTHIA_SEQUENCES_IDS, (0, 13, 14)
)


def _list_sequences(manual_dir, season):
  test = f'SYNTHIA-SEQS-{_TEST_SEQUENCE}-{season.upper()}'
  root = listing.root(manual_dir, f'synthia_sequences/{season}', (test,))
  folders = sorted(root.glob(f'SYNTHIA-SEQS-*-{season.upper()}'))
  if len(folders) == 1:
    raise UserError(
      f'{root}: holds {test} alone, which is the test split; put the other '
      'sequences there'
    )
  return [
    entry
    for folder in folders
    for view in _VIEWS
    for entry in listing.pair(
      listing.find(folder / _IMAGES / view),
      listing.find(folder / _LABELS / view, label_maps=True),
      'test' if folder.name == test else 'train',
      prefix=f'{folder.name}/{view}/',
    )
  ]
