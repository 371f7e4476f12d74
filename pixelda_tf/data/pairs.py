"""A source and a target domain, named, and the form in which they are seen."""

import pathlib
from typing import Any

import gin
import numpy as np

from pixelda_tf import parameter_types
from pixelda_tf.data.domains import Domain
from pixelda_tf.data.identities import Identity
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.data.roles import Learnt
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import can_match_channels


@gin.register
class Pair:
  """Names two domains and the form in which methods see them.

  Attributes:
    source: `Domain` with labels.
    target: `Domain`; its labels reach evaluation only.
    labelled_target: `Domain` of target images whose labels are used in
      training, for semi-supervised methods; None where there are none.
    image_size: (height, width) of both, or None for the larger of the two.
    crop: (height, width) of the part of each image, drawn at random after the
      augmentation, that methods are trained on; they are tested on whole
      images. None for whole images in training, too.
    channels: 1, 3 or 4 of both, or None for the larger of the two.
    batch_size: examples of each domain in a batch, over all replicas.
    parts: into how many parts the records of the training splits are cut; a
      batch has as many examples of each. Hosts share the parts out, each reads
      its own; one host reads all of them, and gets the batches that the hosts
      get together. None for one part a host.
    source_augmentation, target_augmentation: callable of (batch, seed), or a
      sequence of them; see `augmentation`. A source that is translated is
      augmented before, once.
    augmentation: the same, of both domains' training batches, after those and
      before the crop. A source that is translated is augmented after.
    target_strong_augmentation: the same, which makes a second view out of the
      first for methods that ask for one.
    allow_class_mismatch: go on where the domains' classes differ.
  """

  def __init__(
    self,
    *,
    source: Domain,
    target: Domain,
    labelled_target: Domain | None = None,
    image_size: tuple[int, int] | None = None,
    crop: tuple[int, int] | None = None,
    channels: int | None = None,
    batch_size: int = 32,
    parts: int | None = None,
    source_augmentation: Any = (),
    target_augmentation: Any = (),
    augmentation: Any = (),
    target_strong_augmentation: Any = (),
    allow_class_mismatch: bool = False,
  ):
    """Nothing is read yet; see the attributes.

    Raises:
      UserError: the batch size or the parts are no whole numbers.
    """
    parameter_types.check_whole('Pair.batch_size', batch_size)
    if parts is not None:
      parameter_types.check_whole('Pair.parts', parts)
    self.source = source
    self.target = target
    self.labelled_target = labelled_target
    self.image_size = image_size
    self.crop = crop
    self.channels = channels
    self.batch_size = batch_size
    self.parts = parts
    self.source_augmentation = source_augmentation
    self.target_augmentation = target_augmentation
    self.augmentation = augmentation
    self.target_strong_augmentation = target_strong_augmentation
    self.allow_class_mismatch = allow_class_mismatch

  def open(
    self,
    data_dir: str | pathlib.Path,
    skip_corrupt: bool = False,
    *,
    problem: Learnt,
  ) -> 'OpenPair':
    """Returns the `OpenPair` of the data sets stored below `data_dir`.

    Args:
      data_dir: see `Domain.open`.
      skip_corrupt: see `Domain.open`.
      problem: what is learnt.
    """
    where = data_dir, skip_corrupt, problem.targets
    labelled = self.labelled_target
    return OpenPair(
      self,
      self.source.open(*where),
      self.target.open(*where),
      labelled.open(*where) if labelled else None,
      problem=problem,
    )

  def identities(
    self, data_dir: str | pathlib.Path, *, problem: Learnt
  ) -> dict[str, Identity]:
    """Returns what tells the stored data sets from others, by domain.

    Args:
      data_dir: see `Domain.open`.
      problem: what is learnt.
    """
    domains = {'source': self.source, 'target': self.target}
    if self.labelled_target:
      domains['labelled_target'] = self.labelled_target
    return {
      role: domain.identity(data_dir, problem.targets)
      for role, domain in domains.items()
    }

  def image_shape(self, *domains: OpenDomain | None) -> tuple[int, int, int]:
    """Returns the (height, width, channels) that all domains are brought to.

    Raises:
      UserError: a domain's images cannot have as many channels, or
        `image_size` is none.
    """
    opened = [domain for domain in domains if domain is not None]
    shapes = [domain.image_shape for domain in opened]
    height, width, channels = np.max(shapes, axis=0)
    if self.image_size is not None:
      if not _is_size(self.image_size):
        raise UserError(
          f'Pair.image_size is {self.image_size!r}: a height and a width are '
          'needed, as (180, 240)'
        )
      height, width = self.image_size
    channels = self.channels or channels
    for domain in opened:
      stored = domain.image_shape[-1]
      if not can_match_channels(stored, channels):
        raise UserError(
          f'{domain.name}: images of {stored} channels cannot become '
          f'{channels}; set Pair.channels to 1 or 3, for grey or RGB images'
        )
    return int(height), int(width), int(channels)

  def train_shape(
    self, image_shape: tuple[int, int, int]
  ) -> tuple[int, int, int]:
    """Returns what is left of images of a shape when they are cropped.

    Raises:
      UserError: no such part can be cropped.
    """
    if self.crop is None:
      return image_shape
    if not _is_size(self.crop) or np.any(
      np.greater(self.crop, image_shape[:2])
    ):
      raise UserError(
        f'Pair.crop is {self.crop!r}: a height and a width are needed, at '
        f'most those of the images, {image_shape[:2]}'
      )
    return (*self.crop, image_shape[-1])


def _is_size(value):
  return (
    isinstance(value, list | tuple)
    and len(value) == 2
    and all(isinstance(side, int) and side > 0 for side in value)
  )
