"""A user's own images: folders of classes, plain folders, or a CSV."""

import collections
import functools
import hashlib
import pathlib
from collections.abc import Iterable, Sequence

import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, executors, files, image_files, mask_files
from pixelda_tf.datasets.folders import entries, listing
from pixelda_tf.errors import UserError

MAX_SHARDS = 16
SHARD_BYTES = 4 << 20
# More shards than `MAX_SHARDS` where they would be larger: on Beam a worker
# holds one in memory.
LARGEST_SHARD = 256 << 20


class Images(base.ImageBuilder):
  """Images of one size, stored under a name that the user gives.

  Records are in an order that depends on the files' names in a hashed way, so
  that a part such as `train[:80%]` has all classes.
  """

  name = 'images'
  ORDERED = False

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    name: str,
    manual_dir: str | pathlib.Path | None = None,
    csv: str | pathlib.Path | None = None,
    resize: tuple[int, int] | None = None,
    test_fraction: float = 0.0,
    mask_from: str | None = None,
    folders: Sequence[str] | None = None,
    domain: str | None = None,
    config: str | None = None,
    executor: executors.Executor = executors.LOCAL,
  ):
    """Lists the files, and reads them once for their form and digest.

    Args:
      data_dir: where the data set is written.
      name: what it is stored as.
      manual_dir: folder of images, see `listing.list_folder`; with `csv`, what
        its paths are relative to.
      csv: file of paths and labels, see `csv_listing.list_csv`.
      resize: (height, width) that images are brought to; None demands that
        they have one size.
      test_fraction: fraction of each class that becomes the test split, where
        nothing else says which images do.
      mask_from: 'alpha' or 'black', where the masks of rendered objects come
        from, see `image_files.read_rendered`; None where the CSV tells, or
        there are none.
      folders: what the folders of `manual_dir` are, see `listing.list_folder`.
      domain: likewise, which domain is taken.
      config: must be None.
      executor: see `ImageBuilder`.
    """
    self.name = name
    self._mask_from = mask_from
    self._resize = resize
    self._entries = entries.hold_out(
      listing.list_images(manual_dir, csv, folders, domain), test_fraction
    )
    self.noted = {
      'duplicates': files.duplicates([entry.path for entry in self._entries])
    }
    self._class_names = entries.class_names(self._entries)
    if mask_from and self._entries[0].mask is not None:
      raise UserError(
        f'--mask_from={mask_from}: the column mask of --csv tells where the '
        'masks are; leave out one of the two'
      )
    surveyed = executor.map(
      f'{name} checking',
      functools.partial(_survey, mask_from == 'alpha'),
      self._entries,
    )
    forms, sizes, digests = zip(*surveyed, strict=True)
    self._size, self._mode = image_files.common_form(
      [entry.path for entry in self._entries], forms, resize
    )
    self._digest = digest_of(self._entries, digests)
    self.num_shards = count_shards(sum(sizes), self._entries)
    super().__init__(
      data_dir=data_dir, manual_dir=manual_dir, config=config, executor=executor
    )

  def _info(self):
    height, width = self._size
    how = 'resized (bilinear)' if self._resize else 'as they are'
    has_masks = bool(self._mask_from) or self._entries[0].mask is not None
    return self.image_info(
      shape=(height, width, 1 if self._mode == 'L' else 3),
      class_names=self._class_names,
      fields=('label', 'mask') if has_masks else ('label',),
      description=(
        f'{len(self._entries)} images of a user, {how}: {height}x{width} '
        f'{"grey" if self._mode == "L" else "RGB"}, '
        f'{"unlabelled" if self._class_names is None else "labelled"}'
        f'{f", masks from {self._mask_from}" if self._mask_from else ""}. '
        'Digest (SHA-256) of their names, splits, labels and bytes: '
        f'{self._digest}.'
      ),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    used = {entry.split for entry in self._entries}
    return {
      split: self._examples_of(split) for split in base.SPLITS if split in used
    }

  def _examples_of(self, split):
    return self.executor.examples(
      f'{self.name} {split}',
      functools.partial(_examples, self._size, self._mode, self._mask_from),
      [entry for entry in self._entries if entry.split == split],
    )


def count_shards(n_bytes: int, listed: Iterable[entries.Entry]) -> int:
  """Returns how many shards each split of files of so many bytes has."""
  wanted = min(MAX_SHARDS, n_bytes // SHARD_BYTES)
  smallest = min(collections.Counter(entry.split for entry in listed).values())
  return max(1, min(smallest, max(wanted, n_bytes // LARGEST_SHARD)))


def _survey(allow_alpha, entry):
  """Returns an image's form, its file's bytes and the digests of the files."""
  form = image_files.form(entry.path, allow_alpha)
  paths = [path for path in (entry.path, entry.mask) if path is not None]
  contents = [path.read_bytes() for path in paths]
  digests = [hashlib.sha256(data).digest() for data in contents]
  return form, len(contents[0]), digests


def digest_of(
  listed: Iterable[entries.Entry],
  digests: Iterable[Sequence[bytes]],
  reading: bytes = b'',
) -> str:
  """Returns the digest of entries, their files and how these are read."""
  digest = hashlib.sha256(reading)
  of_files = zip(listed, digests, strict=True)
  for entry, parts in sorted(of_files, key=lambda pair: pair[0].key):
    digest.update(f'{entry.key}\0{entry.split}\0{entry.label}\0'.encode())
    for part in parts:
      digest.update(part)
  return digest.hexdigest()


def _examples(size, mode, mask_from, entry):
  """Returns the only (key, example) of an entry, in a list."""
  if mask_from:
    image, mask = image_files.read_rendered(entry.path, size, mode, mask_from)
    example = {'image': image, 'mask': mask}
  else:
    example = {'image': image_files.read(entry.path, size, mode)}
  if entry.label is not None:
    example['label'] = entry.label
  if entry.mask is not None:
    example['mask'] = mask_files.read(entry.mask, entry.path, size)
  return [(entry.key, example)]
