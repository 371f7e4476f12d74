"""Unsupervised domain adaptation of images, in TensorFlow and Keras."""

from pixelda_tf.errors import UserError

__all__ = ['UserError', '__version__']

__version__ = '0.1.0'
