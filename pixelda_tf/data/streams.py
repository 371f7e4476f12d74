"""Endless streams of training batches, each of one domain's images."""

import tensorflow as tf

from pixelda_tf.data import augmentation, classes, domains
from pixelda_tf.errors import UserError

ROLES = ('source', 'target', 'labelled_target')
# A part of the records has a stream of random numbers for the order of each
# role's images, and one for each role's augmentation.
_RANDOM_STREAMS = 2 * len(ROLES)


class Stream:
  """The training batches of the domain that has a role in a pair.

  Attributes:
    domain: `OpenDomain`.
    translation: the source's label for each of the domain's, see `classes`.
  """

  def __init__(self, role, domain, *, translation, augmentations, image_shape):
    """Reads no record yet.

    Args:
      role: of `ROLES`.
      domain: `OpenDomain`.
      translation: see `classes.translation`.
      augmentations: see `augmentation.apply`.
      image_shape: (height, width, channels) that images are brought to.
    """
    self.domain = domain
    self.translation = translation
    self._number = ROLES.index(role)
    self._augmentations = augmentations
    self._image_shape = image_shape

  def augment(self, batch, seed):
    """Returns a prepared batch as training sees it."""
    return augmentation.apply(self._augmentations, batch, seed)

  def batches(self, seed, start_step, batch_size, part):
    """Returns endless prepared batches of a part of the training split.

    Args:
      seed: integer.
      start_step: number of the first batch.
      batch_size: examples in a batch.
      part: (index, count), see `OpenDomain.stored`.

    Returns:
      `tf.data.Dataset` of its examples, labels and all.

    Raises:
      UserError: the part has fewer examples than a batch.
    """
    domain = self.domain
    count = domain.count(domain.train, part)
    if count < batch_size:
      raise UserError(
        f'{domain.name}: {domains.part_name(domain.train, part)} has {count} '
        f'examples, fewer than the {batch_size} that a batch takes of it; '
        f'lower Pair.batch_size ({batch_size * part[1]})'
      )
    order = self._number + _RANDOM_STREAMS * part[0]
    examples = domain.stored(
      domain.train, seed=(seed, order), skip=start_step * batch_size, part=part
    )

    def prepare(step, batch):
      step_seed = tf.random.experimental.stateless_fold_in(
        (seed, order + len(ROLES)), step
      )
      prepared = domains.prepare_example(batch, self._image_shape)
      return self.augment(prepared, step_seed)

    return (
      examples.batch(batch_size, drop_remainder=True)
      .enumerate(start_step)
      .map(prepare, num_parallel_calls=2, deterministic=True)
    )

  def labelled_batches(self, *where):
    """Returns `batches` with the source's labels, which it must have."""
    batches = self.batches(*where)
    if self.translation is None:
      return batches
    return classes.translate(batches, self.translation)


def side_by_side(datasets):
  """Returns batches that are made of those of several data sets, in order."""
  return tf.data.Dataset.zip(tuple(datasets)).map(
    lambda *parts: tf.nest.map_structure(
      lambda *tensors: tf.concat(tensors, axis=0), *parts
    )
  )
