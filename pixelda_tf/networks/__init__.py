"""Keras builders that take numbers and return models."""

from pixelda_tf.networks.classifiers import (
  mnist_classifier,
  svhn_classifier,
)
from pixelda_tf.networks.discriminators import (
  patch_discriminator,
  pyramid_discriminator,
)
from pixelda_tf.networks.generators import residual_generator
from pixelda_tf.networks.pose_estimators import pose_estimator

__all__ = [
  'mnist_classifier',
  'patch_discriminator',
  'pose_estimator',
  'pyramid_discriminator',
  'residual_generator',
  'svhn_classifier',
]
