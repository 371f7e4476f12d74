"""Cropped LineMod: an object's images in folders, its poses in a text file."""

import functools
import hashlib
import pathlib
import re
from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, executors, files, image_files, suffixes
from pixelda_tf.datasets.names import in_order, is_missing, nfc
from pixelda_tf.datasets.pose import linemod_files
from pixelda_tf.errors import UserError

SIZE = (64, 64)
RENDERED = ('coarse', 'fine')
REAL = 'real'
MAX_SHARDS = 4
TRAINING_SPLIT = 'training_split.txt'
# An image's file and its pose, float32 `[4]`.
Entry = tuple[pathlib.Path, np.ndarray]


class LinemodCropped(base.ImageBuilder):
  """Cropped LineMod (Wohlhart and Lepetit, 2015): RGB, class and pose.

  Reads the images in `<set>/<object>/` with a `poses.txt` each. The config
  `synthetic` holds the sets coarse and fine, rendered on black, with masks;
  `real` the set real, whose `training_split.txt` lists the numbers of the
  training images: the other images are the test split.
  """

  name = 'linemod_cropped'
  ORDERED = False
  BUILDER_CONFIGS = [
    tfds.core.BuilderConfig(name='synthetic'),
    tfds.core.BuilderConfig(name='real'),
  ]

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    manual_dir: str | pathlib.Path | None = None,
    config: str | None = None,
    executor: executors.Executor = executors.LOCAL,
  ):
    """Reads the poses, and the images once for their digest.

    Args:
      data_dir: where the data set is written.
      manual_dir: folder of the sets.
      config: 'synthetic' or 'real'.
      executor: see `ImageBuilder`.

    Raises:
      UserError: a folder or pose is missing or wrong.
    """
    if manual_dir is None:
      raise UserError(
        f'{self.name} is not downloaded: name the folder of its sets with '
        '--manual_dir'
      )
    manual_dir = files.check_directory(manual_dir, '--manual_dir')
    sets = (REAL,) if config == REAL else RENDERED
    entries = list_sets(manual_dir, sets)
    self._class_names = in_order({_class_of(path) for path, _ in entries})
    self.noted = {'duplicates': files.duplicates([path for path, _ in entries])}
    self._splits = {'train': entries}
    if config == REAL:
      self._splits = split_real(entries, manual_dir / REAL / TRAINING_SPLIT)
    self.num_shards = min(MAX_SHARDS, *map(len, self._splits.values()))
    paths = [path for path, _ in entries]
    digests = executor.map(f'{self.name} checking', _file_digest, paths)
    self._digest = _digest(self._splits, dict(zip(paths, digests, strict=True)))
    super().__init__(
      data_dir=data_dir, manual_dir=manual_dir, config=config, executor=executor
    )

  def _info(self):
    rendered = self.builder_config.name == 'synthetic'
    return self.image_info(
      shape=(*SIZE, 3),
      class_names=self._class_names,
      fields=('label', 'pose', *(['mask'] if rendered else [])),
      description=f'Cropped LineMod, {self.builder_config.name} images of '
      f'{len(self._class_names)} objects, {SIZE[0]}x{SIZE[1]} RGB, with poses. '
      'Digest (SHA-256) of splits, names, poses and bytes: '
      f'{self._digest}.',
      citation='Wohlhart, Lepetit: Learning descriptors for object recognition '
      'and 3D pose estimation. CVPR, 2015. Hinterstoisser et al.: Model based '
      'training, detection and pose estimation of texture-less 3D objects in '
      'heavily cluttered scenes. ACCV, 2012.',
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    return {
      split: self._examples_of(split, entries)
      for split, entries in self._splits.items()
    }

  def _examples_of(self, split, entries):
    is_rendered = self.builder_config.name == 'synthetic'
    return self.executor.examples(
      f'{self.name} {split}', functools.partial(_examples, is_rendered), entries
    )


def _class_of(path):
  return nfc(path.parent.name)


def _examples(is_rendered, entry):
  """Returns the only (key, example) of a (path, pose), in a list."""
  path, pose = entry
  image = image_files.read(path, SIZE, 'RGB')
  example = {'image': image, 'label': _class_of(path), 'pose': pose}
  if is_rendered:
    example['mask'] = image_files.silhouette(image)
  return [(nfc('/'.join(path.parts[-3:])), example)]


def list_sets(manual_dir: pathlib.Path, sets: Sequence[str]) -> list[Entry]:
  """Returns (path, pose) of every image of the sets that are there.

  Args:
    manual_dir: folder of the sets.
    sets: names of folders, of which one at least has to be there.

  Raises:
    UserError: no set is there, a set has no object, or see `read_object`.
  """
  folders = [manual_dir / name for name in sets if (manual_dir / name).is_dir()]
  if not folders:
    raise UserError(
      f'{manual_dir}: no folder {" or ".join(sets)}; --manual_dir has to hold '
      f'<set>/<object>/ of images, with a {linemod_files.POSES} for each object'
    )
  entries = []
  for folder in folders:
    objects = sorted(path for path in folder.iterdir() if path.is_dir())
    if not objects:
      raise UserError(f'{folder}: no folder of an object in it')
    named: dict[str, pathlib.Path] = {}
    for path in objects:
      other = named.setdefault(nfc(path.name), path)
      if other is not path or is_missing(path.name):
        raise UserError(
          f'{path}: has the name of another object, in another form of '
          'Unicode, or one that stands for nothing; rename it'
        )
    for path in objects:
      entries += read_object(path)
  return entries


def read_object(folder: pathlib.Path) -> list[Entry]:
  """Returns (path, pose) of the images of one object's folder, sorted.

  Raises:
    UserError: an image without a pose, a pose without an image, or see
      `linemod_files.read_poses`.
  """
  path = folder / linemod_files.POSES
  if not path.is_file():
    raise UserError(f"{path}: no such file; it has to give the images' poses")
  poses = linemod_files.read_poses(path)
  images: dict[str, pathlib.Path] = {}
  for image in sorted(folder.iterdir()):
    if suffixes.is_image(image) and image.is_file():
      other = images.setdefault(nfc(image.name), image)
      if other is not image:
        raise UserError(f'{image}: has the name of {other}; rename one')
  for name, image in images.items():
    if not re.search(r'\d$', image.stem):
      raise UserError(f'{folder / name}: its name has to end in a number')
    if name not in poses:
      raise UserError(f'{path}: no pose of {name}; add it or remove the image')
  for name in poses:
    if name not in images:
      raise UserError(
        f'{folder / name}: no such file, but {linemod_files.POSES} has its pose'
      )
  if not images:
    raise UserError(f'{folder}: holds no images (as .png)')
  return [(image, poses[name]) for name, image in images.items()]


def split_real(
  entries: Iterable[Entry], path: pathlib.Path
) -> dict[str, list[Entry]]:
  """Returns {'train', 'test'} of (path, pose).

  Args:
    entries: (path, pose) of images whose names end in a number.
    path: the file that lists the numbers of the training images.

  Raises:
    UserError: the file is missing or wrong, or leaves a split without images.
  """
  numbers = linemod_files.read_training_split(path)
  splits: dict[str, list[Entry]] = {'train': [], 'test': []}
  for entry in entries:
    number = re.search(r'\d+$', entry[0].stem)
    is_train = number is not None and int(number.group()) in numbers
    splits['train' if is_train else 'test'].append(entry)
  for split, of_split in splits.items():
    if not of_split:
      raise UserError(f'{path}: leaves no image for {split}')
  return splits


def _file_digest(path):
  return hashlib.sha256(path.read_bytes()).digest()


def _digest(splits, file_digests):
  digest = hashlib.sha256()
  for split, entries in splits.items():
    digest.update(split.encode())
    for path, pose in entries:
      digest.update('/'.join(path.parts[-3:]).encode())
      digest.update(pose.tobytes())
      digest.update(file_digests[path])
  return digest.hexdigest()
