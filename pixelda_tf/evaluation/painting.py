"""Label maps in colours, with a legend that names them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pixelda_tf.datasets.segmentation.colours import Colours
from pixelda_tf.evaluation import pictures
from pixelda_tf.fields.label_maps import IGNORE

_SWATCH, _LINE, _GAP = 14, 20, 8
_TEXT_SIZE = 11
_IGNORED = 'ignored', (0, 0, 0)


def paint(maps: np.ndarray, colours: Colours) -> np.ndarray:
  """Returns label maps in colours.

  Args:
    maps: integers `[..., height, width]` in 0..255; labels without a colour,
      such as `IGNORE`, are black.
    colours: (red, green, blue) by label.

  Returns:
    uint8 `[..., height, width, 3]`.
  """
  table = np.zeros((IGNORE + 1, 3), np.uint8)
  table[: len(colours)] = colours
  return table[maps]


def to_show(maps: np.ndarray, colours: Colours) -> np.ndarray:
  """Returns `paint` of maps as images float32 in [-1, 1], for rows of images.

  Args:
    maps: as there, or with a last axis of 1.
    colours: as there.
  """
  maps = maps[..., 0] if maps.shape[-1] == 1 else maps
  return paint(maps, colours).astype(np.float32) / 127.5 - 1.0


def cases(
  shown: Sequence[Any], class_names: Sequence[str], colours: Colours
) -> np.ndarray:
  """Draws examples; label maps, predicted and true, beside those with any.

  Args:
    shown: `problems.Case`s, all with label maps or none.
    class_names: by label.
    colours: (red, green, blue) by label.

  Returns:
    uint8 `[height, width, 3]`.
  """
  if not shown[0].label_maps:
    return pictures.cases(shown)
  picture = pictures.cases([_joined(case, colours) for case in shown])
  return with_legend(
    picture, class_names, colours, 'each: image, prediction, truth'
  )


def with_legend(
  picture: np.ndarray,
  class_names: Sequence[str],
  colours: Colours,
  text: str = '',
) -> np.ndarray:
  """Returns a picture with the classes' colours below it.

  Args:
    picture: uint8 `[height, width, 3]`.
    class_names: by label.
    colours: (red, green, blue) by label.
    text: what else there is to say, first.
  """
  entries = [
    *([(text, None)] if text else []),
    *zip(class_names, colours, strict=True),
    _IGNORED,
  ]
  width = picture.shape[1]
  places, left, top = [], _GAP, _GAP
  for name, _ in entries:
    wide = _SWATCH + pictures.text_width([name], _TEXT_SIZE) + 2 * _GAP
    if left > _GAP and left + wide > width:
      left, top = _GAP, top + _LINE
    places.append((left, top))
    left += wide
  canvas = Image.new('RGB', (width, top + _LINE + _GAP), 'white')
  for (name, colour), (left, top) in zip(entries, places, strict=True):
    if colour is not None:
      swatch = left, top, left + _SWATCH, top + _SWATCH
      canvas.paste(tuple(colour), swatch)
      left += _SWATCH + _GAP // 2
    pictures.write(canvas, (left, top + _SWATCH / 2), name, _TEXT_SIZE)
  return np.concatenate([picture, np.asarray(canvas)])


def _joined(case, colours):
  """Returns a case whose image has its label maps beside it, in their size."""
  maps = [paint(each, colours) for each in case.label_maps]
  height, width, _ = maps[0].shape
  image = np.asarray(Image.fromarray(case.image).resize((width, height)))
  return case._replace(image=np.concatenate([image, *maps], 1))
