"""A user's own images with label maps: two folders, or a CSV."""

import pathlib
from typing import Any

from pixelda_tf.datasets import base, files, suffixes
from pixelda_tf.datasets.folders import csv_listing, entries, folder_names
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
  have splits (`train` and maybe `validation` and `test`), or are in such,
  images and label maps are in those. Without label maps, or those of a split,
  images have none. `folder_names` tells what else the folders may be called.

  Raises:
    UserError: a folder is missing or empty, or names do not match.
  """
  listed = []
  for split, images, labels in _parts(folder):
    label_maps = None
    if labels is not None:
      label_maps = listing.find(labels, label_maps=True)
    prefix = f'{split}/' if split else ''
    found = listing.find(images)
    listed += listing.pair(found, label_maps, split or 'train', prefix)
  return listed


def _parts(folder):
  """Returns (split, folder of images, folder of label maps or None) of each.

  The split is None where there are none.
  """
  images, labels = _kinds(folder)
  if images is not None:
    of_images, of_labels = _splits(images), _splits(labels)
    if not of_images and not of_labels:
      return [(None, images, labels)]
    for inside in (images, labels):
      _check_alone(inside)
    return [
      (split, of_images.get(split, images / split), of_labels.get(split))
      for split in base.SPLITS
      if split in of_images or split in of_labels
    ]
  parts = []
  for split, path in _splits(folder).items():
    images, labels = _kinds(path)
    if images is None:
      break
    parts.append((split, images, labels))
  else:
    if parts:
      _check_alone(folder)
      return parts
  place = (parts and path) or folder
  raise UserError(
    f'{place / IMAGES}: no such folder; --manual_dir has to hold {IMAGES} and, '
    f'of the same names, {LABELS}'
  )


def _kinds(folder):
  """Returns a folder's folders of images and of label maps, None for none."""
  found: dict[str, pathlib.Path] = {}
  for path in _folders(folder):
    meaning = folder_names.read(path.name)
    if meaning.role is None or meaning.split is not None:
      continue
    kind = IMAGES if meaning.role == IMAGES else LABELS
    first = found.setdefault(kind, path)
    if path.name == kind:
      found[kind] = path
    elif first is not path and first.name != kind:
      raise UserError(
        f'{path}: is as {first.name} beside it: which one has the {kind}? call '
        f'it {kind}'
      )
  return found.get(IMAGES), found.get(LABELS)


def _splits(folder):
  """Returns a folder's folders of splits by these, in their order."""
  found: dict[str, pathlib.Path] = {}
  for path in _folders(folder):
    split = folder_names.read(path.name).split
    if split and found.setdefault(split, path) is not path:
      raise UserError(
        f'{path}: is of {split}, as {found[split].name} beside it; join them'
      )
  return {split: found[split] for split in base.SPLITS if split in found}


def _check_alone(folder):
  """Raises UserError where there is something beside folders of splits."""
  splits = _splits(folder).values()
  for path in sorted(folder.iterdir()) if folder is not None else ():
    is_wrong = path.is_dir() or suffixes.is_image(path)
    if is_wrong and path not in splits and not path.name.startswith('.'):
      raise UserError(
        f'{path}: lies beside folders of splits; {folder} has to hold nothing '
        f'but {", ".join(base.SPLITS)}, or no such folders'
      )


def _folders(folder):
  if folder is None:
    return []
  return [path for path in sorted(folder.iterdir()) if path.is_dir()]


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
