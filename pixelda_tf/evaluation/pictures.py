"""Pictures to look at: grids of images, and nearest neighbours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Of cases: in a row; pixels of an image's side, a line of text, and in between.
COLUMNS = 6
_TILE = 128
_LINE = 14
_GAP = 4


def to_uint8(images):
  """Returns uint8 images of float ones in [-1, 1], rounded and clipped."""
  values = np.rint((np.asarray(images, np.float32) + 1.0) * 127.5)
  return np.clip(values, 0, 255).astype(np.uint8)


def to_rgb(image):
  """Returns uint8 `[height, width, 3]` to show of an image.

  Args:
    image: `[height, width, 1, 3 or 4]`, uint8 or float in [-1, 1]; of four
      channels the fourth, depth, is not shown.
  """
  image = image if image.dtype == np.uint8 else to_uint8(image)
  image = image[..., :3]
  return np.repeat(image, 3, -1) if image.shape[-1] == 1 else image


def grid(rows, gap=2):
  """Puts rows of images below each other.

  Args:
    rows: list of float `[n, height, width, 1, 3 or 4]` in [-1, 1], all of one
      size. Of four channels the fourth, depth, becomes a row of its own below.
    gap: white pixels between images.

  Returns:
    uint8 `[rows * (height + gap) - gap, n * (width + gap) - gap, 3]`: column i
    holds every row's image i.

  Raises:
    ValueError: the rows have different numbers of images.
  """
  shown = []
  for images in rows:
    if images.shape[-1] == 4:
      shown += [images[..., :3], images[..., 3:]]
    else:
      shown.append(images)
  return _join([_row(images, gap) for images in shown], gap, axis=0)


def cases(shown: Sequence[Any]) -> np.ndarray:
  """Draws examples with lines of text below, `COLUMNS` in a row.

  Args:
    shown: `problems.Case`s.

  Returns:
    uint8 `[height, width, 3]`.
  """
  rows = -(-len(shown) // COLUMNS)
  height = _TILE + max(len(case.texts) for case in shown) * _LINE + _GAP
  canvas = Image.new('RGB', (COLUMNS * (_TILE + _GAP), rows * height), 'white')
  draw = ImageDraw.Draw(canvas)
  font = ImageFont.load_default()
  for position, case in enumerate(shown):
    row, column = divmod(position, COLUMNS)
    left, top = column * (_TILE + _GAP), row * height
    tile = Image.fromarray(case.image).resize(
      (_TILE, _TILE), Image.Resampling.NEAREST
    )
    canvas.paste(tile, (left, top))
    for line, text in enumerate(case.texts):
      place = left + 2, top + _TILE + 2 + line * _LINE
      draw.text(place, text, fill='black', font=font)
  return np.asarray(canvas)


def save(path, picture, scale=2):
  """Writes a uint8 picture as PNG, each pixel `scale` times as wide."""
  picture = np.repeat(np.repeat(picture, scale, 0), scale, 1)
  Image.fromarray(picture).save(path)


def nearest(images, candidates):
  """Finds each image's nearest candidate in pixel space (Sect. 4.4).

  Args:
    images: float `[n, height, width, channels]` in [-1, 1].
    candidates: float `[m, height, width, channels]` in [-1, 1].

  Returns:
    (int `[n]` indices into the candidates, float `[n]` root mean squared
    differences).
  """
  flat = np.reshape(images, (len(images), -1)).astype(np.float32)
  others = np.reshape(candidates, (len(candidates), -1)).astype(np.float32)
  squared = (
    (flat**2).sum(1)[:, None] - 2 * flat @ others.T + (others**2).sum(1)[None]
  )
  indices = squared.argmin(axis=1)
  differences = flat - others[indices]
  return indices, np.sqrt((differences**2).mean(axis=1))


def _row(images, gap):
  tiles = to_uint8(images)
  if tiles.shape[-1] == 1:
    tiles = np.repeat(tiles, 3, -1)
  return _join(list(tiles), gap, axis=1)


def _join(tiles, gap, axis):
  shape = list(tiles[0].shape)
  shape[axis] = gap
  space = np.full(shape, 255, np.uint8)
  parts = [part for tile in tiles for part in (tile, space)][:-1]
  return np.concatenate(parts, axis)
