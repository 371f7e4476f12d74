"""What surfaces are made of, and in which colours.

Colours are albedos, linear, as fractions of the light that a surface gives
back.
"""

from typing import NamedTuple


class Material(NamedTuple):
  """A kind of surface.

  Attributes:
    colours: sequence of red, green and blue in [0, 1], of which a thing has
      one, linear.
    texture: name of one of `textures.TEXTURES`.
    spread: standard deviation of the logarithm of a thing's brightness.
    tint: that of its red and of its blue.
    gloss: fraction of light from the mirrored direction that is seen at a
      glance of 90 degrees; more along the surface.
    glow: radiance that it gives at night, a factor of its colour.
    fraction_lit: fraction of the things that glow.
  """

  colours: tuple[tuple[float, float, float], ...]
  texture: str = 'smooth'
  spread: float = 0.25
  tint: float = 0.04
  gloss: float = 0.0
  glow: float = 0.0
  fraction_lit: float = 1.0


def _grey(*values):
  return tuple((value, value, value) for value in values)


_FABRICS = (
  *_grey(0.02, 0.03, 0.05, 0.1, 0.25),
  (0.02, 0.03, 0.08),
  (0.03, 0.05, 0.15),
  (0.25, 0.03, 0.03),
  (0.1, 0.06, 0.03),
  (0.3, 0.25, 0.15),
  (0.05, 0.12, 0.05),
  (0.05, 0.2, 0.3),
)

MATERIALS = {
  # The ground.
  'asphalt': Material(
    (*_grey(0.08, 0.1, 0.13), (0.1, 0.1, 0.11), (0.13, 0.125, 0.12)),
    'grain',
    0.2,
    0.02,
  ),
  'patch': Material(_grey(0.06, 0.08, 0.15), 'grain', 0.2, 0.02),
  'red_asphalt': Material(((0.2, 0.08, 0.07), (0.15, 0.08, 0.07)), 'grain'),
  'mark': Material(_grey(0.45, 0.6), 'worn', 0.2, 0.02),
  'yellow_mark': Material(((0.45, 0.33, 0.1), (0.4, 0.33, 0.2)), 'worn', 0.2),
  'slab': Material(
    (*_grey(0.15, 0.2), (0.22, 0.2, 0.17), (0.18, 0.15, 0.13)), 'slabs', 0.25
  ),
  'kerb': Material((*_grey(0.2, 0.27), (0.25, 0.24, 0.22)), 'rough'),
  'shade': Material(_grey(0.015), 'grain', 0.1, 0.0),
  'manhole': Material(_grey(0.05, 0.07), 'rough'),
  'grass': Material(
    ((0.07, 0.11, 0.03), (0.1, 0.12, 0.04), (0.06, 0.09, 0.03)), 'foliage', 0.2
  ),
  'earth': Material(((0.08, 0.06, 0.04), (0.12, 0.1, 0.07)), 'foliage'),
  # Buildings.
  'brick': Material(
    (
      (0.22, 0.1, 0.07),
      (0.17, 0.08, 0.06),
      (0.27, 0.15, 0.1),
      (0.3, 0.25, 0.17),
      (0.25, 0.21, 0.15),
      (0.16, 0.14, 0.11),
      (0.12, 0.11, 0.09),
    ),
    'bricks',
    0.3,
  ),
  'plaster': Material(
    (
      *_grey(0.6, 0.45, 0.3),
      (0.55, 0.5, 0.4),
      (0.5, 0.42, 0.3),
      (0.5, 0.35, 0.3),
      (0.35, 0.4, 0.45),
      (0.3, 0.35, 0.3),
    ),
    'rough',
    0.25,
  ),
  'concrete': Material(
    (*_grey(0.2, 0.3, 0.4), (0.3, 0.27, 0.23), (0.25, 0.22, 0.18)), 'rough'
  ),
  'stone': Material(
    ((0.3, 0.27, 0.2), (0.2, 0.18, 0.15), (0.12, 0.11, 0.1)), 'bricks'
  ),
  'roof': Material(
    (*_grey(0.05, 0.08, 0.12), (0.15, 0.07, 0.05), (0.1, 0.07, 0.06)), 'tiles'
  ),
  'chimney': Material(((0.2, 0.1, 0.07), (0.2, 0.17, 0.12)), 'bricks'),
  'pot': Material(((0.3, 0.13, 0.08), (0.25, 0.2, 0.15))),
  'glass': Material(
    _grey(0.01, 0.02, 0.03, 0.06), 'panes', 0.5, 0.1, 0.25, 1.0, 0.3
  ),
  'curtain': Material(
    (*_grey(0.15, 0.3), (0.3, 0.27, 0.2)), 'panes', 0.4, 0.08, 0.1, 0.8, 0.4
  ),
  'shop_glass': Material(
    (*_grey(0.02, 0.05), (0.1, 0.07, 0.04)), 'goods', 0.5, 0.1, 0.2, 2.0, 0.7
  ),
  'frame': Material(
    (*_grey(0.65, 0.55, 0.7, 0.6, 0.08), (0.1, 0.06, 0.04)), 'smooth'
  ),
  'sill': Material((*_grey(0.4, 0.55), (0.4, 0.36, 0.28)), 'rough'),
  'door': Material(
    (
      *_grey(0.03, 0.5),
      (0.3, 0.03, 0.03),
      (0.03, 0.06, 0.2),
      (0.03, 0.1, 0.05),
      (0.15, 0.07, 0.03),
    ),
    'planks',
    0.4,
  ),
  'fascia': Material(
    (
      *_grey(0.02, 0.1, 0.6),
      (0.4, 0.03, 0.03),
      (0.02, 0.05, 0.3),
      (0.02, 0.15, 0.07),
      (0.5, 0.35, 0.03),
      (0.15, 0.05, 0.2),
      (0.4, 0.15, 0.02),
      (0.1, 0.3, 0.4),
    ),
    'smooth',
    0.4,
    0.1,
    0.03,
    0.6,
    0.5,
  ),
  'letters': Material((*_grey(0.7, 0.6), (0.6, 0.5, 0.1)), 'text', 0.2),
  'awning': Material(
    ((0.3, 0.04, 0.04), (0.03, 0.1, 0.2), (0.03, 0.15, 0.08), (0.5, 0.5, 0.45)),
    'planks',
  ),
  # What grows.
  'bark': Material(
    ((0.08, 0.065, 0.05), (0.05, 0.045, 0.04), (0.12, 0.11, 0.09)), 'rough', 0.3
  ),
  'twig': Material(((0.06, 0.045, 0.035), (0.05, 0.04, 0.035)), 'smooth', 0.3),
  'leaf': Material(
    (
      (0.06, 0.11, 0.025),
      (0.09, 0.13, 0.03),
      (0.04, 0.08, 0.02),
      (0.1, 0.12, 0.04),
    ),
    'foliage',
    0.3,
    0.1,
  ),
  'needle': Material(
    ((0.02, 0.045, 0.02), (0.03, 0.05, 0.03)), 'foliage', 0.3, 0.08
  ),
  'hedge': Material(
    ((0.04, 0.07, 0.02), (0.06, 0.07, 0.03), (0.05, 0.045, 0.02)),
    'foliage',
    0.3,
    0.08,
  ),
  # Vehicles.
  'paint': Material(
    (
      *_grey(0.02, 0.02, 0.04, 0.2, 0.3, 0.3, 0.65, 0.65),
      (0.3, 0.02, 0.02),
      (0.2, 0.02, 0.03),
      (0.02, 0.04, 0.15),
      (0.03, 0.08, 0.25),
      (0.02, 0.07, 0.04),
      (0.15, 0.2, 0.22),
      (0.25, 0.22, 0.15),
      (0.4, 0.3, 0.05),
    ),
    'smooth',
    0.2,
    0.05,
    0.12,
  ),
  'bus_paint': Material(
    (
      (0.35, 0.03, 0.03),
      (0.05, 0.12, 0.35),
      (0.5, 0.5, 0.5),
      (0.1, 0.3, 0.4),
      (0.4, 0.3, 0.05),
      (0.05, 0.2, 0.1),
    ),
    'smooth',
    0.3,
    0.08,
    0.1,
  ),
  'livery': Material(
    (*_grey(0.6), (0.4, 0.03, 0.03), (0.05, 0.1, 0.3), (0.5, 0.4, 0.05)), 'text'
  ),
  'car_glass': Material(_grey(0.008, 0.015, 0.03), 'smooth', 0.3, 0.05, 0.2),
  'tyre': Material(_grey(0.012, 0.02), 'smooth', 0.3, 0.01),
  'hub': Material(_grey(0.25, 0.1, 0.4)),
  'bumper': Material(_grey(0.015, 0.03), 'smooth', 0.2, 0.01, 0.03),
  'headlamp': Material(_grey(0.6, 0.5), 'smooth', 0.2, 0.03, 0.3, 12.0, 0.7),
  'taillamp': Material(
    ((0.35, 0.02, 0.015),), 'smooth', 0.3, 0.03, 0.1, 6.0, 0.7
  ),
  'plate': Material(_grey(0.6), 'text', 0.1, 0.02),
  'yellow_plate': Material(((0.55, 0.42, 0.05),), 'text', 0.1, 0.02),
  # People.
  'skin': Material(((0.35, 0.2, 0.14), (0.4, 0.25, 0.18), (0.1, 0.05, 0.03))),
  'hair': Material(((0.02, 0.015, 0.01), (0.1, 0.06, 0.03), (0.25, 0.2, 0.15))),
  'coat': Material(_FABRICS, 'rough', 0.4, 0.08),
  'trousers': Material(_FABRICS[:7], 'rough', 0.4, 0.05),
  'shoe': Material(_grey(0.015, 0.03, 0.2)),
  'high_visibility': Material(((0.5, 0.55, 0.03), (0.6, 0.25, 0.02))),
  'bicycle': Material(
    (*_grey(0.02, 0.2), (0.3, 0.02, 0.02), (0.02, 0.05, 0.2))
  ),
  # Furniture.
  'steel': Material(
    (*_grey(0.15, 0.22, 0.3, 0.1), (0.15, 0.17, 0.16)), 'smooth'
  ),
  'black_steel': Material((*_grey(0.012, 0.02, 0.03), (0.01, 0.03, 0.02))),
  'rail': Material(
    (*_grey(0.02, 0.15, 0.3, 0.4), (0.03, 0.06, 0.04)), 'smooth'
  ),
  'wood': Material(
    (
      (0.15, 0.09, 0.05),
      (0.2, 0.15, 0.1),
      (0.12, 0.11, 0.1),
      (0.4, 0.38, 0.35),
    ),
    'planks',
    0.35,
  ),
  'sign_red': Material(((0.4, 0.02, 0.02),), 'smooth', 0.2),
  'sign_white': Material(_grey(0.65), 'text', 0.2),
  'sign_blue': Material(((0.02, 0.08, 0.35),), 'text', 0.3),
  'sign_yellow': Material(((0.6, 0.42, 0.03),), 'text', 0.2),
  'sign_green': Material(((0.02, 0.14, 0.08),), 'text', 0.2),
  'poster': Material(_FABRICS + _grey(0.5, 0.6), 'goods', 0.4, 0.15),
  'signal_box': Material(_grey(0.012, 0.02), 'smooth', 0.2, 0.01),
  'signal_red': Material(((0.9, 0.06, 0.03),), 'smooth', 0.1, 0.02, 0.0, 3.0),
  'signal_green': Material(((0.1, 0.9, 0.4),), 'smooth', 0.1, 0.02, 0.0, 3.0),
  'signal_off': Material(((0.05, 0.04, 0.03),), 'smooth', 0.2),
  'lantern': Material(_grey(0.4, 0.5), 'smooth', 0.2, 0.03, 0.1, 15.0),
  'bin': Material((*_grey(0.015, 0.03), (0.02, 0.06, 0.03)), 'smooth'),
  'postbox': Material(((0.35, 0.02, 0.02),), 'smooth', 0.2),
}
