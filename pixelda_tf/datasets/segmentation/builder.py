"""What the builders of images with label maps share."""

import collections
import functools
import hashlib
import io
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from PIL import Image

from pixelda_tf.datasets import base, executors, files, image_files
from pixelda_tf.datasets.folders import images
from pixelda_tf.datasets.folders.entries import Entry
from pixelda_tf.datasets.segmentation import label_files
from pixelda_tf.datasets.segmentation.coding import Coding
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE


class LabelMapBuilder(base.ImageBuilder):
  """Images of one size with label maps, files listed by a subclass.

  Label maps are stored as labels 0 to the number of classes - 1, and 255 for
  what is ignored. A split of which no image has a label map is ignored as a
  whole; where that goes for all splits, none are stored.

  All files are read twice: to check them, and to write.

  Attributes:
    PUBLISHED: number of images of the published splits, where it is known.
    LEAVES_OUT: whether images or label maps of another size than most are left
      out and counted, rather than refused.
  """

  ORDERED = False
  PUBLISHED: Mapping[str, int] = {}
  LEAVES_OUT = False

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    manual_dir: str | pathlib.Path | None,
    listed: Sequence[Entry],
    coding: Coding,
    how: str,
    citation: str | None = None,
    resize: tuple[int, int] | None = None,
    config: str | None = None,
    executor: executors.Executor = executors.LOCAL,
  ):
    """Reads all files once.

    Args:
      data_dir: where the data set is written.
      manual_dir: where the raw files are.
      listed: images with their splits and label maps, in the order in which
        they are stored where the builder is `ORDERED`.
      coding: of the label maps.
      how: what the data set is, for its description.
      citation: see `image_info`.
      resize: (height, width) that images are brought to, bilinearly, and label
        maps, by the nearest pixel; None demands that all have one size.
      config: see `ImageBuilder`.
      executor: see `ImageBuilder`.

    Raises:
      UserError: a file is missing or wrong.
    """
    survey = functools.partial(_survey, coding, self.LEAVES_OUT)
    surveyed = executor.map(f'{self.name} checking', survey, listed)
    self._left_out = 0
    if self.LEAVES_OUT:
      listed, surveyed, self._left_out = _of_usual_size(listed, surveyed)
    self._listed = list(listed)
    self.noted = {
      'duplicates': files.duplicates([entry.path for entry in self._listed])
    }
    self._size, self._mode = image_files.common_form(
      [entry.path for entry in listed],
      [survey.form for survey in surveyed],
      resize,
    )
    self._how, self._citation, self._resized = how, citation, resize is not None
    codes = {
      entry.label_map: survey.counts
      for entry, survey in zip(listed, surveyed, strict=True)
      if entry.label_map is not None
    }
    self._coding = coding.with_classes_of(codes) if codes else coding
    self._pixels = _pixels(self._coding, self._listed, codes)
    self._digest = images.digest_of(
      listed, [survey.digests for survey in surveyed], coding.reading()
    )
    self.num_shards = images.count_shards(
      sum(survey.n_bytes for survey in surveyed), listed
    )
    self._tell_counts()
    super().__init__(
      data_dir=data_dir, manual_dir=manual_dir, config=config, executor=executor
    )

  def _tell_counts(self):
    counts = collections.Counter(entry.split for entry in self._listed)
    for split, count in self.PUBLISHED.items():
      if split in counts and counts[split] + self._left_out != count:
        logging.warning(
          '%s: %d images in %s, the published set has %d',
          *(self.name, counts[split] + self._left_out, split, count),
        )
    if self._left_out:
      logging.warning(
        '%s: left out %d images, which have another size than most, or than '
        'their label maps',
        *(self.name, self._left_out),
      )

  def _info(self):
    height, width = self._size
    size = 'resized to' if self._resized else 'as they are,'
    metadata: dict[str, Any] = {'pixels': self._pixels}
    published = self._coding.published
    if not published:
      metadata['merged'] = self._coding.merged()
    if self._left_out:
      metadata['left_out'] = self._left_out
    left_out = f' Left out: {self._left_out} of another size.'
    of = 'splits and bytes' if published else 'splits, bytes and classes'
    return self.image_info(
      shape=(height, width, 1 if self._mode == 'L' else 3),
      class_names=self._coding.class_names,
      fields=('segmentation',) if self._pixels else (),
      description=(
        f'{self._how} {len(self._listed)} images, {size} {height}x{width}, '
        f'label maps of: {", ".join(self._pixels) or "none"}.'
        f'{left_out if self._left_out else ""} Digest (SHA-256) of their '
        f'names, {of}: {self._digest}.'
      ),
      citation=self._citation,
      metadata=metadata,
      colours=self._coding.colours(),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    splits = dict.fromkeys(entry.split for entry in self._listed)
    return {split: self._examples_of(split) for split in splits}

  def _examples_of(self, split):
    of_split = [entry for entry in self._listed if entry.split == split]
    coding = self._coding if self._pixels else None
    make = functools.partial(_examples, self._size, self._mode, coding)
    keys = range(len(of_split)) if self.ORDERED else [e.key for e in of_split]
    items = list(zip(keys, of_split, strict=True))
    return self.executor.examples(f'{self.name} {split}', make, items)


class _Surveyed(NamedTuple):
  """An image's form, its label map's size, and what its files hold."""

  form: image_files.Form
  label_size: tuple[int, ...] | None
  n_bytes: int
  digests: list[bytes]
  counts: dict[int, int]


def _survey(coding, leaves_out, entry):
  """Reads the files of an entry; raises what is wrong with them."""
  form = image_files.form(entry.path)
  paths = [path for path in (entry.path, entry.label_map) if path is not None]
  contents = [path.read_bytes() for path in paths]
  digests = [hashlib.sha256(data).digest() for data in contents]
  size, counts = None, {}
  if entry.label_map is not None:
    codes = coding.read(entry.label_map)
    size = codes.shape
    if size != form[0] and not leaves_out:
      raise UserError(
        f'{entry.label_map}: the label map is {_sides(size)} (height x width), '
        f'its image {entry.path} {_sides(form[0])}; make them equal'
      )
    unique, numbers = np.unique(codes, return_counts=True)
    counts = dict(zip(unique.tolist(), numbers.tolist(), strict=True))
  return _Surveyed(form, size, len(contents[0]), digests, counts)


def _of_usual_size(listed, surveyed):
  """Returns what has the size of most images, and how many have not."""
  sizes = collections.Counter(survey.form[0] for survey in surveyed)
  usual = sizes.most_common(1)[0][0]
  kept = [
    (entry, survey)
    for entry, survey in zip(listed, surveyed, strict=True)
    if survey.form[0] == usual and survey.label_size in (usual, None)
  ]
  if not kept:
    raise UserError(
      f'{listed[0].label_map}: neither this label map nor another has the size '
      f'of its image, {_sides(usual)} (height x width); make them equal'
    )
  entries, surveys = zip(*kept, strict=True)
  return entries, surveys, len(listed) - len(kept)


def _pixels(coding, listed, codes):
  """Returns the numbers of pixels by label, the ignored last, by split.

  Args:
    coding: of the label maps.
    listed: the entries.
    codes: numbers of pixels by code, by file of a label map.

  Raises:
    UserError: all pixels of a split are ignored.
  """
  by_label: dict[str, collections.Counter[int]] = {}
  for entry in listed:
    counter = by_label.setdefault(entry.split, collections.Counter())
    for code, count in codes.get(entry.label_map, {}).items():
      counter[coding.labels[code]] += count
  for split, counter in by_label.items():
    if set(counter) == {IGNORE}:
      first = next(e.label_map for e in listed if e.split == split)
      raise UserError(
        f'{first}: this label map and all others of {split} are ignored as a '
        'whole, no pixel is of a class; name the classes of their ids, or '
        f'leave the label maps of {split} out'
      )
  labels = (*range(len(coding.class_names)), IGNORE)
  return {
    split: [counter[label] for label in labels]
    for split, counter in by_label.items()
    if counter
  }


def _examples(size, mode, coding, item):
  """Returns the only (key, example) of a (key, entry), in a list."""
  key, entry = item
  example = {'image': _image(entry.path, size, mode)}
  if coding is not None:
    example['segmentation'] = _label_map(size, coding, entry.label_map)
  return [(key, example)]


def _image(path, size, mode):
  """Returns an image's pixels, or its file where that is as it is stored.

  To encode a large PNG again would take several times as long as the rest.
  """
  image = image_files.read(path, size, mode)  # Which checks it, too.
  data = path.read_bytes()
  kind = label_files.RGB if mode == 'RGB' else label_files.GREY
  is_as_stored = label_files.header(data) == (8, kind)
  if is_as_stored and image_files.form(path)[0] == tuple(size):
    return io.BytesIO(data)
  return image


def _label_map(size, coding, path):
  """Returns uint8 [*size, 1]."""
  if path is None:
    return np.full((*size, 1), IGNORE, np.uint8)
  labels = coding.to_labels(coding.read(path))
  if labels.shape != tuple(size):
    resized = Image.fromarray(labels).resize(
      (size[1], size[0]), Image.Resampling.NEAREST
    )
    labels = np.asarray(resized)
  return labels[..., np.newaxis]


def _sides(size):
  return 'x'.join(str(side) for side in size)
