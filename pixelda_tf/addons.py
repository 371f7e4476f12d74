"""The only module that imports tensorflow-addons."""

import warnings

with warnings.catch_warnings():
  warnings.simplefilter('ignore')
  import tensorflow_addons as tfa

transform_images = tfa.image.transform
