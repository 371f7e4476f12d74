"""A labelled source data set in the target's style, stored like any other."""

import pathlib
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets import BUILDERS, base, census, preparing
from pixelda_tf.errors import UserError


class Translated(base.ImageBuilder):
  """Examples that come from a generator network instead of files."""

  name = 'translated'
  num_shards = 4

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    name: str,
    examples: Callable[[], Iterable[Any]],
    count: int,
    domain: Any,
    image_shape: tuple[int, int, int],
    split: str,
    description: str,
  ):
    """See `store`."""
    self.name = name
    self._examples = examples
    self._count = count
    self._domain = domain
    self._image_shape = image_shape
    self._split = split
    self._description = description
    super().__init__(data_dir=data_dir)

  def _info(self):
    return self.image_info(
      shape=self._image_shape,
      class_names=self._domain.class_names,
      fields=[name for name in self._domain.fields if name != 'image'],
      description=self._description,
      colours=self._domain.colours,
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager):
    del dl_manager
    return {
      self._split: self._generate_examples(
        self._split, self._examples(), total=self._count
      )
    }


def store(
  name: str,
  *,
  data_dir: str | pathlib.Path,
  overwrite: bool = False,
  **contents: Any,
) -> tfds.core.DatasetBuilder:
  """Writes translated examples as a data set.

  Args:
    name: of the new data set.
    data_dir: where data sets are stored.
    overwrite: replace a data set of that name.
    **contents: `examples`, a function without arguments that yields dicts of
      the domain's fields as they are stored; `count`, how many; `domain`, the
      `OpenDomain` that was translated, with its fields and classes;
      `image_shape`, (height, width, channels); `split`, its name;
      `description`, how the images were made.

  Returns:
    `tfds.core.DatasetBuilder` that reads the data set.

  Raises:
    UserError: as `datasets.prepare`.
  """
  if name in BUILDERS:
    raise UserError(f'--name={name}: is the name of a built-in data set')

  def make_builder(directory):
    return Translated(data_dir=directory, name=name, **contents)

  return preparing.build(
    make_builder,
    name=name,
    data_dir=data_dir,
    overwrite=overwrite,
    # Whether it teaches anything was asked of what was translated.
    allow=census.REMEDIES,
  )
