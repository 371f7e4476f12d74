"""Which files of a folder are images, by their names."""

import collections
import functools
import pathlib

from absl import logging
from PIL import Image, ImageFile

# Pillow knows MPEG when it sees it, and reads no pixel; PostScript (EPS) is a
# program, which it gives to Ghostscript.
_NOT_READ = ('MPEG', 'EPS')


@functools.cache
def formats() -> tuple[str, ...]:
  """Returns Pillow's names of the formats that it reads by itself."""
  Image.init()
  return tuple(
    name
    for name, (factory, _) in Image.OPEN.items()
    if name not in _NOT_READ
    and not (
      isinstance(factory, type)
      and issubclass(factory, ImageFile.StubImageFile)  # Needs a plug-in.
    )
  )


@functools.cache
def of_images() -> frozenset[str]:
  """Returns the suffixes, in lower case, of the formats that Pillow reads."""
  read = formats()  # Which lets Pillow find its formats, and their suffixes.
  return frozenset(
    suffix for suffix, name in Image.EXTENSION.items() if name in read
  )


def is_image(path: pathlib.Path) -> bool:
  """Whether a file's name says that it is an image; hidden ones are none."""
  return path.suffix.lower() in of_images() and not path.name.startswith('.')


def tell_others(folder: pathlib.Path) -> None:
  """Logs how many files below a folder are left out, and what they are.

  Hidden files and folders are nobody's images: they are not counted.
  """
  others: dict[str, list[str]] = collections.defaultdict(list)
  n_files = 0
  for path in sorted(folder.rglob('*')):
    name = path.relative_to(folder)
    if not path.is_file() or any(part.startswith('.') for part in name.parts):
      continue
    n_files += 1
    if not is_image(path):
      others[path.suffix.lower()].append(name.as_posix())
  if others:
    kinds = ', '.join(
      f'{suffix or "without suffix"} {len(names)} (as {names[0]})'
      for suffix, names in sorted(others.items())
    )
    logging.warning(
      '%s: %d of %d files are left out, which are no images that Pillow reads, '
      'by their names: %s',
      folder,
      sum(map(len, others.values())),
      n_files,
      kinds,
    )
