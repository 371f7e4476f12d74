"""Data sets that are rendered while they are written."""

import functools
import hashlib
import pathlib
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import tensorflow_datasets as tfds

from pixelda_tf.datasets import base, preparing, unfinished
from pixelda_tf.rendering import chunks

MAX_SHARDS = 8


class Pictures(Protocol):
  """What is rendered, as `rendering.pictures.Pictures`.

  Attributes:
    class_names: the classes, in the order of their labels.
    counts: dict of split to the number of its pictures.
    shape: (height, width, channels).
  """

  class_names: Sequence[str]
  counts: dict[str, int]
  shape: tuple[int, int, int]

  def example(self, split: str, index: int) -> dict[str, Any]:
    """Returns a picture and its fields; they depend on the arguments alone."""


class Rendered(base.ImageBuilder):
  """Pictures with what is known of them."""

  name = 'rendered'
  ORDERED = False

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    name: str,
    pictures: Pictures,
    description: str,
    fields: Sequence[str] = ('label', 'mask', 'pose'),
    workers: int | None = None,
    work_dir: str | pathlib.Path | None = None,
    config: str | None = None,
  ):
    """Renders nothing yet.

    Args:
      data_dir: where the data set is written.
      name: what it is stored as.
      pictures: `Pictures`.
      description: how the pictures are made.
      fields: what a picture has beside its image.
      workers: number of processes, see `chunks.examples`.
      work_dir: where pictures are kept until the data set is complete; None
        for a folder in `data_dir`.
      config: see `ImageBuilder`.
    """
    self.name = name
    self._pictures = pictures
    self._description = description
    self._fields = fields
    self._workers = workers
    self.num_shards = min(MAX_SHARDS, *pictures.counts.values())
    self._work_dir = pathlib.Path(
      work_dir or pathlib.Path(data_dir) / unfinished.WORK_DIR
    )
    super().__init__(data_dir=data_dir, config=config)

  def _info(self):
    return self.image_info(
      shape=self._pictures.shape,
      class_names=self._pictures.class_names,
      fields=self._fields,
      description=self._description,
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    return {
      split: self._generate_examples(
        split,
        chunks.examples(
          functools.partial(self._pictures.example, split),
          count,
          folder=self._work_dir / split,
          workers=self._workers,
        ),
        total=count,
      )
      for split, count in self._pictures.counts.items()
    }


def store(
  name: str,
  *,
  data_dir: str | pathlib.Path,
  description: str,
  overwrite: bool = False,
  allow: Collection[str] = (),
  **contents: Any,
) -> tfds.core.DatasetBuilder:
  """Renders a data set, or goes on where rendering was interrupted.

  Args:
    name: of the new data set.
    data_dir: where data sets are stored.
    description: how the pictures are made; it names everything they depend on.
    overwrite: replace a data set of that name.
    allow: see `census.check`.
    **contents: `pictures` and `workers`, see `Rendered`.

  Returns:
    `tfds.core.DatasetBuilder` that reads the data set.

  Raises:
    UserError: as `datasets.prepare`.
  """
  digest = hashlib.sha256(description.encode()).hexdigest()[:16]
  work_dir = unfinished.folder(data_dir, name)

  def make_builder(directory):
    return Rendered(
      data_dir=directory,
      name=name,
      description=description,
      work_dir=work_dir / digest,
      **contents,
    )

  return preparing.build(
    make_builder,
    name=name,
    data_dir=data_dir,
    overwrite=overwrite,
    allow=allow,
    unfinished=work_dir,
  )
