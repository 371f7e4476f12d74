"""Reads files of masks: which pixels are the object."""

import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

from pixelda_tf.datasets import image_files
from pixelda_tf.errors import UserError

# Of a mask whose edges are smoothed: how far its darkest and lightest pixels
# are apart at least, and what share of its pixels may lie in an area of a third
# value.
CONTRAST = 64
THIRD_VALUES = 0.01
# How far from the darkest and lightest the noise of these formats reaches.
LOSSY_FORMATS, NOISE = ('JPEG', 'MPO', 'WEBP'), 16


def read(
  path: pathlib.Path, image_path: pathlib.Path, size: tuple[int, int]
) -> np.ndarray:
  """Returns a mask as uint8 [height, width, 1] of 0 and 255.

  Of two values, ids or colours the darker one is the background. One alone is
  the object, unless it is black. In grey between the darkest and the lightest
  are smoothed edges, or what JPEG makes: the object is what is lighter than
  their middle.

  Args:
    path: image file of the same size as the image that it belongs to.
    image_path: that image.
    size: (height, width) wanted.

  Raises:
    UserError: it is no image, has another size or transparent pixels, or more
      values than a mask has.
  """
  with image_files.opened(image_path) as image:
    image_size = image.size
  with image_files.opened(path, allow_alpha=True) as image:
    if image.size != image_size:
      raise UserError(
        f'{path}: the mask is {_sides(image.size)} (height x width), its image '
        f'{image_path} {_sides(image_size)}; make them equal'
      )
    if image_files.is_transparent(image):
      raise UserError(
        f'{path}: the mask has transparent pixels (alpha); save it as 8-bit '
        'grey without alpha, 255 where the object is and 0 elsewhere'
      )
    is_lossy = image.format in LOSSY_FORMATS
    colours = np.asarray(image.convert('RGB'), np.int32)
    mask = Image.fromarray(_objects(path, colours, is_lossy))
    mask = mask.resize((size[1], size[0]), Image.Resampling.NEAREST)
    return np.asarray(mask)[..., None]


def _objects(path, colours, is_lossy):
  """Returns uint8 [height, width] of 0 and 255.

  Args:
    path: the file in messages.
    colours: [height, width, 3] of a mask.
    is_lossy: whether its format changes values.
  """
  codes = colours @ [1 << 16, 1 << 8, 1]
  unique = np.unique(codes)
  if len(unique) == 1:
    return np.full(codes.shape, 255 if unique[0] else 0, np.uint8)
  if len(unique) == 2:
    # As an eye weighs red, green and blue.
    lightness = np.stack([unique >> 16, unique >> 8 & 255, unique & 255]).T
    lightest = unique[np.argmax(lightness @ [0.299, 0.587, 0.114])]
    return np.where(codes == lightest, 255, 0).astype(np.uint8)
  grey = colours.mean(axis=-1)
  is_flat, noise = _is_flat(grey), NOISE if is_lossy else 0
  darkest, lightest = grey.min(), grey.max()
  if is_lossy and is_flat.any() and np.ptp(grey[is_flat]) >= CONTRAST:
    # At edges it is darker and lighter than on either side.
    darkest, lightest = grey[is_flat].min(), grey[is_flat].max()
  is_grey = np.ptp(colours, axis=-1).max() <= noise
  if is_grey and lightest - darkest >= CONTRAST:
    between = (grey > darkest + noise) & (grey < lightest - noise)
    if (between & is_flat).mean() <= THIRD_VALUES:
      middle = (darkest + lightest) / 2
      return np.where(grey > middle, 255, 0).astype(np.uint8)
  raise UserError(
    f'{path}: the mask has {len(unique)} values from {_text(colours, grey, 0)} '
    f'to {_text(colours, grey, -1)}; save it with two, 0 for the background '
    'and 255 for the object'
  )


def _is_flat(grey):
  """Returns where a pixel and its eight neighbours have one value."""
  return ndimage.maximum_filter(grey, 3) == ndimage.minimum_filter(grey, 3)


def _text(colours, grey, place):
  pixel = colours.reshape(-1, 3)[np.argsort(grey, axis=None)[place]]
  red, green, blue = pixel.tolist()
  return f'{red}' if red == green == blue else f'({red}, {green}, {blue})'


def _sides(size):
  width, height = size
  return f'{height}x{width}'
