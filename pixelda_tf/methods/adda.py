"""ADDA: a target encoder that a discriminator takes for the source's."""

from typing import Any

import gin

from pixelda_tf.methods.base import Method
from pixelda_tf.methods.feature_alignment import (
  DiscriminatorBuilder,
  FeatureAlignment,
  features,
)
from pixelda_tf.methods.player import Batch, Player, Tensors
from pixelda_tf.networks import feature_discriminator


@gin.register
class ADDA(Method):
  """Tzeng et al., Adversarial Discriminative Domain Adaptation, CVPR 2017.

  arXiv:1702.05464, Eq. 9. The source's network (`reference_task`) is trained
  and stays; the target's (`task`) starts as it, and moves so that D takes its
  features of target images for the other's of source images: inverted labels.
  The class layer is the source's. It is CyCADA's feature stage without a gate.
  """

  translates = False
  needs = ('task', 'reference_task')
  # An accuracy is above it always.
  _threshold = -1.0

  def __init__(
    self,
    *,
    feature_discriminator: DiscriminatorBuilder = feature_discriminator,
    **kwargs: Any,
  ):
    """Builds D, and both encoders, which wait for their weights.

    Args:
      feature_discriminator: builder of D, called with the number of features.
      **kwargs: see `Method`.
    """
    super().__init__(**kwargs)
    self.task = self.build_task()
    self.reference_task = self.build_task()
    self.alignment = FeatureAlignment(
      self.task,
      representation=features,
      threshold=self._threshold,
      window=1,
      patience=None,
      discriminator=feature_discriminator,
    )

  def players(self) -> tuple[Player, ...]:
    """D, then the target's encoder."""
    return self.alignment.players()

  def shared(self, batch: Batch) -> Tensors:
    """Features of source images under the one, of target images the other."""
    reference = self.reference_task(batch['source']['image'], training=True)
    aligned = self.task(batch['target']['image'], training=True)
    represent = self.alignment.representation
    return {'reference': represent(reference), 'aligned': represent(aligned)}
