"""The published files of MNIST-M: PNG images and lists of their labels.

`mnist_m_train/00000000.png`, ..., with `mnist_m_train_labels.txt`, whose lines
are `00000000.png 5`; likewise `mnist_m_test`.
"""

import pathlib
from collections.abc import Iterator
from typing import NamedTuple

from pixelda_tf.datasets import files, image_files, suffixes
from pixelda_tf.errors import UserError

SIZE = 32
SPLITS = ('train', 'test')
FOLDER = 'mnist_m'


class Listing(NamedTuple):
  """A split: its name, label file, and the images and labels it lists."""

  split: str
  labels_file: pathlib.Path
  images: list[pathlib.Path]
  labels: list[int]


def find(manual_dir: pathlib.Path | None) -> list[Listing]:
  """Returns what the label files in `manual_dir`, or its `mnist_m/`, list.

  Raises:
    UserError: a file or folder is missing, a line is not `NAME.png DIGIT`, an
      image is listed twice, or is there but not listed.
  """
  if manual_dir is None:
    raise UserError(
      'mnistm/files: name the folder of mnist_m_train/, mnist_m_test/ and '
      'their label files with --manual_dir'
    )
  folder = files.check_directory(manual_dir, '--manual_dir')
  if (folder / FOLDER).is_dir():
    folder = folder / FOLDER
  return [_read_listing(folder, split) for split in SPLITS]


def examples(listing: Listing) -> Iterator[dict]:
  """Yields `image` uint8 [32, 32, 3] and `label` of a split."""
  for path, label in zip(listing.images, listing.labels, strict=True):
    size, _ = image_files.form(path)
    if size != (SIZE, SIZE):
      raise UserError(
        f'{path}: {size[1]}x{size[0]} pixels, MNIST-M as published has '
        f'{SIZE}x{SIZE}'
      )
    yield {'image': image_files.read(path, size, 'RGB'), 'label': label}


def _read_listing(folder, split):
  images_dir = folder / f'mnist_m_{split}'
  labels_file = folder / f'mnist_m_{split}_labels.txt'
  if not images_dir.is_dir():
    raise UserError(f'{images_dir}: no such folder; it holds the PNG images')
  labels = {}
  for number, line in enumerate(_lines(labels_file), start=1):
    name, _, label = line.strip().partition(' ')
    if not name.endswith('.png') or label not in set('0123456789'):
      raise UserError(
        f'{labels_file}: line {number} is {line!r}, expected a name and a '
        'digit, as 00000000.png 5'
      )
    if name in labels:
      raise UserError(f'{labels_file}: line {number} lists {name} again')
    labels[name] = int(label)
  stored = {
    path.name for path in images_dir.iterdir() if suffixes.is_image(path)
  }
  for names, problem in (
    (labels.keys() - stored, f'listed in {labels_file}, but not there'),
    (stored - labels.keys(), f'not listed in {labels_file}'),
  ):
    if names:
      raise UserError(
        f'{images_dir / min(names)}: {problem} (and {len(names) - 1} more); '
        'fetch or copy the set again'
      )
  paths = [images_dir / name for name in labels]
  return Listing(split, labels_file, paths, list(labels.values()))


def _lines(path):
  try:
    lines = path.read_text().splitlines()
  except FileNotFoundError as error:
    raise UserError(
      f'{path}: no such file; its lines are as 00000000.png 5'
    ) from error
  except (OSError, UnicodeError) as error:
    raise UserError(f'{path}: cannot be read as text: {error}') from error
  lines = [line for line in lines if line.strip()]
  if not lines:
    raise UserError(f'{path}: lists no images')
  return lines
