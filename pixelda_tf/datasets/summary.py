"""What a stored data set holds, in words."""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf.datasets import census
from pixelda_tf.fields.label_maps import IGNORE

# Lines of a table of classes, at most.
MOST_CLASSES = 100


def text(builder: tfds.core.DatasetBuilder) -> str:
  """Returns what is stored, in lines: contents, splits, classes, place.

  What teaches nothing is told, too.

  Args:
    builder: that reads the data set.
  """
  info = builder.info
  shape = 'x'.join(str(side) for side in info.features['image'].shape)
  contents = [f'images {shape}']
  if 'label' in info.features:
    contents.append(_number(info.features['label'].num_classes, 'class'))
  if 'mask' in info.features:
    contents.append('masks')
  if 'pose' in info.features:
    contents.append('poses')
  if 'segmentation' in info.features:
    n_classes = info.features['segmentation'].num_classes
    contents.append(f'label maps of {_number(n_classes, "class")}')
  elif 'pixels' in (info.metadata or {}):
    contents.append('no label maps')
  elif 'label' not in info.features:
    contents.append('no labels')
  folder = pathlib.Path(info.data_dir)
  size = sum(path.stat().st_size for path in folder.rglob('*'))
  pixels = _pixels(builder) if 'segmentation' in info.features else {}
  return '\n'.join(
    [
      f'{info.full_name}: {", ".join(contents)}',
      *(
        f'  {split}: {part.num_examples} examples, {part.num_shards} shard(s)'
        + (', without label maps' if pixels and split not in pixels else '')
        for split, part in info.splits.items()
      ),
      *_class_counts(info),
      *(_shares(info, pixels) if pixels else ()),
      *_told(info),
      f'  {size / 1e6:.1f} MB in {folder}',
    ]
  )


def _number(n, noun):
  return f'{n} {noun}' if n == 1 else f'{n} {noun}es'


def _class_counts(info):
  """Returns lines of a table: how many images each class has, by split."""
  counts = census.class_counts(info)
  if not counts:
    return []
  names = info.features['label'].names
  shown = names[:MOST_CLASSES]
  width = max(map(len, (*shown, 'images')))
  lines = [f'  {"images":{width}}' + ''.join(f'{s:>12}' for s in counts)]
  for i, name in enumerate(shown):
    numbers = [of_split[i] for of_split in counts.values()]
    lines.append(f'  {name:{width}}' + ''.join(f'{n:12}' for n in numbers))
  if len(names) > len(shown):
    lines.append(f'  and {len(names) - len(shown)} more classes')
  return lines


def _told(info):
  """Returns a line for each thing that teaches nothing."""
  lines = [f'  {found.text}' for found in census.degenerate(info)]
  untrained = census.untrained(info)
  if untrained:
    lines.append(f'  nothing to train on: {", ".join(untrained)}')
  return lines


def _pixels(builder):
  """Returns the numbers of pixels, by label and ignored, of splits."""
  n_classes = builder.info.features['segmentation'].num_classes
  return (builder.info.metadata or {}).get('pixels') or {
    split: _count(builder, split, n_classes) for split in builder.info.splits
  }


def _shares(info, pixels):
  """Returns lines of a table: % of the pixels of each class, by split."""
  names = [*info.features['segmentation'].names, 'ignored']
  width = max(map(len, (*names, '% of pixels')))
  lines = [f'  {"% of pixels":{width}}' + ''.join(f'{s:>12}' for s in pixels)]
  for i, name in enumerate(names):
    shares = [100 * counts[i] / sum(counts) for counts in pixels.values()]
    lines.append(f'  {name:{width}}' + ''.join(f'{s:12.2f}' for s in shares))
  merged = (info.metadata or {}).get('merged') or {}
  lines += [f'  {name} is {codes}' for name, codes in merged.items()]
  left_out = (info.metadata or {}).get('left_out')
  if left_out:
    lines.append(f'  left out: {left_out} images of another size')
  return lines


def _count(builder, split, n_classes):
  """Returns how many stored pixels each class has, and how many are ignored."""
  counts = np.zeros(IGNORE + 1, np.int64)
  no_images = {'image': tfds.decode.SkipDecoding()}
  examples = builder.as_dataset(split=split, decoders=no_images)
  for example in examples.as_numpy_iterator():
    counts += np.bincount(example['segmentation'].ravel(), minlength=IGNORE + 1)
  return [*counts[:n_classes].tolist(), int(counts[IGNORE])]
