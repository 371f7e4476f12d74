"""Pictures to look at: grids of images, with words beside or below them.

No picture is larger than a screen or two: large images are shown smaller.
"""

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from pixelda_tf import atomic, locks

# Pixels of a picture's side, at most, and of a small image's with words.
LARGEST = 4096
_IMAGE = 64
# Cases in a row, and pixels of a case's image; of one of several side by side,
# which has a row to itself, pixels of its height at most.
COLUMNS = 6
_TILE = 128
_HIGHEST = 208
# Pixels: between images, between blocks of rows, left of the images, at the
# other edges, of a line of the title and of one below a case.
_GAP = 4
_BLOCK_GAP = 24
_LEFT = 190
_MARGIN = 12
_TITLE_LINE = 26
_LINE = 14
_TITLE_SIZE, _LABEL_SIZE, _TEXT_SIZE = 18, 15, 11

# A label and images, float `[n, height, width, 1, 3 or 4]` in [-1, 1].
Row = tuple[str, np.ndarray]


def to_uint8(images: ArrayLike) -> np.ndarray:
  """Returns uint8 images of float ones in [-1, 1], rounded and clipped."""
  values = np.rint((np.asarray(images, np.float32) + 1.0) * 127.5)
  return np.clip(values, 0, 255).astype(np.uint8)


def to_rgb(images: np.ndarray) -> np.ndarray:
  """Returns uint8 `[..., height, width, 3]` to show of images, or of one.

  Args:
    images: `[..., height, width, 1, 3 or 4]`, uint8 or float in [-1, 1]; of
      four channels the fourth, depth, is not shown.
  """
  images = images if images.dtype == np.uint8 else to_uint8(images)
  images = images[..., :3]
  return np.repeat(images, 3, -1) if images.shape[-1] == 1 else images


def shrink(images: np.ndarray, fits: Callable[[int, int], bool]) -> np.ndarray:
  """Returns images so small that they fit.

  Args:
    images: float `[n, height, width, channels]`.
    fits: function of a height and a width; of 1 by 1 pixel it is not asked.

  Returns:
    Means over squares of the least number of pixels that will do.
  """
  n, height, width, channels = images.shape
  side = 1
  while side < max(height, width) and not fits(height // side, width // side):
    side += 1
  if side == 1:
    return images
  height, width = max(height // side, 1), max(width // side, 1)
  squares = images[:, : height * side, : width * side].reshape(
    n, height, min(side, images.shape[1]), width, -1, channels
  )
  return squares.mean(axis=(2, 4), dtype=np.float32)


def grid(rows: Sequence[np.ndarray], gap: int = 2) -> np.ndarray:
  """Puts rows of images below each other.

  Args:
    rows: float `[n, height, width, 1, 3 or 4]` in [-1, 1], all of one size. Of
      four channels the fourth, depth, becomes a row of its own below.
    gap: white pixels between images.

  Returns:
    uint8 `[rows * (height + gap) - gap, n * (width + gap) - gap, 3]`: column i
    holds every row's image i; smaller ones where that exceeds `LARGEST`.

  Raises:
    ValueError: the rows have different numbers of images.
  """
  shown = [images for _, images in _with_depth([('', row) for row in rows])]

  def fits(height, width):
    sides = len(shown) * (height + gap), len(shown[0]) * (width + gap)
    return max(sides) <= LARGEST

  tiles = [to_rgb(shrink(images, fits)) for images in shown]
  return _join([_join(list(row), gap, axis=1) for row in tiles], gap, axis=0)


def labelled(blocks: Sequence[Sequence[Row]], title: str) -> np.ndarray:
  """Draws rows of images with words beside them that say what they show.

  Args:
    blocks: of rows, all of one number and size of images; blocks are further
      apart than rows. Of four channels the fourth, depth, becomes a row of its
      own below.
    title: above all, of any number of lines.

  Returns:
    uint8 `[height, width, 3]`; each pixel of a small image is a square of
    pixels, and large images are shown smaller.
  """
  blocks = [_with_depth(rows) for rows in blocks]
  n = len(blocks[0][0][1])
  side = (LARGEST - _LEFT) // (2 * n)

  def fits(height, width):
    return max(height, width) <= side

  tiles = [
    [to_rgb(shrink(images, fits)) for _, images in rows] for rows in blocks
  ]
  scale = -(-_IMAGE // tiles[0][0].shape[1])
  grids = [
    _join([_join(list(_enlarge(row, scale)), _GAP, 1) for row in rows], _GAP, 0)
    for rows in tiles
  ]
  labels = [label for rows in blocks for label, _ in rows]
  left = max(_LEFT, _MARGIN + text_width(labels, _LABEL_SIZE) + _MARGIN)
  lines = title.splitlines()
  width = max(
    left + grids[0].shape[1], _MARGIN + text_width(lines, _TITLE_SIZE)
  )
  tops = [2 * _MARGIN + _TITLE_LINE * len(lines)]
  for one in grids:
    tops.append(tops[-1] + len(one) + _BLOCK_GAP)
  height = tops.pop() - _BLOCK_GAP + _MARGIN
  canvas = Image.new('RGB', (width + _MARGIN, height), 'white')
  for number, line in enumerate(lines):
    middle = _MARGIN + (number + 0.5) * _TITLE_LINE
    write(canvas, (_MARGIN, middle), line, _TITLE_SIZE)
  for top, one, rows in zip(tops, grids, blocks, strict=True):
    canvas.paste(Image.fromarray(one), (left, top))
    step = (len(one) + _GAP) / len(rows)
    for number, (label, _) in enumerate(rows):
      middle = top + number * step + (step - _GAP) / 2
      write(canvas, (_MARGIN, middle), label, _LABEL_SIZE)
  return np.asarray(canvas)


def cases(shown: Sequence[Any]) -> np.ndarray:
  """Draws examples with lines of text below them, `COLUMNS` in a row.

  Args:
    shown: `problems.Case`s, whose images are of one size; those that are more
      than twice as wide as high have a row each, in their proportions.

  Returns:
    uint8 `[height, width, 3]`.
  """
  width, columns = COLUMNS * (_TILE + _GAP), COLUMNS
  size = _TILE, _TILE
  high, wide, _ = shown[0].image.shape
  if wide > 2 * high:
    scale = min((width - _GAP) / wide, _HIGHEST / high)
    size, columns = (round(scale * wide), max(round(scale * high), 1)), 1
  rows = -(-len(shown) // columns)
  height = size[1] + max(len(case.texts) for case in shown) * _LINE + _GAP
  canvas = Image.new('RGB', (width, rows * height), 'white')
  for position, case in enumerate(shown):
    row, column = divmod(position, columns)
    left, top = column * (size[0] + _GAP), row * height
    tile = Image.fromarray(case.image)
    is_large = max(tile.size) > max(size)
    tile = tile.resize(
      size, Image.Resampling.BOX if is_large else Image.Resampling.NEAREST
    )
    canvas.paste(tile, (left, top))
    for line, text in enumerate(case.texts):
      middle = top + size[1] + (line + 0.5) * _LINE
      write(canvas, (left + 2, middle), text, _TEXT_SIZE)
  return np.asarray(canvas)


def save(path: str, picture: np.ndarray, scale: int = 2) -> None:
  """Writes a uint8 picture as PNG, each pixel `scale` times as wide.

  Of a picture that would be larger than `LARGEST`, fewer times. It is whole or
  as it was before, whenever the process dies, and whoever else writes it.
  """
  scale = max(1, min(scale, LARGEST // max(picture.shape)))
  image = Image.fromarray(_enlarge(picture[np.newaxis], scale)[0])
  stem, suffix = os.path.splitext(path)
  with (
    locks.hold(locks.beside(path), path),
    atomic.new_file(path, f'{stem}.partial{suffix}') as partial,
  ):
    image.save(partial)


def write(
  canvas: Image.Image, place: tuple[float, float], text: str, size: int
) -> None:
  """Writes text whose left end's middle is at a place, (x, y)."""
  draw = ImageDraw.Draw(canvas)
  draw.text(place, text, fill='black', font=_font(size), anchor='lm')


def text_width(texts: Sequence[str], size: int) -> int:
  """Returns pixels that the longest of texts is wide."""
  font = _font(size)
  return int(np.ceil(max(font.getlength(text) for text in texts)))


@functools.cache
def _font(size):
  import matplotlib  # Here, and not at every start.

  folder = os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf')
  return ImageFont.truetype(os.path.join(folder, 'DejaVuSans.ttf'), size)


def _with_depth(rows):
  shown = []
  for label, images in rows:
    shown.append((label, images[..., :3]))
    if images.shape[-1] == 4:
      shown.append(('depth', images[..., 3:]))
  return shown


def _enlarge(images, scale):
  return images.repeat(scale, 1).repeat(scale, 2)


def _join(tiles, gap, axis):
  shape = list(tiles[0].shape)
  shape[axis] = gap
  space = np.full(shape, 255, np.uint8)
  parts = [part for tile in tiles for part in (tile, space)][:-1]
  return np.concatenate(parts, axis)
