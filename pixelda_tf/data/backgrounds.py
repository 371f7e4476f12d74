"""Photographs behind the objects of rendered images (PixelDA, Table 3)."""

import pathlib

import gin
import numpy as np
import tensorflow as tf
from PIL import Image

from pixelda_tf.datasets import suffixes
from pixelda_tf.errors import UserError

_SIZE = (240, 320)
_LEAST_SHARE = 0.2


@gin.register
class PhotoBackground:
  """Puts a random crop of a random photo behind each object.

  An augmentation of training batches with masks, see `augmentation`. Depth, the
  fourth channel, stays as it is: there is no trivial background for it
  (Sect. 4.4).
  """

  def __init__(self, *, photos_dir: str | pathlib.Path | None = None):
    """Reads the photos; they are kept in memory at 320x240.

    Args:
      photos_dir: folder of photographs, searched with its subfolders; None for
        the two that come with scikit-learn.

    Raises:
      UserError: the folder is missing or holds no readable photograph.
    """
    self.photos = np.stack(_read(photos_dir))

  def __call__(
    self, batch: dict[str, tf.Tensor], seed: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    """Returns the batch with `image` changed where `mask` is 0.

    Args:
      batch: dict with `image` float32 [n, h, w, 3 or 4] in [-1, 1] and `mask`
        float32 [n, h, w, 1].
      seed: int [2].

    Raises:
      UserError: the batch has no masks, or grey images.
    """
    images = batch['image']
    if 'mask' not in batch or images.shape[-1] not in (3, 4):
      raise UserError(
        'PhotoBackground needs RGB images with masks: prepare the source with '
        'masks, or leave it out of Pair.source_augmentation'
      )
    crops = self._crops(tf.shape(images)[0], images.shape[1:3], seed)
    rgb = tf.where(batch['mask'] > 0, images[..., :3], crops)
    return {**batch, 'image': tf.concat([rgb, images[..., 3:]], axis=-1)}

  def _crops(self, count, size, seed):
    """Returns float32 [count, *size, 3] in [-1, 1]; squares of the photos."""
    draws = tf.random.stateless_uniform([4, count], seed)
    indices = tf.cast(draws[0] * len(self.photos), tf.int32)
    height = _LEAST_SHARE + (1.0 - _LEAST_SHARE) * draws[1]
    width = height * _SIZE[0] / _SIZE[1]
    top, left = draws[2] * (1.0 - height), draws[3] * (1.0 - width)
    boxes = tf.stack([top, left, top + height, left + width], axis=-1)
    photos = tf.constant(self.photos)
    crops = tf.image.crop_and_resize(photos, boxes, indices, size)
    return crops / 127.5 - 1.0


def _read(photos_dir):
  """Returns photos as uint8 [240, 320, 3], upright ones turned."""
  if photos_dir is None:
    from sklearn.datasets import load_sample_images

    images = map(Image.fromarray, load_sample_images().images)
    return [_fit(image) for image in images]
  folder = pathlib.Path(photos_dir)
  paths = sorted(path for path in folder.rglob('*') if suffixes.is_image(path))
  suffixes.tell_others(folder)
  if not paths:
    raise UserError(
      f'PhotoBackground.photos_dir: {folder} holds no photographs (as .jpg or '
      '.png)'
    )
  photos = []
  for path in paths:
    try:
      with Image.open(path, formats=suffixes.formats()) as image:
        photos.append(_fit(image))
    except (OSError, SyntaxError, ValueError) as error:
      raise UserError(f'{path}: not a readable photograph: {error}') from error
  return photos


def _fit(image):
  image = image.convert('RGB')
  if image.height > image.width:
    image = image.transpose(Image.Transpose.ROTATE_90)
  return np.asarray(image.resize(_SIZE[::-1], Image.Resampling.BILINEAR))
