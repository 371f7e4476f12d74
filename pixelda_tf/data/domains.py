"""A domain: a stored data set, and which of it is used."""

import pathlib
from collections.abc import Mapping, Sequence

import gin

from pixelda_tf import datasets, parameter_types
from pixelda_tf.data import identities
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS


@gin.register
class Domain:
  """Names a stored data set and the splits of it that are used.

  Attributes:
    name: the data set, with `/config` where it has several.
    train: split to train on: a TFDS split string such as `train[:50000]`, or a
      name that the data set's builder gives to a split, such as `paper_train`.
    test: split to test on.
    validation: split that monitors and selection may look at, labelled or not;
      None for none: they never look at the test split.
    classes: names of the classes that are used: labels keep their numbers; or
      {name of a stored class: name of its class here}, of which several may be
      one: labels are in the order of these. None for all. Examples of other
      classes are left out, pixels of others ignored.
    padding: pixels added to each side of an image, black; it grows by that
      before it is brought to the pair's size.
    foreground: names of the classes whose pixels in the label maps are the
      images' masks, for losses and augmentations that ask for them; None for
      the masks that are stored, if any.
  """

  def __init__(
    self,
    *,
    name: str,
    train: str = 'train',
    test: str = 'test',
    validation: str | None = None,
    classes: Sequence[str] | Mapping[str, str] | None = None,
    padding: int = 0,
    foreground: Sequence[str] | None = None,
  ):
    """Nothing is read yet; see the attributes.

    Raises:
      UserError: a name or split is no text, or the padding no whole number.
    """
    for attribute, value in (
      ('name', name),
      ('train', train),
      ('test', test),
      *([] if validation is None else [('validation', validation)]),
    ):
      parameter_types.check_text(f'Domain.{attribute}', value)
    parameter_types.check_whole(f'Domain.padding of {name}', padding, 0)
    self.name = name
    self.train = train
    self.test = test
    self.validation = validation
    self.classes = classes
    self.padding = padding
    self.foreground = foreground

  def open(
    self,
    data_dir: str | pathlib.Path,
    skip_corrupt: bool = False,
    learnt: Sequence[str] = (),
  ) -> 'OpenDomain':
    """Returns the `OpenDomain` of the data set stored below `data_dir`.

    Args:
      data_dir: where `pixelda_tf.prepare_data` stored it. The embedded data
        sets are made here if need be.
      skip_corrupt: leave corrupt records out rather than stop at the first.
      learnt: fields that are learnt, see `Problem.targets`.

    Raises:
      UserError: it is not there: how data with these fields are prepared.
    """
    builder = self._builder(data_dir, learnt)
    return OpenDomain(self, builder, skip_corrupt=skip_corrupt)

  def identity(
    self, data_dir: str | pathlib.Path, learnt: Sequence[str] = ()
  ) -> identities.Identity:
    """Returns what tells the stored data set from others, see `identities`.

    Args:
      data_dir: see `open`.
      learnt: see `open`.

    Raises:
      UserError: as `open`, or a file is missing.
    """
    info = self._builder(data_dir, learnt).info
    splits = self.train, self.test, self.validation
    return identities.identity(info, self.name, filter(None, splits))

  def _builder(self, data_dir, learnt):
    """Returns the reader of the data set."""
    builder = datasets.find(self.name, data_dir)
    if builder is None and self.name in datasets.EMBEDDED:
      builder = datasets.prepare(self.name, data_dir=data_dir)
    if builder is None:
      kinds = [FIELDS[name].prepared_by for name in learnt] or ['images']
      raise UserError(datasets.missing(self.name, data_dir, kinds[-1]))
    return builder
