"""What the folders in a folder are: classes, splits, domains or kinds of files.

Names that plainly say so are taken for it; where they may be read in several
ways, the user has to say what each level of folders is.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from absl import logging

from pixelda_tf.datasets.folders import folder_names
from pixelda_tf.datasets.folders.folder_names import Meaning
from pixelda_tf.errors import UserError

CLASSES = 'classes'
# As --folders has them, from the outermost level inwards.
LEVELS = ('splits', 'domains', 'images', CLASSES)


class Place(NamedTuple):
  """A folder of images or folders, and what is known of it.

  Attributes:
    folder: it.
    above: which of `LEVELS` lead to it.
    split: that it is in, None where no folder has said it.
    domain: likewise.
  """

  folder: pathlib.Path
  above: tuple[str, ...] = ()
  split: str | None = None
  domain: str | None = None

  def flag(self, level: str) -> str:
    """Returns the option that says what the folders in it are."""
    return f'--folders={",".join((*self.above, level))}'


def check(levels: Sequence[str] | None) -> None:
  """Raises UserError where the user names what is no level."""
  for level in levels or ():
    if level not in LEVELS:
      raise UserError(
        f'--folders: {level!r} is none of {", ".join(LEVELS)}; name what the '
        'folders are from the outermost inwards, as --folders=splits,classes'
      )


def recognise(place: Place, names: Sequence[str]) -> str:
  """Returns which of `LEVELS` the folders in a place are, by their names.

  Args:
    place: that they are in.
    names: of the folders, at least one.

  Raises:
    UserError: some are named as splits or kinds of files, and others not.
  """
  meanings = [folder_names.read(name) for name in names]
  if folder_names.are_structure(names):
    if any(meaning.split for meaning in meanings):
      return 'splits'
    return 'images' if any(meaning.role for meaning in meanings) else 'domains'
  for name, meaning in zip(names, meanings, strict=True):
    if meaning.is_plain:
      other = next(n for n in names if not folder_names.read(n).is_plain)
      raise UserError(
        f'{place.folder / name}: a split, a folder of files or a class? '
        f'{other} beside it is none of the first two; if all are classes, pass '
        f'{place.flag(CLASSES)}; else move one of them'
      )
  return CLASSES


def choose(
  place: Place,
  folders: Sequence[pathlib.Path],
  level: str,
  domain: str | None,
  is_told: bool,
) -> list[Place]:
  """Returns what is listed of the folders in a place, which are no classes.

  Args:
    place: that the folders are in.
    folders: of the level, at least one.
    level: of `LEVELS`.
    domain: which one is listed where there are several, or None.
    is_told: whether the user said what the level is.

  Raises:
    UserError: they are something else, or may be read in several ways.
  """
  meanings = {path: folder_names.read(path.name) for path in folders}
  if level == 'images' and is_told:
    meanings = _images_alone(place, meanings)
  _refuse_other_files(place, meanings)
  inside: dict[str | None, list[Place]] = {}
  for path, of_domain in _of_domain(place, meanings, level, domain).items():
    split = meanings[path].split if level == 'splits' or not is_told else None
    if level == 'splits' and split is None:
      raise UserError(
        f'{path}: names no split; call it train, validation or test, or move it'
      )
    if place.split and split and split != place.split:
      raise UserError(
        f'{path}: a folder of {split} in one of {place.split}; move it, or, if '
        f'these are classes, pass {place.flag(CLASSES)}'
      )
    inside.setdefault(split, []).append(
      Place(
        path,
        (*place.above, level),
        split or place.split,
        of_domain or place.domain,
      )
    )
  for split, places in inside.items():
    if len(places) > 1 and not is_told:
      names = ' and '.join(each.folder.name for each in places)
      raise UserError(
        f'{place.folder}: {names} are both of {split or level}; to take all of '
        f'them, pass {place.flag(level)}; if they are classes, '
        f'{place.flag(CLASSES)}'
      )
  chosen = [each for places in inside.values() for each in places]
  if not is_told and level != 'domains':
    _tell(place, chosen, level)
  return chosen


def _images_alone(place, meanings):
  """Returns the folders of images; counts what the others hold."""
  kept = {path: m for path, m in meanings.items() if m.role == 'images'}
  if not kept:
    raise UserError(f'{place.folder}: no folder images in it')
  for path in meanings.keys() - kept.keys():
    count = sum(inside.is_file() for inside in path.rglob('*'))
    logging.warning('%s: left out, with %d files', path, count)
  return kept


def _refuse_other_files(place, meanings):
  """Raises where folders are named as of label maps, masks or annotations."""
  roles = {m.role for m in meanings.values()} - {None, 'images'}
  if not roles:
    return
  remedy = 'images with label maps are prepared by: prepare_data segmentation'
  if 'masks' in roles:
    remedy = 'list images and masks in a --csv with columns path, mask'
  if any(meaning.role == 'images' for meaning in meanings.values()):
    remedy += f'; to take the images alone pass {place.flag("images")}'
  raise UserError(
    f'{place.folder}: {", ".join(path.name for path in meanings)} are no '
    f'classes; {remedy}; if they are, pass {place.flag(CLASSES)}'
  )


def _of_domain(
  place: Place,
  meanings: Mapping[pathlib.Path, Meaning],
  level: str,
  domain: str | None,
) -> dict[pathlib.Path, str | None]:
  """Returns the folders that are listed, and their domains."""
  of = {
    path: meaning.domain or (path.name if level == 'domains' else None)
    for path, meaning in meanings.items()
  }
  there = sorted({name for name in of.values() if name})
  if len(there) < 2 and domain is None:
    return of
  wanted = [name for name in there if name.casefold() == str(domain).casefold()]
  if not there or wanted:
    return {path: name for path, name in of.items() if name in (None, *wanted)}
  names = [name.upper() if len(name) == 1 else name for name in there]
  raise UserError(
    f'{place.folder}: has folders of {" and ".join(names)}, which are domains: '
    f'prepare one at a time, as with --domain={names[0]}; if they are classes, '
    f'pass {place.flag(CLASSES)}'
  )


def _tell(place, chosen, level):
  """Logs what folders are taken for, where their names are not that word."""
  taken = [
    f'{each.folder.name} as '
    + (each.split if level == 'splits' else 'a folder of images')
    for each in chosen
    if each.folder.name != each.split
  ]
  if taken:
    logging.info(
      '%s: taking %s, not as a class (--folders=... says otherwise)',
      *(place.folder, ', '.join(taken)),
    )
