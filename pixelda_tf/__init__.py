"""Unsupervised domain adaptation of images, in TensorFlow and Keras."""

from pixelda_tf import keras_2
from pixelda_tf.errors import UserError

keras_2.choose()

__all__ = ['UserError', '__version__']

__version__ = '0.1.0'
