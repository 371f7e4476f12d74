"""Lists a user's folder of images."""

import pathlib
from collections.abc import Iterator, Sequence

from pixelda_tf.datasets import files, suffixes
from pixelda_tf.datasets.folders import csv_listing, entries
from pixelda_tf.datasets.folders import levels as folder_levels
from pixelda_tf.datasets.folders.levels import CLASSES, Place
from pixelda_tf.errors import UserError


def list_images(
  manual_dir: str | pathlib.Path | None,
  csv_file: str | pathlib.Path | None,
  levels: Sequence[str] | None = None,
  domain: str | None = None,
) -> list[entries.Entry]:
  """Returns the entries of a folder, or of a CSV where one is given.

  Args:
    manual_dir: see `list_folder`.
    csv_file: see `csv_listing.list_csv`.
    levels: see `list_folder`.
    domain: see `list_folder`.
  """
  folder = None
  if manual_dir is not None:
    folder = files.check_directory(manual_dir, '--manual_dir')
  if csv_file is not None:
    for flag, value in (('folders', levels), ('domain', domain)):
      if value:
        raise UserError(f'--{flag}: is of folders; --csv lists files: drop one')
    listed = csv_listing.list_csv(pathlib.Path(csv_file), folder)
  elif folder is not None:
    suffixes.tell_others(folder)
    listed = list_folder(folder, levels, domain)
  else:
    raise UserError('which images? give --manual_dir=FOLDER or --csv=FILE')
  entries.check_splits(listed, csv_file or folder)
  return listed


def list_folder(
  folder: pathlib.Path,
  levels: Sequence[str] | None = None,
  domain: str | None = None,
) -> list[entries.Entry]:
  """Lists one subfolder a class, or images alone, or splits of either.

  Files that are no images are left out.

  Args:
    folder: that holds images, or folders.
    levels: what the folders are, of `levels.LEVELS`, from the outermost
      inwards; None to take for splits, domains or kinds of files what is
      plainly named so, see `folder_names`, and all others for classes.
    domain: the one that is listed, where folders are of several, as trainA and
      trainB are.

  Raises:
    UserError: it is something else, or may be read in several ways.
  """
  folder_levels.check(levels)
  listed = list(_list(folder, Place(folder), levels, domain))
  splits = sorted({entry.split for entry in listed})
  if 'train' not in splits:
    raise UserError(
      f'{folder}: folders of {", ".join(splits)} and none of train; add one, '
      'or, if these are classes, pass --folders=classes'
    )
  return listed


def _list(root, place, levels, domain) -> Iterator[entries.Entry]:
  """Yields the images below a place."""
  folders = _subfolders(place.folder)
  is_told = levels is not None
  if is_told and levels and not folders:
    raise UserError(
      f'{place.folder}: holds no folders, but --folders says they are '
      f'{levels[0]}'
    )
  if not folders or (is_told and not levels):
    _refuse_nested(place.folder, folders)
    yield from _list_flat(root, place, None, domain)
    return
  _refuse_images_beside(place.folder, folders)
  if is_told:
    level, levels = levels[0], levels[1:]
  else:
    level = folder_levels.recognise(place, [path.name for path in folders])
  if level == CLASSES:
    for path in folders:
      _refuse_nested(path, _subfolders(path))
      of_class = place._replace(folder=path)
      yield from _list_flat(root, of_class, path.name, domain)
    return
  for inside in folder_levels.choose(place, folders, level, domain, is_told):
    # In a folder of nothing but images names are as if it had been given.
    is_root = inside.above == ('images',)
    yield from _list(inside.folder if is_root else root, inside, levels, domain)


def _list_flat(root, place, label, domain):
  if domain is not None and place.domain is None:
    raise UserError(
      f'--domain={domain}: {place.folder} is of no domain; leave out --domain, '
      'or say by --folders which folders are domains'
    )
  paths = [
    path
    for path in sorted(place.folder.iterdir())
    if path.is_file() and suffixes.is_image(path)
  ]
  if not paths:
    raise UserError(f'{place.folder}: holds no images (as .png or .jpg)')
  split = place.split or 'train'
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


def _refuse_nested(folder, nested):
  if nested:
    raise UserError(
      f'{nested[0]}: a folder inside the class folder {folder.name}; put the '
      "class's images directly into it"
    )


def _refuse_images_beside(folder, folders):
  for path in sorted(folder.iterdir()):
    if path.is_file() and suffixes.is_image(path):
      raise UserError(
        f'{path}: an image beside folders ({folders[0].name}); a folder holds '
        'one subfolder a class, or images alone'
      )
