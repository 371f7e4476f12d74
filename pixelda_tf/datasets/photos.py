"""Photographs: a user's own, and the two that come with scikit-learn."""

import pathlib

import numpy as np
from PIL import Image

from pixelda_tf.datasets import files, suffixes
from pixelda_tf.errors import UserError

FOLDERS = (
  'photos',
  'bsds500/train',
  'BSDS500/data/images/train',
  'BSR/BSDS500/data/images/train',
)


def find(
  manual_dir: str | pathlib.Path | None, photos_dir: str | pathlib.Path | None
) -> list[pathlib.Path]:
  """Returns the photos' paths, sorted by file name."""
  if photos_dir is not None:
    folder = files.check_directory(photos_dir, '--photos_dir')
  else:
    if manual_dir is None:
      raise UserError(
        'mnistm needs photographs: name a folder of them with --photos_dir '
        '(the images/train folder of BSDS500)'
      )
    manual_dir = files.check_directory(manual_dir, '--manual_dir')
    folders = [manual_dir / name for name in FOLDERS]
    folder = next((path for path in folders if path.is_dir()), None)
    if folder is None:
      raise UserError(
        f'{manual_dir}: no photographs: --manual_dir has none of the folders '
        f'{", ".join(FOLDERS)}; name one with --photos_dir'
      )
  photos = [
    path
    for path in pathlib.Path(folder).rglob('*')
    if suffixes.is_image(path) and path.is_file()
  ]
  suffixes.tell_others(folder)
  if not photos:
    raise UserError(f'{folder}: holds no photographs (as .jpg or .png)')
  return sorted(photos, key=lambda path: (path.name, str(path)))


def read(path: pathlib.Path, size: int) -> np.ndarray:
  """Returns a photo as uint8 [height, width, 3], at least `size` a side."""
  try:
    with Image.open(path, formats=suffixes.formats()) as image:
      photo = np.asarray(image.convert('RGB'))
  except (OSError, ValueError, SyntaxError) as error:
    raise UserError(f'{path}: not a readable photograph: {error}') from error
  if min(photo.shape[:2]) < size:
    raise UserError(
      f'{path}: {photo.shape[1]}x{photo.shape[0]} pixels, too small for a crop '
      f'of {size}x{size}'
    )
  return photo


def load_sample() -> list[np.ndarray]:
  """Returns scikit-learn's two photos at half size.

  Half size gives a 16x16 crop about the fraction of a photo that a 28x28 crop
  has of a BSDS500 photo.

  Returns:
    list of uint8 [213, 320, 3].
  """
  from sklearn.datasets import load_sample_images

  photos = []
  for photo in load_sample_images().images:
    height, width = photo.shape[0] // 2, photo.shape[1] // 2
    half = photo[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    photos.append(np.round(half.mean(axis=(1, 3))).astype(np.uint8))
  return photos
