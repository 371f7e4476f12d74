"""Earlier translated images for a discriminator to see again."""

import tensorflow as tf

from pixelda_tf.errors import UserError


class ImagePool(tf.Module):
  """A history of translated images (Shrivastava et al., 2017; CycleGAN).

  Once it is full, each new image is, with probability 1/2, exchanged for a
  random one of the pool.
  """

  def __init__(self, image_shape, size, random):
    """Starts empty.

    Args:
      image_shape: (height, width, channels).
      size: number of images, at least a batch; 50 in the released codes.
      random: the method's `tf.random.Generator`.
    """
    super().__init__()
    self.size = size
    self.random = random
    # Each replica has a pool of its own; a checkpoint holds the first's.
    own = {
      'trainable': False,
      'synchronization': tf.VariableSynchronization.ON_READ,
      'aggregation': tf.VariableAggregation.ONLY_FIRST_REPLICA,
    }
    self.images = tf.Variable(tf.zeros([size, *image_shape]), **own)
    self.seen = tf.Variable(0, **own)

  def __call__(self, images):
    """Returns images to show to the discriminator, as many as come in.

    Args:
      images: float32 `[batch, height, width, channels]`.

    Raises:
      UserError: a batch is larger than the pool.
    """
    if (images.shape[0] or 0) > self.size:
      raise UserError(
        f'pool_size is {self.size}, but a batch has {images.shape[0]} images: '
        'make it at least as many, or 0 for no pool'
      )
    count = tf.shape(images)[0]
    full = self.seen >= self.size
    random_places = tf.argsort(self.random.uniform([self.size]))[:count]
    next_places = (self.seen + tf.range(count)) % self.size
    places = tf.where(full, random_places, next_places)[:, tf.newaxis]
    exchanged = full & (self.random.uniform([count]) < 0.5)
    exchanged = exchanged[:, tf.newaxis, tf.newaxis, tf.newaxis]
    stored = tf.gather_nd(self.images, places)
    kept = tf.where(exchanged | ~full, images, stored)
    self.images.assign(tf.tensor_scatter_nd_update(self.images, places, kept))
    self.seen.assign_add(tf.where(full, 0, count))
    return tf.where(exchanged, stored, images)
