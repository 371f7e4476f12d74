"""What a stored data set holds, in words."""

import pathlib

import tensorflow_datasets as tfds


def text(info: tfds.core.DatasetInfo) -> str:
  """Returns what is stored, in lines: contents, splits, shares, place."""
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
  folder = pathlib.Path(info.data_dir)
  size = sum(path.stat().st_size for path in folder.rglob('*'))
  return '\n'.join(
    [
      f'{info.full_name}: {", ".join(contents)}',
      *(
        f'  {split}: {part.num_examples} examples, {part.num_shards} shard(s)'
        for split, part in info.splits.items()
      ),
      *_shares(info),
      f'  {size / 1e6:.1f} MB in {folder}',
    ]
  )


def _shares(info):
  """Returns lines of a table: % of the pixels of each class, by split."""
  metadata = info.metadata or {}
  if 'segmentation' not in info.features or 'pixels' not in metadata:
    return []
  pixels = metadata['pixels']
  names = [*info.features['segmentation'].names, 'ignored']
  width = max(map(len, (*names, '% of pixels')))
  lines = [f'  {"% of pixels":{width}}' + ''.join(f'{s:>12}' for s in pixels)]
  for i, name in enumerate(names):
    shares = [100 * counts[i] / sum(counts) for counts in pixels.values()]
    lines.append(f'  {name:{width}}' + ''.join(f'{s:12.2f}' for s in shares))
  if 'left_out' in metadata:
    lines.append(f'  left out: {metadata["left_out"]} images of another size')
  return lines
