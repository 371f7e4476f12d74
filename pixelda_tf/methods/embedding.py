"""Where LSD-seg divides a task network: F up to an embedding, C behind it."""

from collections.abc import Sequence

import tensorflow as tf

from pixelda_tf.networks import ImageShape

Maps = tuple[tf.Tensor, ...]


class Embedding:
  """Maps inside of a task network, and calls of it that return them.

  The calls share the task network's layers, which it alone keeps: a checkpoint
  holds them once.

  Attributes:
    names: of the layers.
    shapes: (rows, columns, channels) of each map; sides may be None.
  """

  def __init__(self, task: tf.keras.Model, names: Sequence[str]):
    """Finds the layers.

    Args:
      task: network of images.
      names: of layers, F's last one first.

    Raises:
      ValueError: there is no such layer, or it gives no maps.
    """
    outputs = {
      layer.name: layer.output
      for layer in task.layers
      if len(getattr(layer.output, 'shape', ())) == 4
    }
    for name in names:
      if name not in outputs:
        raise ValueError(
          f'LSDSeg.embedding: the task network has no layer {name!r} of maps: '
          "name F's last layer, such as 'features' of FCN8s or 'down_4' of the "
          'U-Net'
        )
    maps = tuple(outputs[name] for name in names)
    self.names = tuple(names)
    self.shapes: list[ImageShape] = [tuple(m.shape[1:]) for m in maps]
    self._f = tf.keras.Model(task.input, maps)
    self._f_and_c = tf.keras.Model(task.input, (task.output, maps))

  def embed(self, images: tf.Tensor, training: bool = False) -> Maps:
    """F alone: maps of images float32 `[batch, height, width, channels]`."""
    return self._f(images, training=training)

  def embed_and_classify(
    self, images: tf.Tensor, training: bool = False
  ) -> tuple[dict[str, tf.Tensor], Maps]:
    """F and C: the task network's outputs, and the maps."""
    return self._f_and_c(images, training=training)

  def check(
    self, generator: tf.keras.Model, image_shapes: Sequence[ImageShape]
  ) -> None:
    """Checks that a generator makes images as large as those of the maps.

    The last row of a map may be of pixels that the image has not.

    Raises:
      ValueError: it does not.
    """
    for shape in image_shapes:
      if None in shape:
        continue
      maps = self.embed(tf.zeros([1, *shape]))
      (rows, columns), size = maps[0].shape[1:3], shape[:2]
      made = generator(maps).shape[1:3]
      most = 2 * (made[0] // rows)
      if any(not 0 <= m - s < most for m, s in zip(made, size, strict=True)):
        raise ValueError(
          f'LSDSeg.embedding {self.names} of images of {size[0]}x{size[1]} has '
          f'{rows}x{columns} places, of which LSDSeg.generator makes images of '
          f'{made[0]}x{made[1]}: name a layer and a generator '
          '(embedding_generator.filters) that fit each other'
        )
