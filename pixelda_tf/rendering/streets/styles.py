"""Seasons, hours and cameras: what a street's pictures may look like."""

from typing import NamedTuple

Range = tuple[float, float]
Colour = tuple[float, float, float]


class Style(NamedTuple):
  """Whatever pictures of one style have in common.

  Attributes:
    number: part of every picture's seed.
    trees: fractions of `greenery.KINDS`.
    leaves: albedos of leaves, or none for those of the materials.
    fallen: fraction of the ground beside the road that leaves cover, at most.
    snow: fraction of the ground that snow covers, at most.
    sunny: fraction of pictures with the sun.
    elevation: of the sun, degrees.
    sun: colour of the sun's light.
    sky: range of colours from the zenith to the horizon, where it is clear.
    overcast: colour of a covered sky.
    night: how much of lamps is seen, 0 for nothing.
    haze: metres after which a third is left, least and most.
    exposure: mean of the picture below the sky, linear, least and most.
    focal: focal length in picture widths.
    distortion: how much farther from the middle corners are seen, least and
      most.
    vignette: fraction of light lost in the corners, at most.
    blur: pixels, standard deviation.
    noise: standard deviation in the middle of the scale.
    saturation: factor.
    warmth: standard deviation of the logarithms of red and blue.
    bonnet: fraction of the pictures that show some of the car's own bonnet.
    spread: factor of how much colours vary.
  """

  number: int
  trees: tuple[float, float, float] = (0.5, 0.38, 0.12)
  leaves: tuple[Colour, ...] = ()
  fallen: float = 0.0
  snow: float = 0.0
  sunny: float = 0.5
  elevation: Range = (10.0, 55.0)
  sun: Colour = (1.1, 1.0, 0.85)
  sky: tuple[Colour, Colour] = ((0.2, 0.4, 0.85), (0.75, 0.85, 1.0))
  overcast: Colour = (1.2, 1.23, 1.25)
  night: float = 0.0
  haze: Range = (300.0, 3000.0)
  exposure: Range = (0.04, 0.22)
  focal: Range = (0.85, 1.15)
  distortion: Range = (0.0, 0.0)
  vignette: float = 0.15
  blur: Range = (0.2, 0.6)
  noise: Range = (0.004, 0.02)
  saturation: Range = (0.6, 1.0)
  warmth: float = 0.06
  bonnet: float = 0.25
  spread: float = 1.0


_AUTUMN = (
  (0.3, 0.13, 0.02),
  (0.35, 0.22, 0.03),
  (0.22, 0.08, 0.03),
  (0.15, 0.1, 0.03),
  (0.12, 0.12, 0.03),
)

STYLES = {
  'day': Style(number=0),
  'camera': Style(
    number=1,
    trees=(0.25, 0.65, 0.1),
    sunny=0.6,
    elevation=(6.0, 25.0),
    sun=(1.25, 1.0, 0.7),
    sky=((0.3, 0.5, 0.9), (0.95, 0.95, 1.0)),
    haze=(120.0, 600.0),
    exposure=(0.03, 0.1),
    focal=(0.65, 0.8),
    distortion=(-0.25, -0.12),
    vignette=0.5,
    blur=(0.5, 1.0),
    noise=(0.015, 0.035),
    saturation=(0.3, 0.6),
    warmth=0.1,
    bonnet=0.6,
    spread=1.6,
  ),
  'fall': Style(
    number=2,
    trees=(0.75, 0.15, 0.1),
    leaves=_AUTUMN,
    fallen=0.6,
    elevation=(8.0, 30.0),
    sun=(1.2, 1.0, 0.75),
    haze=(150.0, 1000.0),
  ),
  'winter': Style(
    number=3,
    trees=(0.0, 0.82, 0.18),
    snow=1.0,
    sunny=0.35,
    elevation=(5.0, 20.0),
    sky=((0.3, 0.45, 0.8), (0.85, 0.9, 1.0)),
    overcast=(0.92, 0.96, 1.0),
    haze=(80.0, 600.0),
    exposure=(0.12, 0.35),
  ),
  'dusk': Style(
    number=4,
    sunny=0.0,
    sky=((0.02, 0.04, 0.12), (0.25, 0.16, 0.13)),
    overcast=(0.07, 0.08, 0.12),
    night=1.0,
    exposure=(0.03, 0.07),
    noise=(0.01, 0.03),
    bonnet=0.4,
  ),
}
