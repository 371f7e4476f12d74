"""Keras builders that take numbers and return models."""

from pixelda_tf.networks.classifiers import (
  dtn_classifier,
  lenet_classifier,
  mnist_classifier,
  svhn_classifier,
)
from pixelda_tf.networks.decoders import map_decoders, vector_decoders
from pixelda_tf.networks.discriminators import (
  feature_discriminator,
  feature_map_discriminator,
  patch_discriminator,
  pyramid_discriminator,
)
from pixelda_tf.networks.generators import (
  downsampling_residual_generator,
  residual_generator,
  unet_generator,
)
from pixelda_tf.networks.layers import (
  ImageShape,
  NetworkBuilder,
  TaskBuilder,
)
from pixelda_tf.networks.pose_estimators import pose_estimator
from pixelda_tf.networks.reconstruction import (
  embedding_generator,
  residual_discriminator,
)
from pixelda_tf.networks.resnet34 import resnet34_classifier
from pixelda_tf.networks.segmentation.deeplab_v3_plus import (
  deeplab_v3_plus_segmenter,
)
from pixelda_tf.networks.segmentation.densenet121 import densenet121_segmenter
from pixelda_tf.networks.segmentation.drn26 import drn26_segmenter
from pixelda_tf.networks.segmentation.fcn8s import fcn8s_segmenter
from pixelda_tf.networks.segmentation.resnet34 import resnet34_segmenter
from pixelda_tf.networks.segmentation.unet import unet_segmenter

__all__ = [
  'ImageShape',
  'NetworkBuilder',
  'TaskBuilder',
  'deeplab_v3_plus_segmenter',
  'densenet121_segmenter',
  'downsampling_residual_generator',
  'drn26_segmenter',
  'dtn_classifier',
  'embedding_generator',
  'fcn8s_segmenter',
  'feature_discriminator',
  'feature_map_discriminator',
  'lenet_classifier',
  'map_decoders',
  'mnist_classifier',
  'patch_discriminator',
  'pose_estimator',
  'pyramid_discriminator',
  'residual_discriminator',
  'residual_generator',
  'resnet34_classifier',
  'resnet34_segmenter',
  'svhn_classifier',
  'unet_generator',
  'unet_segmenter',
  'vector_decoders',
]
