"""Endless streams of training batches, each of one domain's images."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.data import augmentation, classes, open_domains
from pixelda_tf.errors import UserError

ROLES = ('source', 'target', 'labelled_target')
# A part of the records has a stream of random numbers for the order of each
# role's images, and one for each role's augmentation.
_RANDOM_STREAMS = 2 * len(ROLES)
# Streams beside those of the augmentations, whose numbers begin at 0.
_CROP, _STRONG, _TRAINING = -1, -2, -3

Batch = dict[str, tf.Tensor]


class Stream:
  """The training batches of the domain that has a role in a pair.

  Attributes:
    domain: `OpenDomain`.
    label_map: the source's label for each of the domain's, see `classes`.
  """

  def __init__(
    self,
    role: str,
    domain: open_domains.OpenDomain,
    *,
    label_map: Sequence[int] | None,
    augmentations: Any,
    training_augmentations: Any = (),
    image_shape: tuple[int, int, int],
    crop: tuple[int, int] | None = None,
    strong_augmentations: Any = (),
  ):
    """Reads no record yet.

    Args:
      role: of `ROLES`.
      domain: whose images they are.
      label_map: see `classes.label_map`.
      augmentations: see `augmentation.apply`; they are part of what the
        domain's images look like, to whoever translates them.
      training_augmentations: the same, on top in training batches alone.
      image_shape: (height, width, channels) that images are brought to.
      crop: (height, width) of the part of an image that is taken, at random;
        None for all of it.
      strong_augmentations: as `augmentations`, of a second view.
    """
    self.domain = domain
    self.label_map = label_map
    self._number = ROLES.index(role)
    self._augmentations = augmentations
    self._training_augmentations = training_augmentations
    self._image_shape = image_shape
    self._crop = crop
    self._strong_augmentations = strong_augmentations

  def augment(self, batch: Batch, seed: tf.Tensor) -> Batch:
    """Returns a prepared batch as what translates the domain sees it."""
    return augmentation.apply(self._augmentations, batch, seed)

  def batches(
    self,
    seed: int,
    start_step: int,
    batch_size: int,
    part: tuple[int, int],
    strong_view: bool = False,
  ) -> tf.data.Dataset:
    """Returns endless prepared batches of a part of the training split.

    Args:
      seed: of the order, the augmentation and the crops.
      start_step: number of the first batch.
      batch_size: examples in a batch.
      part: (index, count), see `OpenDomain.stored`.
      strong_view: whether 'strong_image' is there too: 'image', once more
        augmented.

    Returns:
      `tf.data.Dataset` of its examples, labels and all.

    Raises:
      UserError: the part has fewer examples than a batch.
    """
    domain = self.domain
    count = domain.count(domain.train, part)
    if count < batch_size:
      raise UserError(
        f'{domain.name}: {open_domains.part_name(domain.train, part)} has '
        f'{count} examples, fewer than the {batch_size} that a batch takes of '
        f'it; lower Pair.batch_size ({batch_size * part[1]})'
      )
    order = self._number + _RANDOM_STREAMS * part[0]
    examples = domain.stored(
      domain.train, seed=(seed, order), skip=start_step * batch_size, part=part
    )

    def prepare(step, batch):
      fold_in = tf.random.experimental.stateless_fold_in
      step_seed = fold_in((seed, order + len(ROLES)), step)
      batch = fields.prepare(batch, self._image_shape)
      batch = self.augment(batch, step_seed)
      batch = augmentation.apply(
        self._training_augmentations, batch, fold_in(step_seed, _TRAINING)
      )
      if self._crop:
        batch = fields.crop(batch, self._crop, fold_in(step_seed, _CROP))
      if strong_view:
        strong = augmentation.apply(
          self._strong_augmentations, batch, fold_in(step_seed, _STRONG)
        )
        batch['strong_image'] = strong['image']
      return batch

    return (
      examples.batch(batch_size, drop_remainder=True)
      .enumerate(start_step)
      .map(prepare, num_parallel_calls=2, deterministic=True)
    )

  def check_strong_view(self, targets: Sequence[str]) -> None:
    """Checks that there is a second view, of which the first one's labels hold.

    Args:
      targets: fields that are learnt.

    Raises:
      UserError: nothing makes it, or it is moved.
    """
    name = 'Pair.target_strong_augmentation'
    augmentations = self._strong_augmentations
    if not augmentations:
      raise UserError(
        'a method asks for a second view of target images: name what makes it '
        f'in {name}'
      )
    augmentation.check_moves_nothing(augmentations, targets, name)

  def labelled_batches(self, **where: Any) -> tf.data.Dataset:
    """Returns `batches` with the source's labels, which it must have."""
    batches = self.batches(**where)
    if self.label_map is None:
      return batches
    return classes.relabel(batches, self.label_map)


@tf.autograph.experimental.do_not_convert
def unlabelled(batch: Batch) -> Batch:
  """Returns what methods may see of a target batch: its images."""
  return {
    name: batch[name] for name in ('image', 'strong_image') if name in batch
  }


def side_by_side(datasets: Sequence[tf.data.Dataset]) -> tf.data.Dataset:
  """Returns batches that are made of those of several data sets, in order."""
  return tf.data.Dataset.zip(tuple(datasets)).map(
    lambda *parts: tf.nest.map_structure(
      lambda *tensors: tf.concat(tensors, axis=0), *parts
    )
  )
