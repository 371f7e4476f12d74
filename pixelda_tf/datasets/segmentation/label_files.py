"""Reads label map files: PNG whose pixels are ids or colours of classes.

A pixel's code is its id, or its colour as 65536 red + 256 green + blue.
"""

import io
import pathlib
import struct
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from pixelda_tf.errors import UserError

# What label map files may be, as a user names it and as messages tell it.
FORMS = {
  'ids': '8-bit grey, of ids',
  'palette': 'a palette file, whose indices are ids',
  '16bit': '16-bit, of ids, in its first channel if it has several',
  'red': '8-bit RGB or RGBA, ids in its red channel',
  'colours': '8-bit RGB or a palette file, of colours',
}
_PNG = b'\x89PNG\r\n\x1a\n'
_JPEG = b'\xff\xd8'
# PNG's colour types.
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_KINDS = {
  GREY: 'grey',
  RGB: 'RGB',
  PALETTE: 'a palette file',
  GREY_ALPHA: 'grey with alpha',
  RGBA: 'RGBA',
}
# Of the places where ids change, the share at which an id lies between its two
# neighbours: at most 0.08 in CamVid, also at an eighth of its size; at least
# 0.2 where maps were resized or blurred as images are.
_SMOOTHED = 0.15
_FEWEST_CHANGES = 64


class Header(NamedTuple):
  """What a PNG's header tells: bits a channel, and PNG's colour type."""

  depth: int
  kind: int

  def forms(self) -> tuple[str, ...]:
    """Returns which of `FORMS` it may be, the likeliest first."""
    if self.depth == 16:
      return ('16bit',)
    if self.kind == PALETTE:
      return 'palette', 'colours'
    if self.kind in (RGB, RGBA):
      return 'colours', 'red'
    return ('ids',) if self == (8, GREY) else ()

  def __str__(self) -> str:
    """Returns what it is in words."""
    if self.kind == PALETTE:
      return _KINDS[self.kind]
    return f'{self.depth}-bit {_KINDS.get(self.kind, "of an unknown kind")}'


def header(data: bytes) -> Header | None:
  """Returns the header of a PNG file's bytes, None of another's."""
  if not data.startswith(_PNG) or len(data) < 26:
    return None
  return Header(*struct.unpack('>BB', data[24:26]))


def read(path: pathlib.Path, form: str, published: bool) -> np.ndarray:
  """Returns the codes of a label map, uint8, uint16 or uint32 [height, width].

  Args:
    path: PNG file.
    form: of `FORMS`, what it has to be.
    published: whether the file is of a published data set, else a user's own,
      of which the user can tell another form.

  Raises:
    UserError: it is missing, damaged, no PNG, of another form, or smoothed.
  """
  data, png = _contents(path)
  forms = png.forms()
  if form not in forms:
    what, means = str(png), forms[:1]
    if means == ('colours',):
      hidden = _hidden_ids(_pixels(path, data))
      what, means = (hidden, ('red',)) if hidden else (what, means)
    remedy = 'convert it to 8-bit grey, of ids'
    if published:
      remedy = 'put the published file there'
    elif means:
      remedy = f'if the others are, too, pass --label_files={means[0]}'
    raise UserError(
      f'{path}: the label map is {what}; expected {FORMS[form]}; {remedy}'
    )
  if form == '16bit':
    return check_edges(path, _pixels_16bit(path, data))
  if form == 'colours':
    red, green, blue = np.moveaxis(_pixels(path, data, 'RGB'), -1, 0)
    return (red.astype(np.uint32) << 16) | (green.astype(np.uint32) << 8) | blue
  pixels = _pixels(path, data)
  return check_edges(path, pixels[..., 0] if form == 'red' else pixels)


def text(code: int, form: str) -> str:
  """Returns what messages call a code, as `id 3` or `colour (1, 2, 3)`."""
  return f'colour {colour(code)}' if form == 'colours' else f'id {code}'


def colour(code: int) -> tuple[int, int, int]:
  """Returns the (red, green, blue) of a code."""
  return code >> 16, code >> 8 & 255, code & 255


def code_of(red: int, green: int, blue: int) -> int:
  """Returns the code of a colour."""
  return red << 16 | green << 8 | blue


def _contents(path):
  try:
    data = path.read_bytes()
  except OSError as error:
    raise UserError(f'{path}: cannot be read ({error.strerror})') from error
  if data.startswith(_JPEG):
    raise UserError(
      f'{path}: the label map was saved as JPEG, which changes ids at edges; '
      'make it again as PNG, from what it was made of'
    )
  png = header(data)
  if png is None:
    raise UserError(
      f'{path}: the label map is no PNG file; save it as one, pixel by pixel'
    )
  return data, png


def _pixels(path, data, mode=None):
  """Returns uint8 [height, width] or [height, width, channels] of a PNG."""
  try:
    with Image.open(io.BytesIO(data), formats=['PNG']) as image:
      return np.asarray(image.convert(mode) if mode else image)
  except (OSError, SyntaxError, ValueError) as error:
    raise _damaged(path, error) from error


def _pixels_16bit(path, data):
  """Returns the first channel, uint16; Pillow would keep 8 bits of RGB."""
  try:
    return tf.io.decode_png(data, dtype=tf.uint16).numpy()[..., 0]
  except tf.errors.InvalidArgumentError as error:
    raise _damaged(path, error.message.splitlines()[0]) from error


def _damaged(path, error):
  return UserError(f'{path}: not a readable PNG ({error}); fetch it again')


def _hidden_ids(pixels):
  """Returns how RGB pixels hold ids, None where they are colours."""
  red, green, blue = np.moveaxis(pixels[..., :3], -1, 0)
  if red.any() and not green.any() and not blue.any():
    return 'ids in the red channel, as CARLA writes them'
  if (red == green).all() and (red == blue).all():
    return 'grey, saved as RGB'
  return None


def check_edges(path: pathlib.Path, codes: np.ndarray) -> np.ndarray:
  """Returns the codes of a label map, which is no interpolated image.

  Raises:
    UserError: too many codes lie between those on both sides.
  """
  between = changes = 0
  for lines in (codes, codes.T):
    before, here, after = lines[:, :-2], lines[:, 1:-1], lines[:, 2:]
    up = (before < here) & (here < after)
    down = (before > here) & (here > after)
    between += np.count_nonzero(up | down)
    changes += np.count_nonzero(here != after)
  if changes >= _FEWEST_CHANGES and between > _SMOOTHED * changes:
    raise UserError(
      f'{path}: at {between} of {changes} edges the label map has values '
      'between those on both sides: it was saved as JPEG, resized or smoothed '
      'as an image; make it again, by the nearest pixel'
    )
  return codes
