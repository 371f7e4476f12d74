"""Earlier translated images for a discriminator to see again."""

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.networks.layers import ImageShape


class ImagePool(tf.Module):
  """A history of translated images (Shrivastava et al., 2017; CycleGAN).

  Once it is full, each new image is, with probability 1/2, exchanged for a
  random one of the pool. Replicas keep the same pool of all their images, so
  several do what one would; what is drawn is a function of the seed and of how
  many images the pool has seen.
  """

  def __init__(self, image_shape: ImageShape, size: int, seed: tuple[int, int]):
    """Starts empty.

    Args:
      image_shape: (height, width, channels), all known.
      size: number of images, at least a batch; 50 in the released codes.
      seed: pair of integers.
    """
    super().__init__()
    self.size = size
    self.seed = seed
    # Every replica computes the same; a checkpoint holds the first's.
    same = {
      'trainable': False,
      'synchronization': tf.VariableSynchronization.ON_READ,
      'aggregation': tf.VariableAggregation.ONLY_FIRST_REPLICA,
    }
    self.images = tf.Variable(tf.zeros([size, *image_shape]), **same)
    self.seen = tf.Variable(0, **same)

  def __call__(self, images: tf.Tensor) -> tf.Tensor:
    """Returns images to show to the discriminator, as many as come in.

    Args:
      images: float32 `[batch, height, width, channels]`, a replica's.

    Raises:
      UserError: a batch, of all replicas, is larger than the pool; where the
        batch is known only when it comes, `tf.errors.InvalidArgumentError`.
    """
    replica = tf.distribute.get_replica_context()
    batch = (images.shape[0] or 0) * replica.num_replicas_in_sync
    if batch > self.size:
      raise UserError(
        f'pool_size is {self.size}, but a batch has {batch} images: make it at '
        'least as many, or 0 for no pool'
      )
    shown = self._exchange(replica.all_gather(images, axis=0))
    count = tf.shape(images)[0]
    return shown[replica.replica_id_in_sync_group * count :][:count]

  def _exchange(self, images):
    """Returns what a batch of all replicas' images becomes."""
    count = tf.shape(images)[0]
    tf.debugging.assert_less_equal(
      count, self.size, message='pool_size is less than the batch'
    )
    seeds = tf.random.experimental.stateless_split(
      tf.random.experimental.stateless_fold_in(self.seed, self.seen), 2
    )
    full = self.seen >= self.size
    random_places = tf.argsort(
      tf.random.stateless_uniform([self.size], seeds[0])
    )[:count]
    next_places = (self.seen + tf.range(count)) % self.size
    places = tf.where(full, random_places, next_places)[:, tf.newaxis]
    exchanged = full & (tf.random.stateless_uniform([count], seeds[1]) < 0.5)
    exchanged = exchanged[:, tf.newaxis, tf.newaxis, tf.newaxis]
    stored = tf.gather_nd(self.images, places)
    kept = tf.where(exchanged | ~full, images, stored)
    self.images.assign(tf.tensor_scatter_nd_update(self.images, places, kept))
    self.seen.assign_add(count)
    return tf.where(exchanged, stored, images)
