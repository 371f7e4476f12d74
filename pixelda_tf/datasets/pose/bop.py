"""A BOP set: objects cut out of annotated frames, with class and pose."""

import collections
import functools
import hashlib
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from pixelda_tf.datasets import base, executors, files
from pixelda_tf.datasets.pose import (
  bop_crops,
  bop_options,
  bop_scenes,
  bop_units,
)
from pixelda_tf.datasets.pose.bop_examples import Examples
from pixelda_tf.datasets.pose.bop_faults import Faults
from pixelda_tf.datasets.pose.bop_masks import Silhouettes
from pixelda_tf.errors import UserError

MAX_SHARDS = 16
SHARD_EXAMPLES = 500
# More shards than `MAX_SHARDS` where they would be larger: on Beam a worker
# holds one in memory.
LARGEST_SHARD = 20_000


class Bop(base.ImageBuilder):
  """Objects of a BOP set (https://bop.felk.cvut.cz), stored under a given name.

  An example is an object of a frame: 64x64 pixels, centred on where the model's
  origin is seen, that show a square of fixed metric size at its distance; RGB,
  and where all scenes have depth files a fourth channel, see
  `depth.normalize`. Depth and mask are taken at the nearest pixel.

  The pose is that of the frame's camera, as published. A crop beside the
  optical axis looks as if the object was turned by the angle of its ray, some
  25 degrees at most in common cameras; `allocentric` stores the pose relative
  to the ray, which is what the crop shows.

  Masks that are not in `mask_visib/` are rendered: an object's pixels that no
  other annotated object of the frame hides.

  All files are read twice: to find and count what has to be left out, and to
  write.
  """

  name = 'bop'
  ORDERED = False

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    name: str,
    manual_dir: str | pathlib.Path | None = None,
    bop_splits: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    crop_metres: float = 0.195,
    min_visibility: float = 0.5,
    masks: bool = True,
    depth: bool = True,
    allocentric: bool = False,
    test_fraction: float = 0.0,
    skip_bad: bool = False,
    config: str | None = None,
    executor: executors.Executor = executors.LOCAL,
  ):
    """Reads the set, and finds what has to be left out.

    Args:
      data_dir: where the data set is written.
      name: what it is stored as.
      manual_dir: folder of the BOP set: models/ and split folders of scenes.
      bop_splits: see `bop_options.split_folders`.
      names: see `bop_options.class_names`.
      crop_metres: side of the square that a crop shows; 0.195 is that of
        cropped LineMod.
      min_visibility: fraction of an object, in [0, 1], that has to be seen.
        Where `scene_gt_info.json` does not tell, it is rendered as masks are.
      masks: whether to store masks.
      depth: whether to store depth, where the set has it.
      allocentric: whether poses are relative to the ray to the object.
      test_fraction: fraction of the training frames to hold out as test split.
      skip_bad: whether to leave out what is wrong, counted, rather than stop.
      config: must be None.
      executor: see `ImageBuilder`.

    Raises:
      UserError: an option or something in the set is wrong, or a split is left
        without an object.
    """
    self.name = name
    if manual_dir is None:
      raise UserError('which BOP set? give its folder with --manual_dir')
    manual_dir = files.check_directory(manual_dir, '--manual_dir')
    if not 0 < crop_metres <= 100:
      raise UserError(f'--crop_metres={crop_metres}: must be in (0, 100]')
    if not 0 <= min_visibility <= 1:
      raise UserError(f'--min_visibility={min_visibility}: must be in [0, 1]')
    models = bop_options.find_models(manual_dir)
    self._class_names = bop_options.class_names(names, models)
    self._skip_bad = skip_bad
    self._masks = masks
    faults = Faults(skip_bad)
    folders = bop_options.split_folders(manual_dir, bop_splits, test_fraction)
    self._frames = bop_options.hold_out(
      _read_frames(folders, models, faults), test_fraction
    )
    all_frames = [frame for part in self._frames.values() for frame in part]
    self._depth = depth and all(frame.depth for frame in all_frames)
    diameters = bop_units.diameters(models, all_frames)
    bop_units.check_positions(manual_dir, all_frames, diameters, crop_metres)
    self._examples = Examples(
      silhouettes=Silhouettes(models),
      class_names=self._class_names,
      diameters=diameters,
      crop_metres=crop_metres,
      min_visibility=min_visibility,
      masks=masks,
      depth=self._depth,
      allocentric=allocentric,
    )
    self._how = (
      f'{crop_metres:g} m a side around the objects of the BOP set '
      f'{manual_dir.resolve().name}, folders '
      f'{", ".join(f"{path.name} ({split})" for split, path in folders)}; '
      f'poses relative to the {"ray" if allocentric else "camera"}'
    )
    self._counts, self._digest, views = self._survey(executor, faults)
    bop_units.check_views(manual_dir, views)
    outside = sum(view.inside < 0.5 for view in views)
    self.noted = {
      'crops_outside': (outside, len(views)),
      'duplicates': files.duplicates([frame.image for frame in all_frames]),
    }
    self._left_out = str(faults)
    logging.info('%s: left out: %s', name, faults)
    smallest = min(self._counts.values())
    wanted = min(MAX_SHARDS, smallest // SHARD_EXAMPLES)
    largest = max(self._counts.values())
    self.num_shards = max(
      1, min(smallest, max(wanted, largest // LARGEST_SHARD))
    )
    super().__init__(
      data_dir=data_dir, manual_dir=manual_dir, config=config, executor=executor
    )

  def _survey(self, executor, faults):
    """Returns the examples' numbers by split, their digest and views."""
    counts: collections.Counter[str] = collections.Counter()
    digest = hashlib.sha256()
    views: list[bop_units.View] = []
    survey = functools.partial(_survey, self._examples, self._skip_bad)
    for split, frames in self._frames.items():
      title = f'{self.name} {split}, checking'
      for part, of_frame, seen in executor.map(title, survey, frames):
        counts[split] += len(seen)
        views += seen
        digest.update(part)
        faults.counts.update(of_frame)
      if not counts[split]:
        raise UserError(
          f'--manual_dir: no object is left in the split {split}; left out: '
          f'{faults}; lower --min_visibility or choose other --bop_splits'
        )
    return counts, digest.hexdigest(), views

  def _info(self):
    return self.image_info(
      shape=(bop_crops.SIZE, bop_crops.SIZE, 4 if self._depth else 3),
      class_names=self._class_names.values(),
      fields=('label', 'pose', *(['mask'] if self._masks else [])),
      description=(
        f'{sum(self._counts.values())} crops, {self._how}. Left out: '
        f'{self._left_out}. Digest (SHA-256) of the examples: {self._digest}.'
      ),
      citation='Hodan et al.: BOP: Benchmark for 6D object pose estimation. '
      'ECCV, 2018.',
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    return {split: self._examples_of(split) for split in self._frames}

  def _examples_of(self, split):
    return self.executor.examples(
      f'{self.name} {split}',
      functools.partial(_of_frame, self._examples, self._skip_bad),
      self._frames[split],
    )


def _of_frame(examples, skip_bad, frame):
  """Returns a frame's (key, example); faults are counted already."""
  return examples.of_frame(frame, Faults(skip_bad))


def _survey(examples, skip_bad, frame):
  """Returns the digest of a frame's examples, the faults, and the views."""
  faults, digest = Faults(skip_bad), hashlib.sha256()
  views: list[bop_units.View] = []
  for key, example in examples.of_frame(frame, faults, views):
    digest.update(f'{key}\0{example.pop("label")}\0'.encode())
    for _, values in sorted(example.items()):
      digest.update(np.ascontiguousarray(values).data)
  return digest.digest(), faults.counts, views


def _read_frames(folders, models, faults):
  """Returns a dict of split to list of `Frame`."""
  frames: dict[str, list[bop_scenes.Frame]] = {}
  for split in base.SPLITS:
    for path in (path for name, path in folders if name == split):
      scenes = [scene for scene in sorted(path.iterdir()) if scene.is_dir()]
      scenes = [scene for scene in scenes if scene.name.isdigit()]
      if not scenes:
        raise UserError(f'{path}: no scene folder, such as 000001, in it')
      for scene in scenes:
        of_scene = bop_scenes.read_scene(scene, models, faults)
        frames.setdefault(split, []).extend(of_scene)
  return frames
