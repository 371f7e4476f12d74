"""The adversarial losses of LSD-seg: one discriminator for two domains.

Of every patch it tells the domain, and whether the image is real: four classes,
`SOURCE_REAL` and the others, as logits `[batch, rows, columns, 4]`. Each player
has a loss of its own, a sum of cross entropies H(logits, class), means over all
decisions (Sankaranarayanan et al., CVPR 2018, arXiv:1711.06969, Sect. 3.3).
"""

from collections.abc import Mapping

import tensorflow as tf

from pixelda_tf.losses.adversarial import fraction

SOURCE_REAL, SOURCE_FAKE, TARGET_REAL, TARGET_FAKE = range(4)

# Table 1, by player: what each kind of image is to be taken for. D names each
# kind, G's images are to pass for real ones of their own domain, and F's
# embeddings are to give images that pass for the other domain's.
TABLE_1 = {
  'discriminator': {
    'source_real': SOURCE_REAL,
    'source_fake': SOURCE_FAKE,
    'target_real': TARGET_REAL,
    'target_fake': TARGET_FAKE,
  },
  'generator': {'source_fake': SOURCE_REAL, 'target_fake': TARGET_REAL},
  'embedding': {'source_fake': TARGET_REAL, 'target_fake': SOURCE_REAL},
}

Logits = Mapping[str, tf.Tensor]


def taken_for(logits: tf.Tensor, domain: int) -> tf.Tensor:
  """H(logits, domain), low where decisions take images for that class.

  Args:
    logits: float32 `[batch, ..., n]`.
    domain: the class, in [0, n).

  Returns:
    float32 scalar, the mean over all decisions.
  """
  return -tf.reduce_mean(tf.nn.log_softmax(logits)[..., domain])


def losses(player: str, logits: Logits) -> dict[str, tf.Tensor]:
  """A player's row of Table 1.

  Args:
    player: 'discriminator', 'generator' or 'embedding'.
    logits: D's, by kind of image, float32 `[batch, ..., 4]`; of D itself all
      four kinds, of the others those that are made.

  Returns:
    The kind's loss by kind, float32 scalars.
  """
  aims = TABLE_1[player]
  return {kind: taken_for(logits[kind], aim) for kind, aim in aims.items()}


def accuracies(logits: Logits) -> dict[str, tf.Tensor]:
  """Returns how often D names the right one of the four, by kind of image.

  Args:
    logits: as `losses`, of all four kinds.

  Returns:
    {'accuracy_<kind>': float32 scalar in [0, 1]}.
  """
  return {
    f'accuracy_{kind}': fraction(tf.argmax(logits[kind], axis=-1) == domain)
    for kind, domain in TABLE_1['discriminator'].items()
  }
