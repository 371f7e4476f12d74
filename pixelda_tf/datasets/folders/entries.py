"""A user's images as entries: what each is called, its label and split."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterable, Sequence

from pixelda_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Entry:
  """One image of a user.

  Attributes:
    key: its name, unique in the data set: the path below the folder, or as the
      CSV gives it.
    path: its file.
    label: the name of its class, or None.
    split: one of `base.SPLITS`.
    mask: the file of its mask, or None.
    label_map: the file of its label map, or None.
  """

  key: str
  path: pathlib.Path
  label: str | None = None
  split: str = 'train'
  mask: pathlib.Path | None = None
  label_map: pathlib.Path | None = None


def check_splits(
  entries: Iterable[Entry], place: str | pathlib.Path | None
) -> None:
  """Checks that splits agree: all labelled or none, no class in test alone."""
  labels: dict[str, set[str | None]] = {}
  for entry in entries:
    labels.setdefault(entry.split, set()).add(entry.label)
  if 'train' not in labels:
    raise UserError(f'{place}: no image is in the split train')
  for split, names in labels.items():
    if (None in names) != (None in labels['train']):
      raise UserError(
        f'{place}: only one of train and {split} has classes; give both '
        'subfolders of classes, or neither'
      )
    for name in names:
      if name is not None and not name.isprintable():
        raise UserError(f'{place}: class {name!r} is no printable name')
    unknown = sorted(filter(None, names - labels['train']))
    if unknown:
      raise UserError(
        f'{place}: split {split} has class {unknown[0]!r}, train has not'
      )


def hold_out(entries: list[Entry], test_fraction: float) -> list[Entry]:
  """Moves a share of each class from `train` to a new split `test`.

  Which images depends on their names alone.
  """
  if not 0 <= test_fraction < 1:
    raise UserError(f'--test_fraction={test_fraction}: must be in [0, 1)')
  if not test_fraction:
    return entries
  if any(entry.split == 'test' for entry in entries):
    raise UserError('--test_fraction: the images have a test split already')
  by_class: dict[str | None, list[Entry]] = {}
  for entry in entries:
    if entry.split == 'train':
      by_class.setdefault(entry.label, []).append(entry)
  held_out: set[str] = set()
  for members in by_class.values():
    members.sort(key=lambda e: hashlib.sha256(e.key.encode()).digest())
    held_out.update(
      e.key for e in members[: round(test_fraction * len(members))]
    )
  n_training = sum(entry.split == 'train' for entry in entries)
  if not 0 < len(held_out) < n_training:
    what = 'large' if held_out else 'small'
    why = 'keep one for training' if held_out else 'hold one out'
    raise UserError(
      f'--test_fraction={test_fraction}: too {what} a share of {n_training} '
      f'images to {why}'
    )
  return [
    dataclasses.replace(e, split='test') if e.key in held_out else e
    for e in entries
  ]


def class_names(entries: Sequence[Entry]) -> list[str] | None:
  """Returns the classes' names in the order of their labels, or None.

  Names that are numbers are in the order of the numbers, others of the text.
  """
  if entries[0].label is None:
    return None
  names = {entry.label for entry in entries if entry.label is not None}
  if all(name.isascii() and name.isdigit() for name in names):
    return sorted(names, key=lambda name: (int(name), name))
  return sorted(names)
