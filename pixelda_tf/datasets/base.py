"""What every builder of this package shares."""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets import census, executors
from pixelda_tf.datasets.names import nfc
from pixelda_tf.datasets.segmentation.colours import Colours, to_store
from pixelda_tf.fields import FIELDS

DIGIT_NAMES = tuple('0123456789')
SPLITS = ('train', 'validation', 'test')


class ImageBuilder(
  tfds.core.GeneratorBasedBuilder,
  skip_registration=True,  # type: ignore[call-arg]
):
  """A data set of equally sized uint8 images, labelled or not.

  Subclasses implement `_info`, by `image_info`, and `_split_generators`.

  Attributes:
    NAMED_SPLITS: names of the papers' splits to TFDS split strings.
    ORDERED: records keep the order of the raw files rather than TFDS's hashed
      order, so that `train[:50000]` is the first 50,000 of the raw file.
    num_shards: shards of each split; TFDS itself would make one per 64 MiB,
      and shards are what is read in parallel.
    noted: what of the raw files is degenerate, see `census.noted`.
  """

  VERSION = tfds.core.Version('1.0.0')
  NAMED_SPLITS: dict[str, str] = {}
  ORDERED = True
  num_shards = 1
  noted: Mapping[str, tuple[int, int]] = {}
  # TFDS looks for download checksums beside the code, by way of a package
  # (importlib_resources) that it does not install.
  code_path = None

  def __init_subclass__(cls) -> None:
    """Leaves builders out of TFDS's registry: `BUILDERS` is ours."""
    super().__init_subclass__(skip_registration=True)

  def __init__(
    self,
    *,
    data_dir: str | pathlib.Path,
    manual_dir: str | pathlib.Path | None = None,
    config: str | None = None,
    executor: executors.Executor = executors.LOCAL,
  ):
    """Makes the builder; nothing is read or written yet.

    Args:
      data_dir: where the data set is written.
      manual_dir: where the raw files are, or None.
      config: name of one of `BUILDER_CONFIGS`, or None for the first.
      executor: `executors.Local` or `beam.OnBeam`: calls the functions that
        read and make the examples.
    """
    self.executor = executor
    self.manual_dir = pathlib.Path(manual_dir) if manual_dir else None
    super().__init__(data_dir=str(data_dir), config=config)

  def image_info(
    self,
    *,
    shape: tuple[int, int, int],
    class_names: Iterable[str] | None,
    description: str,
    fields: Sequence[str] = ('label',),
    citation: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    colours: Colours | None = None,
  ) -> tfds.core.DatasetInfo:
    """Returns the `DatasetInfo` of uint8 images.

    Args:
      shape: (height, width, channels) of every image: 1 grey, 3 RGB, 4 RGB and
        depth (see `depth.normalize`).
      class_names: names of the classes in the order of their labels, or None
        where the images have no labels.
      description: how the data set was made.
      fields: what an example has beside its image, of `fields.FIELDS`. 'label'
        is left out where there are no classes.
      citation: BibTeX or a plain reference.
      metadata: what else is kept with the data set, as JSON has it.
      colours: (red, green, blue) of each class, in which label maps are shown;
        None for usual ones.
    """
    names = nfc(list(class_names or ()))
    features = {
      name: FIELDS[name].feature(shape, names)
      for name in ('image', *fields)
      if name != 'label' or names
    }
    kept = dict(metadata or {}) | census.noted(self.noted)
    if 'segmentation' in features:
      kept |= to_store(names, colours)
    return tfds.core.DatasetInfo(
      builder=self,
      description=description,
      features=tfds.features.FeaturesDict(features),
      supervised_keys=('image', 'label') if 'label' in features else None,
      citation=citation,
      metadata=tfds.core.MetadataDict(kept),
      disable_shuffling=self.ORDERED,
    )

  def _labelled(self, split, images, labels):
    """Yields the examples of a split's images `[n, ...]` and labels `[n]`."""
    examples = (
      {'image': image, 'label': label}
      for image, label in zip(images, labels, strict=True)
    )
    yield from self._generate_examples(split, examples, total=len(images))

  def _generate_examples(self, split, examples, total=None):
    """Yields the examples of a split, numbered, behind a progress bar."""
    title = f'{self.name} {split}'
    yield from enumerate(executors.progress(title, examples, total))
