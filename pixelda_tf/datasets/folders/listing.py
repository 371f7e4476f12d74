"""Lists a user's folder of images."""

import pathlib

from pixelda_tf.datasets import base, files, suffixes
from pixelda_tf.datasets.folders import csv_listing, entries
from pixelda_tf.errors import UserError


def list_images(
  manual_dir: str | pathlib.Path | None, csv_file: str | pathlib.Path | None
) -> list[entries.Entry]:
  """Returns the entries of a folder, or of a CSV where one is given."""
  folder = None
  if manual_dir is not None:
    folder = files.check_directory(manual_dir, '--manual_dir')
  if csv_file is not None:
    listed = csv_listing.list_csv(pathlib.Path(csv_file), folder)
  elif folder is not None:
    suffixes.tell_others(folder)
    listed = list_folder(folder)
  else:
    raise UserError('which images? give --manual_dir=FOLDER or --csv=FILE')
  entries.check_splits(listed, csv_file or folder)
  return listed


def list_folder(folder: pathlib.Path) -> list[entries.Entry]:
  """Lists one subfolder a class, or images alone, or splits of either.

  A folder whose subfolders are `train` and maybe `validation` and `test` has
  splits. Where its only subfolder is `images`, and has subfolders, that one is
  listed, as in Office-31. Files that are no images are left out.
  """
  folders = _subfolders(folder)
  names = {path.name for path in folders}
  if names == {'images'} and _subfolders(folders[0]):
    _refuse_images_beside(folder, folders)
    return list_folder(folders[0])
  if names == {'images', 'labels'}:
    raise UserError(
      f'{folder}: {", ".join(sorted(names))} are no classes; images with label '
      'maps are prepared by: prepare_data segmentation'
    )
  if names >= {'train', 'val'}:
    raise UserError(f'{folder / "val"}: call the folder validation')
  if 'train' not in names or not names <= set(base.SPLITS):
    return _list_split(folder, folder, 'train')
  _refuse_images_beside(folder, folders)
  return [
    entry for path in folders for entry in _list_split(folder, path, path.name)
  ]


def _list_split(root, folder, split):
  """Lists a folder of class folders, or of images."""
  folders = _subfolders(folder)
  if not folders:
    return _list_flat(root, folder, split, None)
  _refuse_images_beside(folder, folders)
  listed = []
  for path in folders:
    nested = _subfolders(path)
    if nested:
      raise UserError(
        f'{nested[0]}: a folder inside the class folder {path.name}; put the '
        "class's images directly into it"
      )
    listed += _list_flat(root, path, split, path.name)
  return listed


def _list_flat(root, folder, split, label):
  paths = [
    path
    for path in sorted(folder.iterdir())
    if path.is_file() and suffixes.is_image(path)
  ]
  if not paths:
    raise UserError(f'{folder}: holds no images (as .png or .jpg)')
  return [
    entries.Entry(path.relative_to(root).as_posix(), path, label, split)
    for path in paths
  ]


def _subfolders(folder):
  return [
    path
    for path in sorted(folder.iterdir())
    if path.is_dir() and not path.name.startswith('.')
  ]


def _refuse_images_beside(folder, folders):
  for path in sorted(folder.iterdir()):
    if path.is_file() and suffixes.is_image(path):
      raise UserError(
        f'{path}: an image beside folders ({folders[0].name}); a folder holds '
        'one subfolder a class, or images alone'
      )
