"""What a stored data set holds, in words."""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

from pixelda_tf.fields.label_maps import IGNORE


def text(builder: tfds.core.DatasetBuilder) -> str:
  """Returns what is stored, in lines: contents, splits, shares, place.

  Args:
    builder: that reads the data set.
  """
  info = builder.info
  shape = 'x'.join(str(side) for side in info.features['image'].shape)
  contents = [f'images {shape}']
  if 'label' in info.features:
    contents.append(f'{info.features["label"].num_classes} classes')
  if 'mask' in info.features:
    contents.append('masks')
  if 'pose' in info.features:
    contents.append('poses')
  if 'segmentation' in info.features:
    n_classes = info.features['segmentation'].num_classes
    contents.append(f'label maps of {n_classes} classes')
  elif 'pixels' in (info.metadata or {}):
    contents.append('no label maps')
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
      *(_shares(info, pixels) if pixels else ()),
      f'  {size / 1e6:.1f} MB in {folder}',
    ]
  )


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
  maps_alone = tfds.decode.PartialDecoding({'segmentation': True})
  examples = builder.as_dataset(split=split, decoders=maps_alone)
  for example in examples.as_numpy_iterator():
    counts += np.bincount(example['segmentation'].ravel(), minlength=IGNORE + 1)
  return [*counts[:n_classes].tolist(), int(counts[IGNORE])]
