"""Lists images and their label maps, which are matched by name."""

import pathlib
from collections.abc import Mapping, Sequence

from pixelda_tf.datasets import files, suffixes
from pixelda_tf.datasets.folders.entries import Entry
from pixelda_tf.errors import UserError


def root(
  manual_dir: str | pathlib.Path | None, name: str, wanted: Sequence[str]
) -> pathlib.Path:
  """Returns the folder of a data set's raw files.

  Args:
    manual_dir: the folder that a user named, or None.
    name: of the data set.
    wanted: folders that it has to hold.

  Raises:
    UserError: there is none, or it lacks a folder.
  """
  if manual_dir is None:
    raise UserError(
      f'{name} is not downloaded: name the folder of {", ".join(wanted)} with '
      '--manual_dir'
    )
  folder = files.check_directory(manual_dir, '--manual_dir')
  for path in wanted:
    if not (folder / path).is_dir():
      raise UserError(
        f'{folder / path}: no such folder; --manual_dir has to hold '
        f'{", ".join(wanted)}'
      )
  return folder


def find(
  folder: pathlib.Path, suffix: str = '', label_maps: bool = False
) -> dict[str, pathlib.Path]:
  """Returns the images in a folder and its folders by name, sorted.

  Args:
    folder: where they are.
    suffix: end of the stems of those that are wanted; no part of their names.
    label_maps: whether they are label maps.

  Raises:
    UserError: there are none, or two of a name.
  """
  by_name: dict[str, pathlib.Path] = {}
  for path in sorted(folder.rglob('*')) if folder.is_dir() else ():
    if not suffixes.is_image(path) or not path.stem.endswith(suffix):
      continue
    name = path.relative_to(folder).with_suffix('').as_posix()
    name = name.removesuffix(suffix)
    if name in by_name:
      raise UserError(f'{path}: has the name of {by_name[name]}; remove one')
    by_name[name] = path
  if not suffix:
    suffixes.tell_others(folder)
  if not by_name:
    what = 'label maps' if label_maps else 'images'
    raise UserError(
      f'{folder}: holds no {what} named *{suffix}.png or the like'
    )
  return by_name


def pair(
  images: Mapping[str, pathlib.Path],
  label_maps: Mapping[str, pathlib.Path] | None,
  split: str,
  prefix: str = '',
) -> list[Entry]:
  """Returns entries of images and the label maps of the same names.

  Args:
    images: files by name.
    label_maps: likewise; None for unlabelled images.
    split: of the entries.
    prefix: of their keys.

  Raises:
    UserError: an image has no label map, or a label map no image.
  """
  if label_maps is not None:
    for here, there, what, other in (
      (images, label_maps, 'image', 'label map'),
      (label_maps, images, 'label map', 'image'),
    ):
      alone = sorted(here.keys() - there.keys())
      if alone:
        raise UserError(
          f'{here[alone[0]]}: {what} without {other} '
          f'({len(alone)} of {len(here)}); each needs one of the same name'
        )
  return [
    Entry(
      prefix + name,
      path,
      split=split,
      label_map=label_maps[name] if label_maps is not None else None,
    )
    for name, path in images.items()
  ]
