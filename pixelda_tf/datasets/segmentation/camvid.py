"""CamVid: four drives through Cambridge, of which every thirtieth frame."""

import dataclasses
import pathlib
import re
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets.folders.entries import Entry
from pixelda_tf.datasets.segmentation import (
  builder,
  classes,
  coding,
  label_files,
  listing,
)
from pixelda_tf.errors import UserError

# SegNet's folders by split.
FOLDERS = {'train': 'train', 'validation': 'val', 'test': 'test'}
ORIGINAL_IMAGES = '701_StillsRaw_full'
ORIGINAL_LABELS = 'LabeledApproved_full'
# SegNet's ids are those of the classes and one more.
_VOID = len(classes.CAMVID)
_FRAME = re.compile(r'(0001TP|0006R0|0016E5|Seq05VD)_f?(\d+)', re.ASCII)


class Camvid(builder.LabelMapBuilder):
  """CamVid with 11 classes, the splits of SegNet: 367, 101 and 233 images.

  The config `segnet` reads SegNet's files, 480x360: folders train, val and
  test, and trainannot, valannot and testannot with ids. `original` reads the
  published files, 960x720, with 32 colours: 701_StillsRaw_full and
  LabeledApproved_full.

  The validation split is seven seconds of a street that train has, too. What
  is to be chosen by other images can be by a drive of train: `drive_0006R0`,
  with `without_0006R0` to train on.
  """

  name = 'camvid'
  ORDERED = True
  PUBLISHED = {'train': 367, 'validation': 101, 'test': 233}
  # Frames are in the order of their names.
  NAMED_SPLITS = {
    'drive_0001TP': 'train[:62]',
    'drive_0006R0': 'train[62:163]',
    'drive_0016E5': 'train[163:]',
    'without_0001TP': 'train[62:]',
    'without_0006R0': 'train[:62]+train[163:]',
    'without_0016E5': 'train[:163]',
  }
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='segnet'),
    tfds.core.BuilderConfig(name='original'),
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
      manual_dir: folder of the config's folders.
      config: 'segnet' or 'original'.
      **options: of `LabelMapBuilder`.
    """
    is_original = config == 'original'
    super().__init__(
      manual_dir=manual_dir,
      config=config,
      listed=(_list_original if is_original else _list_segnet)(manual_dir),
      coding=ORIGINAL if is_original else SEGNET,
      how=f'CamVid, files of {"the authors" if is_original else "SegNet"}.',
      citation='Brostow, Fauqueur, Cipolla: Semantic object classes in video: '
      'a high-definition ground truth database. Pattern Recognition Letters, '
      '2009. Badrinarayanan, Kendall, Cipolla: SegNet. PAMI, 2017.',
      **options,
    )


SEGNET = coding.published('ids', dict(enumerate(classes.CAMVID)), [_VOID])
ORIGINAL = coding.published(
  'colours',
  {
    label_files.code_of(*colour): name
    for colour, name in classes.CAMVID_COLOURS.items()
  },
)


def _list_segnet(manual_dir):
  folders = [
    f'{name}{end}' for name in FOLDERS.values() for end in ('', 'annot')
  ]
  root = listing.root(manual_dir, 'camvid', folders)
  return [
    entry
    for split, name in FOLDERS.items()
    for entry in listing.pair(
      listing.find(root / name),
      listing.find(root / f'{name}annot', label_maps=True),
      split,
    )
  ]


def _list_original(manual_dir):
  folders = ORIGINAL_IMAGES, ORIGINAL_LABELS
  root = listing.root(manual_dir, 'camvid/original', folders)
  images = listing.find(root / ORIGINAL_IMAGES)
  label_maps = listing.find(root / ORIGINAL_LABELS, '_L', label_maps=True)
  by_split: dict[str, list[Entry]] = {split: [] for split in FOLDERS}
  for entry in listing.pair(images, label_maps, 'train'):
    split = split_of(entry.path)
    by_split[split].append(dataclasses.replace(entry, split=split))
  return [entry for entries in by_split.values() for entry in entries]


def split_of(path: pathlib.Path) -> str:
  """Returns the split that SegNet has a frame in.

  Args:
    path: file, whose name has the drive and the number of the frame.

  Raises:
    UserError: the name is another.
  """
  match = _FRAME.fullmatch(path.stem)
  if match is None:
    raise UserError(
      f'{path}: no frame of CamVid, whose names are as 0001TP_006690.png; move '
      'it elsewhere'
    )
  drive, frame = match.group(1), int(match.group(2))
  if drive == 'Seq05VD' or (drive == '0001TP' and frame >= 8550):
    return 'test'
  is_validation = drive == '0016E5' and 7959 <= frame <= 8159
  return 'validation' if is_validation else 'train'
