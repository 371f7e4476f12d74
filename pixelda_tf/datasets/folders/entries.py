"""A user's images as entries: what each is called, its label and split."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterable, Sequence

from pixelda_tf.datasets import names
from pixelda_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Entry:
  """One image of a user.

  Attributes:
    key: its name, unique in the data set: the path below the folder, or as the
      CSV gives it; in NFC, as `label`.
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

  def __post_init__(self):
    """Brings the names to one form."""
    object.__setattr__(self, 'key', names.nfc(self.key))
    object.__setattr__(self, 'label', names.nfc(self.label))


def check_splits(
  entries: Iterable[Entry], place: str | pathlib.Path | None
) -> None:
  """Checks that splits agree: all labelled or none, no class in test alone.

  Nor may a file be of two classes or splits, or two files of one name.
  """
  entries = list(entries)
  _check_files(entries)
  labels: dict[str, set[str | None]] = {}
  for entry in entries:
    labels.setdefault(entry.split, set()).add(entry.label)
  if 'train' not in labels:
    raise UserError(f'{place}: no image is in the split train')
  for split, of_split in labels.items():
    if (None in of_split) != (None in labels['train']):
      raise UserError(
        f'{place}: only one of train and {split} has classes; give both '
        'subfolders of classes, or neither'
      )
    for name in of_split:
      if name is not None and not name.isprintable():
        raise UserError(f'{place}: class {name!r} is no printable name')
      if name is not None and names.is_missing(name):
        raise UserError(
          f'{place}: class {name!r} stands for a missing label; name the '
          'class, or leave its images out'
        )
    unknown = sorted(filter(None, of_split - labels['train']))
    if unknown:
      raise UserError(
        f'{place}: split {split} has class {unknown[0]!r}, train has not'
      )


def _check_files(entries):
  """Raises UserError where names or files are there twice."""
  by_key: dict[str, Entry] = {}
  by_file: dict[pathlib.Path, Entry] = {}
  for entry in entries:
    other = by_key.setdefault(entry.key, entry)
    if other is not entry:
      raise UserError(
        f'{entry.path}: has the name of {other.path}, in another form of '
        'Unicode; rename one'
      )
    other = by_file.setdefault(entry.path.resolve(), entry)
    if (other.label, other.split) != (entry.label, entry.split):
      raise UserError(
        f'{entry.path}: is the file {other.path}, which is of another class or '
        'split; leave one out'
      )


def hold_out(entries: list[Entry], test_fraction: float) -> list[Entry]:
  """Moves a share of each class from `train` to a new split `test`.

  Which images depends on their names alone. One at least stays of each class.
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
  takes_all = True
  for members in by_class.values():
    members.sort(key=lambda e: hashlib.sha256(e.key.encode()).digest())
    count = round(test_fraction * len(members))
    takes_all &= count == len(members)
    held_out.update(e.key for e in members[: min(count, len(members) - 1)])
  if takes_all or not held_out:
    n_training = sum(entry.split == 'train' for entry in entries)
    what = 'large' if takes_all else 'small'
    why = 'keep one for training' if takes_all else 'hold one out'
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
  return names.in_order({entry.label for entry in entries if entry.label})
