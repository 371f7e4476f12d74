"""Which class an id or colour in a label map file means."""

import dataclasses
import pathlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from pixelda_tf.datasets.segmentation import label_files
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE

# Labels are stored in 8 bits, of which one value is ignored.
MOST_CLASSES = IGNORE


@dataclasses.dataclass(frozen=True)
class Coding:
  """Form of label map files, and the classes that their codes mean.

  Attributes:
    form: of `label_files.FORMS`.
    class_names: by label.
    labels: label, or `IGNORE`, by code; None where all codes are classes, which
      are named when all files were seen.
    published: see `label_files.read`.
  """

  form: str
  class_names: tuple[str, ...]
  labels: Mapping[int, int] | None
  published: bool = True

  def read(self, path: pathlib.Path) -> np.ndarray:
    """Returns the codes of a file; see `label_files.read`.

    Raises:
      UserError: also for a code that no class has.
    """
    codes = label_files.read(path, self.form, self.published)
    if self.labels is not None:
      self._check(path, codes, self.labels)
    elif self.form == 'colours':
      label_files.check_edges(path, codes)
    return codes

  def to_labels(self, codes: np.ndarray) -> np.ndarray:
    """Returns uint8 labels of codes that all are in `labels`."""
    assert self.labels is not None
    known = np.array(sorted(self.labels), np.uint32)
    labels = np.array([self.labels[code] for code in known.tolist()], np.uint8)
    return labels[np.searchsorted(known, codes)]

  def colours(self) -> list[tuple[int, int, int]] | None:
    """Returns the first colour of each class, None where codes are ids."""
    if self.form != 'colours' or self.labels is None:
      return None
    first: dict[int, int] = {}
    for code, label in self.labels.items():
      first.setdefault(label, code)
    return [
      label_files.colour(first[label]) for label in range(len(self.class_names))
    ]

  def reading(self) -> bytes:
    """Returns what tells one user's coding from another's."""
    if self.published:
      return b''
    labels = None if self.labels is None else sorted(self.labels.items())
    return repr((self.form, self.class_names, labels)).encode()

  def merged(self) -> dict[str, str]:
    """Returns the codes of each class that has several, by its name."""
    codes: dict[str, list[str]] = {}
    for code, label in (self.labels or {}).items():
      if label != IGNORE:
        text = label_files.text(code, self.form)
        codes.setdefault(self.class_names[label], []).append(text)
    return {
      name: ', '.join(of_class)
      for name, of_class in codes.items()
      if len(of_class) > 1
    }

  def with_classes_of(
    self, codes: Mapping[pathlib.Path, Collection[int]]
  ) -> 'Coding':
    """Returns this coding, with a class for each code found if it has none.

    Args:
      codes: those of each file.

    Raises:
      UserError: these are too few or too many.
    """
    if self.labels is not None:
      return self
    in_colours = self.form == 'colours'
    ignored = set() if in_colours else {IGNORE}
    used = sorted(set().union(*codes.values()) - ignored)
    if not 1 < len(used) <= MOST_CLASSES:
      path = max(codes, key=lambda path: len(codes[path]))
      what = 'colours' if in_colours else 'ids'
      raise UserError(
        f'{path}: has {len(set(codes[path]) - ignored)} of the {len(used)} '
        f'{what} of all label maps{"" if in_colours else ", without 255"}; 2 '
        f'to {MOST_CLASSES} can be classes: name them with --classes=FILE'
      )
    names = tuple(f'#{code:06x}' if in_colours else str(code) for code in used)
    return dataclasses.replace(
      self, class_names=names, labels=labels_of(self.form, used, names)
    )

  def _check(self, path, codes, known):
    unique, counts = np.unique(codes, return_counts=True)
    unknown = ~np.isin(unique, list(known))
    if not unknown.any():
      return
    n_codes, first = np.count_nonzero(unknown), int(unique[unknown][0])
    what = label_files.text(first, self.form)
    more = f' (and {n_codes - 1} more)' if n_codes > 1 else ''
    cause = ''
    if self.form == 'ids' and n_codes > 2:
      cause = 'JPEG or smoothed edges make such ids; '
    elif self.form == 'colours':
      cause = 'JPEG or smoothed edges make such colours; '
      if not (unique & 0xFFFF).any():
        cause = 'are these ids in the red channel, as CARLA writes them?; '
    remedy = 'put the published file there'
    if not self.published:
      remedy = 'add it to --classes, without a name if it is to be ignored'
    raise UserError(
      f'{path}: {what}{more} in {counts[unknown].sum()} pixels of the label '
      f'map, which no class has; {cause}{remedy}'
    )


def labels_of(
  form: str, codes: Sequence[int], names: Sequence[str]
) -> dict[int, int]:
  """Returns labels by code; those of the ids' forms ignore id 255, too.

  Args:
    form: of `label_files.FORMS`.
    codes: each once.
    names: of their classes, '' for what is ignored. A class may have several
      codes.
  """
  order = unique(names)
  labels = {} if form == 'colours' else {IGNORE: IGNORE}
  for code, name in zip(codes, names, strict=True):
    labels[code] = order.index(name) if name else IGNORE
  return labels


def unique(names: Iterable[str]) -> tuple[str, ...]:
  """Returns the names without '', each once, as they first come."""
  return tuple(dict.fromkeys(name for name in names if name))


def published(
  form: str, names: Mapping[int, str], ignored: Iterable[int] = ()
) -> Coding:
  """Returns the coding of a published data set.

  Args:
    form: of `label_files.FORMS`.
    names: of classes by code, in the order of their labels.
    ignored: codes that the files have beside.
  """
  codes = {**names, **dict.fromkeys(ignored, '')}
  return Coding(
    form,
    unique(names.values()),
    labels_of(form, tuple(codes), tuple(codes.values())),
  )
