"""MNIST-M, regenerated from MNIST and BSDS500 photographs."""

import dataclasses
import functools
import hashlib
import pathlib

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from pixelda_tf.data.builders import base, blending, files, mnist
from pixelda_tf.errors import UserError

SIZE = 28
SUFFIXES = ('.jpg', '.jpeg', '.png')
PHOTO_FOLDERS = (
  'photos',
  'bsds500/train',
  'BSDS500/data/images/train',
  'BSR/BSDS500/data/images/train',
)


@dataclasses.dataclass
class MnistmConfig(tfds.core.BuilderConfig):
  """How many digits of MNIST are taken: the first so many of each split."""

  n_train: int = 0
  n_test: int = 0


class Mnistm(base.ImageBuilder, skip_registration=True):
  """MNIST-M: coloured 28x28 digits on photo crops."""

  name = 'mnistm'
  num_shards = 8
  BUILDER_CONFIGS = [
    MnistmConfig(name='published', n_train=59001, n_test=9001),
    MnistmConfig(name='full', n_train=60000, n_test=10000),
  ]
  NAMED_SPLITS = {
    'paper_train': 'train[:58001]',
    'paper_validation': 'train[58001:59001]',
  }

  def __init__(
    self, *, data_dir, manual_dir=None, photos_dir=None, seed=0, config=None
  ):
    """Makes the builder.

    Args:
      data_dir: where the data set is written.
      manual_dir: holds MNIST's four files (or `mnist/` with them), and the
        photos in one of `PHOTO_FOLDERS` where `photos_dir` is None.
      photos_dir: folder of photographs, searched with its subfolders.
      seed: decides every crop.
      config: 'published' (59,001 and 9,001) or 'full' (60,000 and 10,000).
    """
    self._photos_dir = photos_dir
    self._seed = seed
    super().__init__(data_dir=data_dir, manual_dir=manual_dir, config=config)

  @functools.cached_property
  def _photo_files(self):
    return find_photos(self.manual_dir, self._photos_dir)

  def _info(self):
    config = self.builder_config
    names = [path.name for path in self._photo_files]
    return self.image_info(
      shape=(SIZE, SIZE, 3),
      class_names=base.DIGIT_NAMES,
      description=(
        'MNIST-M regenerated: |digit - photo crop| per channel. Digits: the '
        f'first {config.n_train} of MNIST train and the first {config.n_test} '
        'of MNIST test, in the order of the files. Crops: a 28x28 square at a '
        f'random place of a random one of {len(names)} photos, the same photos '
        f'for train and test; drawn from numpy SeedSequence((seed, split, '
        f'index)) with seed {self._seed}, split 0 for train and 1 for test, '
        'photos sorted by file name. Digest (SHA-256) of the photos: '
        f'{photo_digest(self._photo_files)}.'
      ),
      citation='Ganin et al.: Domain-adversarial training of neural networks. '
      'JMLR, 2016. Photographs: Arbelaez et al.: Contour detection and '
      'hierarchical image segmentation. IEEE TPAMI, 2011.',
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    paths = files.locate(
      mnist.FILES, self.manual_dir, ('mnist',), dl_manager, mnist.URL
    )
    config = self.builder_config
    digits = mnist.read(paths)
    photos = [read_photo(path) for path in self._photo_files]
    return {
      split: self._generate_examples(
        split, self._blended(split, count, *digits[split], photos), total=count
      )
      for split, count in (('train', config.n_train), ('test', config.n_test))
    }

  def _blended(self, split, count, images, labels, photos):
    if count > len(images):
      raise UserError(
        f'mnistm/{self.builder_config.name} needs {count} {split} digits, '
        f'MNIST in {self.manual_dir} has {len(images)}'
      )
    split_key = ('train', 'test').index(split)
    for index in range(count):
      background = blending.crop(photos, SIZE, self._seed, split_key, index)
      yield {
        'image': blending.blend(images[index][..., None], background),
        'label': labels[index],
      }


def find_photos(manual_dir, photos_dir):
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
    folders = [manual_dir / name for name in PHOTO_FOLDERS]
    folder = next((path for path in folders if path.is_dir()), None)
    if folder is None:
      raise UserError(
        f'{manual_dir}: no photographs: --manual_dir has none of the folders '
        f'{", ".join(PHOTO_FOLDERS)}; name one with --photos_dir'
      )
  photos = [
    path
    for path in pathlib.Path(folder).rglob('*')
    if path.suffix.lower() in SUFFIXES and path.is_file()
  ]
  if not photos:
    raise UserError(f'{folder}: holds no {", ".join(SUFFIXES)} photographs')
  return sorted(photos, key=lambda path: (path.name, str(path)))


def photo_digest(paths):
  """Returns the SHA-256 of the files' names and bytes, in hex."""
  digest = hashlib.sha256()
  for path in paths:
    digest.update(path.name.encode())
    digest.update(hashlib.sha256(path.read_bytes()).digest())
  return digest.hexdigest()


def read_photo(path):
  """Returns a photo as uint8 [height, width, 3], at least 28 pixels a side."""
  try:
    with Image.open(path) as image:
      photo = np.asarray(image.convert('RGB'))
  except (OSError, ValueError, SyntaxError) as error:
    raise UserError(f'{path}: not a readable photograph: {error}') from error
  if min(photo.shape[:2]) < SIZE:
    raise UserError(
      f'{path}: {photo.shape[1]}x{photo.shape[0]} pixels, too small for a crop '
      f'of {SIZE}x{SIZE}'
    )
  return photo
