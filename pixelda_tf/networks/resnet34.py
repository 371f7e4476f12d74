"""ResNet34, which classifies images."""

import gin
import tensorflow as tf

from pixelda_tf.networks.layers import ImageShape
from pixelda_tf.networks.segmentation import resnet34
from pixelda_tf.networks.segmentation.maps import scores

layers = tf.keras.layers


@gin.register
def resnet34_classifier(
  image_shape: ImageShape,
  n_classes: int,
  *,
  filters: int = 64,
  weights: str | None = None,
) -> tf.keras.Model:
  """ResNet34 (He et al., 2016), I2I Adapt's f and h of photographs (Sect. 4.2).

  Its last maps are f; a dense layer behind their means is h.

  Args:
    image_shape: (height, width, channels), 3 channels or 1; sides may be None.
    n_classes: number of classes.
    filters: of the first stage, 64 in the paper; doubled at each stage.
    weights: path of an h5 file, see `segmentation.resnet34.load`. None for
      random weights.

  Returns:
    Model of images float32 `[batch, height, width, channels]` in [-1, 1] to
    {'logits': float32 `[batch, n_classes]`, 'features': float32 `[batch,
    height / 32, width / 32, 8 * filters]`}.

  Raises:
    UserError: `weights` is not such a file.
  """
  images = layers.Input(image_shape, name='images')
  maps = layers.Activation('linear', dtype='float32', name='features')(
    resnet34.maps(images, filters)
  )
  means = layers.GlobalAveragePooling2D(keepdims=True, dtype='float32')(maps)
  logits = layers.Flatten(dtype='float32', name='logits')(
    scores(n_classes)(means)
  )
  outputs = {'logits': logits, 'features': maps}
  model = tf.keras.Model(images, outputs, name='task')
  resnet34.load('resnet34_classifier', model, weights)
  return model
