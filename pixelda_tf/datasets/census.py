"""Counts what is stored, and says what of it teaches nothing.

A builder may be asked by `allow` to store what is refused here: by one of
`REMEDIES`.
"""

import functools
import os
import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf.errors import UserError

BATCH = 256
# What may be degenerate, and what to do where all of it is.
REMEDIES = {
  'one_class': 'give it a second one, or no classes',
  'constant_channels': 'look at the files, and at how they were made',
  'empty_masks': 'look at the masks, at what they were made of, and at units',
  'duplicates': 'give each image a file of its own',
  'crops_outside': 'look at the units and at the camera',
}
_CHANNELS = {
  1: ('grey',),
  3: ('red', 'green', 'blue'),
  4: ('red', 'green', 'blue', 'depth'),
}
_TEXTS = {
  'duplicates': 'images are the file of another one',
  'crops_outside': 'crops lie outside of their frame by more than half',
}
# Fields that have classes.
_CLASSES = ('label', 'segmentation')
# Of the metadata that are kept with a data set.
_COUNTED, _NOTED = 'counted', 'noted'


class Degenerate(NamedTuple):
  """So many of so many are of a kind that teaches nothing.

  Attributes:
    kind: of `REMEDIES`.
    text: what is so, with numbers.
    is_all: whether there is nothing else to train on.
  """

  kind: str
  text: str
  is_all: bool


def count(builder: Any) -> None:
  """Reads what a builder has stored, and keeps its numbers beside it.

  Args:
    builder: `base.ImageBuilder`, prepared.
  """
  folder = pathlib.Path(builder.data_dir)
  counted = {}
  for split, part in builder.info.splits.items():
    numbers = builder.executor.map(
      f'{builder.name} {split}, counting',
      functools.partial(_of_files, folder),
      builder.executor.shares([os.fspath(path) for path in part.filepaths]),
    )
    counted[split] = {
      key: _over(key)([of_share[key] for of_share in numbers], axis=0).tolist()
      for key in numbers[0]
    }
  builder.info.metadata[_COUNTED] = counted
  builder.info.metadata.save_metadata(folder)


def _over(key):
  """Returns how numbers of parts become that of the whole."""
  return {'lowest': np.min, 'highest': np.max}.get(key, np.sum)


def noted(counts: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
  """Returns metadata of what builders count in raw files.

  Args:
    counts: by kind, how many are degenerate, and of how many.
  """
  found = {kind: list(pair) for kind, pair in counts.items() if pair[0]}
  return {_NOTED: found} if found else {}


def class_counts(info: tfds.core.DatasetInfo) -> dict[str, list[int]]:
  """Returns the numbers of images by label, by split; {} where unknown."""
  counted = (info.metadata or {}).get(_COUNTED) or {}
  return {
    split: numbers['labels']
    for split, numbers in counted.items()
    if 'labels' in numbers
  }


def check(info: tfds.core.DatasetInfo, allow: Collection[str] = ()) -> None:
  """Checks that there is something to learn from, as far as it was counted.

  Args:
    info: of the data set.
    allow: kinds that are wanted as they are.

  Raises:
    UserError: all of it is degenerate, in a way that is not allowed.
  """
  for kind in allow:
    if kind not in REMEDIES:
      raise UserError(f'--allow={kind}: give some of {", ".join(REMEDIES)}')
  for found in degenerate(info):
    if found.is_all and found.kind not in allow:
      raise UserError(
        f'{info.name}: {found.text}; {REMEDIES[found.kind]}; if it is meant '
        f'so, pass --allow={found.kind}'
      )


def degenerate(info: tfds.core.DatasetInfo) -> Iterator[Degenerate]:
  """Yields what of a data set teaches nothing, as far as it was counted."""
  metadata = info.metadata or {}
  yield from _single_class(info)
  for kind, (n, of) in metadata.get(_NOTED, {}).items():
    yield Degenerate(kind, f'{n} of {of} {_TEXTS[kind]}', n == of)
  counted = metadata.get(_COUNTED) or {}
  for split, numbers in counted.items():
    # Only what is learnt from has to teach something.
    decides = split == 'train' or 'train' not in counted
    of = numbers['images']
    for i, channel in enumerate(_CHANNELS[len(numbers['constant'])]):
      n = numbers['constant'][i]
      if n:
        # One colour for each image is little to learn from, but not nothing.
        is_all = numbers['lowest'][i] == numbers['highest'][i]
        text = f'{n} of {of} images of {split} have a constant {channel}'
        yield Degenerate('constant_channels', text, decides and is_all)
    n = numbers.get('empty_masks')
    if n:
      text = f'{n} of {of} masks of {split} are empty'
      yield Degenerate('empty_masks', text, decides and n == of)


def untrained(info: tfds.core.DatasetInfo) -> list[str]:
  """Returns the classes that have no image for training, of a set that trains.

  Of label maps it is pixels that they have not.
  """
  counts = class_counts(info) or (info.metadata or {}).get('pixels') or {}
  names = [
    name
    for field in _CLASSES
    if field in info.features
    for name in info.features[field].names
  ]
  of_train = counts.get('train', [1] * len(names))
  return [name for name, n in zip(names, of_train, strict=False) if not n]


def _single_class(info):
  for name in _CLASSES:
    if name in info.features and info.features[name].num_classes == 1:
      text = f'{info.features[name].names[0]} is the only class: it teaches '
      if 'pose' in info.features:
        yield Degenerate('one_class', f'{text}poses alone', False)
      else:
        yield Degenerate('one_class', f'{text}nothing', True)


def _of_files(folder, paths):
  """Returns the numbers of a data set's shards, arrays by name."""
  features = tfds.builder_from_directory(folder).info.features
  look = functools.partial(_look, features)
  # TFDS's own way to examples takes as long as some thousand of them.
  examples = tf.data.TFRecordDataset(paths).map(look, tf.data.AUTOTUNE)
  found = list(examples.batch(BATCH).as_numpy_iterator())
  lowest, highest = (
    np.concatenate([batch[key] for batch in found])
    for key in ('lowest', 'highest')
  )
  numbers = {
    'images': len(lowest),
    'constant': (lowest == highest).sum(axis=0),
    'lowest': lowest.min(axis=0),
    'highest': highest.max(axis=0),
  }
  if 'empty_mask' in found[0]:
    numbers['empty_masks'] = sum(b['empty_mask'].sum() for b in found)
  if 'label' in found[0]:
    n_classes = features['label'].num_classes
    numbers['labels'] = sum(
      np.bincount(batch['label'], minlength=n_classes) for batch in found
    )
  return numbers


@tf.autograph.experimental.do_not_convert
def _look(features, record):
  """Returns what counts of a stored example."""
  skipped = {'segmentation': tfds.decode.SkipDecoding()}
  decoders = skipped if 'segmentation' in features else None
  example = features.deserialize_example(record, decoders=decoders)
  image = example['image']
  seen = {
    'lowest': tf.reduce_min(image, axis=(0, 1)),
    'highest': tf.reduce_max(image, axis=(0, 1)),
  }
  if 'mask' in example:
    seen['empty_mask'] = ~tf.reduce_any(example['mask'] > 0)
  if 'label' in example:
    seen['label'] = example['label']
  return seen
