"""Rows of images, each with words beside it that say what it shows."""

from matplotlib.figure import Figure

from pixelda_tf.evaluation import figures, pictures

# Pixels: of an image at least, between images, between blocks of rows, left of
# the images, at the other edges, and of a line of the title and its letters.
_IMAGE = 64
_GAP = 4
_BLOCK_GAP = 24
_LABEL = 190
_MARGIN = 12
_LINE = 26
_LETTER = 11


@figures.drawn
def picture(blocks, title):
  """Draws rows of images.

  Args:
    blocks: list of lists of (label, float `[n, height, width, 1, 3 or 4]` in
      [-1, 1]), all of one n and size; blocks are further apart than rows. Of
      four channels the fourth, depth, becomes a row of its own below.
    title: above all, of any number of lines.

  Returns:
    uint8 `[height, width, 3]`; each pixel of an image is a square of pixels.
  """
  blocks = [_with_depth(rows) for rows in blocks]
  image_height = blocks[0][0][1].shape[1]
  scale = -(-_IMAGE // image_height)
  step = scale * image_height + _GAP
  grids = [_grid(rows, scale) for rows in blocks]
  lines = title.splitlines()
  width = max(
    _LABEL + grids[0].shape[1], _MARGIN + _LETTER * max(map(len, lines))
  )
  width += _MARGIN
  tops = [2 * _MARGIN + _LINE * len(lines)]
  for grid in grids:
    tops.append(tops[-1] + len(grid) + _BLOCK_GAP)
  height = tops.pop() - _BLOCK_GAP + _MARGIN

  # matplotlib cuts fractions of pixels off, and division leaves some.
  inches = [(size + 0.5) / figures.DPI for size in (width, height)]
  figure = Figure(inches, figures.DPI)

  def write(text, y, **style):
    place = _MARGIN / width, 1 - y / height
    figure.text(*place, figures.plain(text), va='center', **style)

  for number, line in enumerate(lines):
    write(line, _MARGIN + (number + 0.5) * _LINE, fontsize=13)
  for top, rows in zip(tops, blocks, strict=True):
    for number, (label, _) in enumerate(rows):
      write(label, top + number * step + (step - _GAP) / 2)
  canvas = figures.to_array(figure)
  for top, grid in zip(tops, grids, strict=True):
    canvas[top : top + len(grid), _LABEL : _LABEL + grid.shape[1]] = grid
  return canvas


def _with_depth(rows):
  shown = []
  for label, images in rows:
    shown.append((label, images[..., :3]))
    if images.shape[-1] == 4:
      shown.append(('depth', images[..., 3:]))
  return shown


def _grid(rows, scale):
  """Enlarges images, not the gaps between them."""
  enlarged = [images.repeat(scale, 1).repeat(scale, 2) for _, images in rows]
  return pictures.grid(enlarged, _GAP)
