"""A data set that can be read, and what it yields."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf import fields
from pixelda_tf.data import infos, records, used_classes
from pixelda_tf.data.shards import (
  Shard,
  part_of,
  split_shards,
  tenth,
  without_tenth,
)
from pixelda_tf.datasets.names import nfc
from pixelda_tf.datasets.segmentation import colours
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS, label_maps

# What an example in memory takes beside its values.
EXAMPLE_BYTES = 1024
# The part of a split that is all of it: the first of one.
WHOLE = (0, 1)


class OpenDomain:
  """A stored data set that can be read.

  Attributes:
    name: the data set.
    train: split to train on.
    test: split to test on.
    validation: split to look at while training, or None.
    image_shape: (height, width, channels) as stored and padded.
    class_names: tuple of names in the order of the labels, or None.
    n_classes: how many, or None without labels.
    colours: (red, green, blue) of each class, None without classes.
    fields: names of what an example has, of `fields.FIELDS`.
    description: how the data set was made.
    skipped: dict of (split, part) to the number of corrupt records left out of
      it, for those read so far.
  """

  def __init__(
    self,
    domain: Any,
    builder: tfds.core.DatasetBuilder,
    *,
    skip_corrupt: bool = False,
  ):
    """Reads the info, no record yet.

    Args:
      domain: the `Domain` that names it.
      builder: of the data set.
      skip_corrupt: see `Domain.open`.
    """
    self.name = domain.name
    self.train = domain.train
    self.test = domain.test
    self.validation = domain.validation
    self.skipped: dict[tuple, int] = {}
    # Splits by names that the data set does not know: of what, and which part.
    self._parts_of: dict[str, tuple[str, Any]] = {}
    self._info = builder.info
    self._skip_corrupt = skip_corrupt
    self._shards_of: dict[tuple, list[Shard]] = {}
    self._sound: set[str] = set()
    # Of each class, how many examples stay in the stream to train on.
    self._accepted: Sequence[float] | None = None
    # What was decoded for training stays in memory, for all rows of a run.
    self._kept: dict[tuple, tf.data.Dataset] = {}
    self._padding = domain.padding
    self.image_shape = infos.image_shape(self._info, domain.padding)
    self._stored = [name for name in FIELDS if name in self._info.features]
    stored = infos.class_names(self._info)
    self.class_names, self._new_labels = used_classes.used(
      domain.classes, stored, domain.name
    )
    self.n_classes = self.class_names and len(self.class_names)
    self.colours: Any = stored and used_classes.first(
      colours.stored(self._info, stored), self._new_labels, self.n_classes
    )
    # Whether there are examples of classes that are not used.
    unused = -1 in (self._new_labels or ())
    self._sifts = unused and bool(fields.labels(self._stored))
    self._foreground = self._labels_of(domain.foreground)
    added = [] if self._foreground is None else ['mask']
    self.fields = tuple(dict.fromkeys(self._stored + added))
    self._counts: dict[tuple, int] = {}
    self.description = self._info.description

  def hold_back(self) -> tuple[int, int]:
    """Takes a tenth of the training split for a validation split.

    Returns:
      How many examples there are to train on, and how many to validate with.

    Raises:
      UserError: there are fewer than ten.
    """
    whole = self.train
    if self.count(whole) < 10:
      raise UserError(
        f'{self.name}: split {whole!r} has {self.count(whole)} examples: too '
        'few to hold back a tenth of them for validation'
      )
    self.train = f'{whole} but a tenth'
    self.validation = f'a tenth of {whole}'
    self._parts_of = {
      self.train: (whole, without_tenth),
      self.validation: (whole, tenth),
    }
    return self.count(self.train), self.count(self.validation)

  def check_has_shares(self) -> None:
    """Raises a `UserError` where images have no label to be counted by."""
    if 'label' not in self.fields or self.n_classes is None:
      raise UserError(f'{self.name}: its images have no label to be counted by')

  def shares(self, split: str) -> np.ndarray:
    """Returns float64 `[n_classes]`, how frequent each class is in a split.

    Raises:
      UserError: its images have no label.
    """
    self.check_has_shares()
    labels = self.stored(split).map(lambda example: example['label'])
    counts = np.zeros(self.n_classes, np.int64)
    for batch in labels.batch(1024).as_numpy_iterator():
      counts += np.bincount(batch, minlength=self.n_classes)
    return counts / counts.sum()

  def drawn_as(self, shares: np.ndarray) -> 'OpenDomain':
    """Returns it with a stream to train on in which classes have other shares.

    Nothing is shown twice in an epoch: of classes that are to be rarer, images
    are left out, others each time.

    Args:
      shares: float `[n_classes]`.
    """
    ratios = shares / np.maximum(self.shares(self.train), 1e-9)
    drawn = copy.copy(self)
    drawn._accepted = list(ratios / ratios.max())
    return drawn

  def count(self, split: str, part: tuple[int, int] = WHOLE) -> int:
    """Returns the number of examples in a split, or in a part of it."""
    if not self._sifts:
      return sum(shard.take for shard in self._shards(split, part))
    if (split, part) not in self._counts:
      self._counts[split, part] = sum(1 for _ in self.stored(split, part=part))
    return self._counts[split, part]

  def stored(
    self,
    split: str,
    seed: int | tuple[int, int] | None = None,
    skip: int = 0,
    part: tuple[int, int] = WHOLE,
  ) -> tf.data.Dataset:
    """Returns the split's examples, stored values, see `fields.prepare`.

    Args:
      split: TFDS split string or a named split.
      seed: None for one pass in stored order; an integer, or a pair of them,
        for an endless stream, reshuffled every epoch.
      skip: position to start from.
      part: (index, count): of that many equal parts of the split's records,
        which is read. No file is opened that holds nothing of it.

    Returns:
      `tf.data.Dataset` of dicts of `fields`.
    """
    shards = self._shards(split, part)
    # Where classes are left out, only decoding tells what to skip.
    streams = split == self.train and seed is not None
    resampled = self._accepted if streams else None
    skip_records = 0 if self._sifts or resampled else skip
    if isinstance(seed, int):
      seed = seed, 0
    if seed is not None:
      examples = self._shuffled(split, part, seed=seed, skip=skip_records)
    elif (split, part) in self._kept:
      examples = self._kept[split, part].skip(skip_records)
    else:
      examples = self._decoded(records.one_pass(shards).skip(skip_records))
    if self._sifts:
      examples = used_classes.sift(examples)
    if resampled and seed is not None:
      examples = used_classes.resample(examples, resampled, seed)
    return examples.skip(skip - skip_records)

  def _shuffled(self, split, part, *, seed, skip):
    """Returns an endless stream of a part of a split."""
    shards = self._shards(split, part)
    count = sum(shard.take for shard in shards)
    # Parts are read side by side: together they have to fit.
    if part[1] * count * self._decoded_bytes() > records.MEMORY_BYTES:
      return self._decoded(records.shuffled(shards, seed=seed, skip=skip))
    if (split, part) not in self._kept:
      self._kept[split, part] = self._decoded(records.one_pass(shards)).cache()
    return records.shuffled_in_memory(
      self._kept[split, part], count, seed=seed, skip=skip
    )

  def _decoded_bytes(self):
    """Returns about what a decoded example takes in memory."""
    specs = self._info.features.get_tensor_spec()
    padding = 2 * self._padding
    size = EXAMPLE_BYTES
    for name in self.fields:
      # A mask that is not stored is made of the label map.
      spec = specs[name if name in self._stored else 'segmentation']
      sides = spec.shape.as_list()
      if FIELDS[name].fill is not None:
        sides[:2] = sides[0] + padding, sides[1] + padding
      size += math.prod(sides) * spec.dtype.size
    return size

  def _decoded(self, serialized):
    return serialized.map(
      self._decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )

  @tf.autograph.experimental.do_not_convert
  def _decode(self, serialized):
    example = self._info.features.deserialize_example(serialized)
    example = {name: example[name] for name in self._stored}
    if self._new_labels is not None:
      example = used_classes.relabel(example, self._new_labels)
    if self._foreground is not None:
      maps = example['segmentation']
      example['mask'] = label_maps.mask(maps, self._foreground)
    return fields.pad(example, self._padding) if self._padding else example

  def _labels_of(self, foreground):
    """Returns the labels of the foreground's classes, or None without any."""
    if foreground is None:
      return None
    foreground = nfc(foreground)
    names = self.class_names if 'segmentation' in self._stored else None
    place = f'Domain.foreground: {self.name}'
    used_classes.check(foreground, names, place, 'label maps')
    return [self.class_names.index(name) for name in foreground]

  def _shards(self, split, part):
    """Returns the checked shards of a part; the check is made once."""
    if (split, part) not in self._shards_of:
      name, chosen = self._parts_of.get(split, (split, list))
      whole = split_shards(infos.split(self._info, self.name, name))
      shards, self.skipped[split, part] = records.check(
        part_of(chosen(whole), *part),
        self._info.features,
        skip_corrupt=self._skip_corrupt,
        sound=self._sound,
      )
      if not shards:
        raise UserError(
          f'{self.name}: {part_name(split, part)} holds no examples'
        )
      self._shards_of[split, part] = shards
    return self._shards_of[split, part]


def part_name(split: str, part: tuple[int, int]) -> str:
  """Returns what messages call a part of a split."""
  index, count = part
  of = '' if part == WHOLE else f'part {index + 1} of {count} of '
  return f'{of}split {split!r}'
