"""What label maps look like: a colour for each class."""

import colorsys
import itertools
from collections.abc import Sequence
from typing import Any

Colours = Sequence[Sequence[int]]

_KEY = 'colours'
# Cityscapes' published colours, RGB, by its names and by those that CamVid and
# SYNTHIA have for the same.
PUBLISHED = {
  'road': (128, 64, 128),
  'sidewalk': (244, 35, 232),
  'pavement': (244, 35, 232),
  'building': (70, 70, 70),
  'wall': (102, 102, 156),
  'fence': (190, 153, 153),
  'pole': (153, 153, 153),
  'traffic light': (250, 170, 30),
  'traffic sign': (220, 220, 0),
  'sign': (220, 220, 0),
  'vegetation': (107, 142, 35),
  'tree': (107, 142, 35),
  'terrain': (152, 251, 152),
  'sky': (70, 130, 180),
  'person': (220, 20, 60),
  'pedestrian': (220, 20, 60),
  'rider': (255, 0, 0),
  'cyclist': (255, 0, 0),
  'car': (0, 0, 142),
  'truck': (0, 0, 70),
  'bus': (0, 60, 100),
  'train': (0, 80, 100),
  'motorcycle': (0, 0, 230),
  'bicycle': (119, 11, 32),
}


def of_names(class_names: Sequence[str]) -> list[list[int]]:
  """Returns a colour for each class, RGB in 0..255, no two the same.

  The published one of a name that has one, else one of a circle of hues.
  """
  wanted = [PUBLISHED.get(name) for name in class_names]
  used = set(wanted)
  # Steps of the golden section are never near each other.
  hues = (number * 0.618034 % 1 for number in itertools.count())
  colours = []
  for colour in wanted:
    while colour is None or (colour in used and colour in colours):
      red, green, blue = colorsys.hsv_to_rgb(next(hues), 0.65, 0.95)
      made = round(255 * red), round(255 * green), round(255 * blue)
      colour = None if made in used else made
    used.add(colour)
    colours.append(colour)
  return [list(colour) for colour in colours]


def to_store(
  class_names: Sequence[str], colours: Colours | None
) -> dict[str, list[list[int]]]:
  """Returns what a data set's metadata keep of its colours.

  Args:
    class_names: by label.
    colours: (red, green, blue) by label, in 0..255; None for `of_names`.
  """
  chosen = of_names(class_names) if colours is None else colours
  return {_KEY: [[int(value) for value in colour] for colour in chosen]}


def stored(info: Any, class_names: Sequence[str]) -> list[list[int]]:
  """Returns the colours that a data set was stored with, else `of_names`."""
  # Not `get`, which does not load what is loaded lazily.
  kept = {} if info.metadata is None else dict(info.metadata.items())
  return kept.get(_KEY) or of_names(class_names)
