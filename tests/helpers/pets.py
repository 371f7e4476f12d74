"""Folders of random photographs of classes, as users have them."""

import numpy as np
from PIL import Image

from pixelda_tf import datasets

SPLITS = {'train': 3, 'test': 2}


def write(folder, classes=('cat', 'dog'), splits=SPLITS, size=(4, 4), seed=0):
  """Writes PNG files below a folder, and returns it.

  Args:
    folder: `pathlib.Path`.
    classes: names of folders.
    splits: dict of names of folders to the number of images of each class.
    size: (height, width).
    seed: of the images.
  """
  random = np.random.default_rng(seed)
  for split, count in splits.items():
    for name in classes:
      target = folder / split / name
      target.mkdir(parents=True)
      for number in range(count):
        image = random.integers(256, size=(*size, 3), dtype=np.uint8)
        Image.fromarray(image).save(target / f'{number}.png')
  return folder


def prepare(name, folder, data_dir, **options):
  """Prepares what `write` wrote as a data set."""
  return datasets.prepare(
    'images', name=name, manual_dir=folder, data_dir=data_dir, **options
  )
