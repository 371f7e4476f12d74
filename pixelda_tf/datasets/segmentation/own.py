"""A user's own images with label maps: two folders, or a CSV."""

import pathlib
from typing import Any

from pixelda_tf.datasets import base, files, suffixes
from pixelda_tf.datasets.folders import csv_listing, entries
from pixelda_tf.datasets.folders.entries import Entry
from pixelda_tf.datasets.segmentation import (
  builder,
  class_files,
  coding,
  label_files,
  listing,
)
from pixelda_tf.errors import UserError

IMAGES, LABELS = 'images', 'labels'
COLUMNS = ('path', 'label_map', 'split')


class OwnLabelMaps(builder.LabelMapBuilder):
  """Images with label maps, stored under a name that the user gives.

  Records are in an order that depends on the files' names in a hashed way.
  """

  name = 'segmentation'

  def __init__(
    self,
    *,
    name: str,
    manual_dir: str | pathlib.Path | None = None,
    csv: str | pathlib.Path | None = None,
    classes: str | pathlib.Path | None = None,
    label_files: str | None = None,
    test_fraction: float = 0.0,
    **options: Any,
  ):
    """Reads all files once; see `LabelMapBuilder`.

    Args:
      name: what it is stored as.
      manual_dir: folder of images, see `list_folders`; with `csv`, what its
        paths are relative to.
      csv: file with columns `COLUMNS`, see `csv_listing.list_csv`.
      classes: file of ids or colours and names, see `class_files.read`; None
        for one class for each id or colour that the label maps have.
      label_files: of `label_files.FORMS`; None for 'colours' where `classes`
        has colours, else 'ids'.
      test_fraction: share of the images that becomes the test split, where
        nothing else says which images do.
      **options: of `LabelMapBuilder`.

    Raises:
      UserError: a file or an option is missing or wrong.
    """
    self.name = name
    listed = entries.hold_out(_list(manual_dir, csv), test_fraction)
    if all(entry.label_map is None for entry in listed):
      _check_unused(csv or manual_dir, classes=classes, label_files=label_files)
    super().__init__(
      manual_dir=manual_dir,
      listed=listed,
      coding=_coding(classes, label_files),
      how='Images of a user.',
      **options,
    )


def list_folders(folder: pathlib.Path) -> list[Entry]:
  """Lists the images in `images/` and the label maps in `labels/`.

  A label map has the name of its image, but for the suffix. Where both folders
  have splits (`train` and maybe `validation` and `test`), images and label maps
  are in those. Without `labels/`, or its folder of a split, images have none.

  Raises:
    UserError: a folder is missing or empty, or names do not match.
  """
  images = folder / IMAGES
  if not images.is_dir():
    raise UserError(
      f'{images}: no such folder; --manual_dir has to hold {IMAGES} and, of '
      f'the same names, {LABELS}'
    )
  labels = folder / LABELS
  parts = _splits(images, labels)
  listed = []
  for split in parts or ('train',):
    part = split if parts else ''
    label_maps = None
    if (labels / part).is_dir():
      label_maps = listing.find(labels / part, label_maps=True)
    listed += listing.pair(
      listing.find(images / part), label_maps, split, part and f'{part}/'
    )
  return listed


def _splits(images, labels):
  """Returns the splits that the folders are divided into, if they are."""
  inside = [
    path
    for folder in (images, labels)
    if folder.is_dir()
    for path in sorted(folder.iterdir())
    if path.is_dir() or suffixes.is_image(path)
  ]
  names = {path.name for path in inside if path.is_dir()}
  if 'train' not in names:
    return []
  for path in inside:
    if path.name not in base.SPLITS:
      raise UserError(
        f'{path}: lies beside a folder train; {IMAGES} and {LABELS} have to '
        f'hold nothing but {", ".join(base.SPLITS)}, or no such folders'
      )
  return [split for split in base.SPLITS if split in names]


def _list(manual_dir, csv):
  folder = None
  if manual_dir is not None:
    folder = files.check_directory(manual_dir, '--manual_dir')
  if csv is not None:
    listed = csv_listing.list_csv(pathlib.Path(csv), folder, COLUMNS)
  elif folder is not None:
    listed = list_folders(folder)
  else:
    raise UserError('which images? give --manual_dir=FOLDER or --csv=FILE')
  entries.check_splits(listed, csv or folder)
  labelled: dict[str, Entry] = {}
  for entry in listed:
    first = labelled.setdefault(entry.split, entry)
    if (first.label_map is None) != (entry.label_map is None):
      raise UserError(
        f'{csv}: only one of {first.key} and {entry.key}, both in '
        f'{entry.split}, has a label map; give all images of a split one, or '
        'none'
      )
  return listed


def _check_unused(place, **options):
  for name, value in options.items():
    if value is not None:
      raise UserError(
        f'--{name}={value}: {place} has no label maps; put them into {LABELS}, '
        f'or into the column label_map of --csv, or leave out --{name}'
      )


def _coding(classes, form):
  has_colours, names = False, None
  if classes is not None:
    has_colours, names = class_files.read(pathlib.Path(classes))
  form = form or ('colours' if has_colours else 'ids')
  if names is None:
    return coding.Coding(form, (), None, published=False)
  if has_colours != (form == 'colours'):
    raise UserError(
      f'--classes={classes}: has {"colours" if has_colours else "ids"}, but '
      f'--label_files={form} are {label_files.FORMS[form]}; give the others'
    )
  labels = coding.labels_of(form, tuple(names), tuple(names.values()))
  class_names = coding.unique(names.values())
  return coding.Coding(form, class_names, labels, published=False)
