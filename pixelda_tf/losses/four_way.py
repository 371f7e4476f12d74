"""The adversarial losses of LSD-seg: one discriminator for two domains.

Of every patch it tells the domain, and whether the image is real: four classes,
`SOURCE_REAL` and the others, as logits `[batch, rows, columns, 4]`. Each player
has a loss of its own, a sum of cross entropies H(logits, class), means over all
decisions (Sankaranarayanan et al., CVPR 2018, arXiv:1711.06969, Sect. 3.3). All
take the images that were made out of source images, and out of target images.
"""

import tensorflow as tf

from pixelda_tf.losses.adversarial import fraction

SOURCE_REAL, SOURCE_FAKE, TARGET_REAL, TARGET_FAKE = range(4)


def taken_for(logits: tf.Tensor, domain: int) -> tf.Tensor:
  """H(logits, domain), low where decisions take images for that class.

  Args:
    logits: float32 `[batch, ..., n]`.
    domain: the class, in [0, n).

  Returns:
    float32 scalar, the mean over all decisions.
  """
  return -tf.reduce_mean(tf.nn.log_softmax(logits)[..., domain])


def discriminator_loss(
  source_real: tf.Tensor,
  source_fake: tf.Tensor,
  target_real: tf.Tensor,
  target_fake: tf.Tensor,
) -> tf.Tensor:
  """D names each of the four kinds of images, float32 scalar."""
  return tf.add_n(
    [
      taken_for(source_real, SOURCE_REAL),
      taken_for(source_fake, SOURCE_FAKE),
      taken_for(target_real, TARGET_REAL),
      taken_for(target_fake, TARGET_FAKE),
    ]
  )


def generator_loss(source_fake: tf.Tensor, target_fake: tf.Tensor) -> tf.Tensor:
  """G's images are to be taken for real ones of their own domain."""
  return taken_for(source_fake, SOURCE_REAL) + taken_for(
    target_fake, TARGET_REAL
  )


def embedding_loss(source_fake: tf.Tensor, target_fake: tf.Tensor) -> tf.Tensor:
  """F's embeddings are to give images that pass for the other domain's."""
  return taken_for(source_fake, TARGET_REAL) + taken_for(
    target_fake, SOURCE_REAL
  )


def accuracy(
  source_real: tf.Tensor,
  source_fake: tf.Tensor,
  target_real: tf.Tensor,
  target_fake: tf.Tensor,
) -> tf.Tensor:
  """Returns how often D names the right one of the four, in [0, 1]."""
  logits = source_real, source_fake, target_real, target_fake
  return tf.reduce_mean(
    [
      fraction(tf.argmax(values, axis=-1) == domain)
      for domain, values in enumerate(logits)
    ]
  )
