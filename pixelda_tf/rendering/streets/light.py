"""The sun, the sky, and how both light a surface."""

from typing import NamedTuple

import numpy as np

from pixelda_tf.rendering.streets import textures
from pixelda_tf.rendering.streets.styles import Style

# Of the ground's albedo, as it lights what is above it.
_BOUNCE = 0.15
_CLOUD_HEIGHT = 2.0


class Light(NamedTuple):
  """The light of a picture.

  Attributes:
    direction: float32 `[3]`, unit, towards the sun.
    sun: float32 `[3]`, irradiance of a surface that faces it; 0 if covered.
    zenith: float32 `[3]`, radiance of the clear sky.
    horizon: float32 `[3]`, the same.
    cloud: float32 `[3]`, radiance of clouds.
    cover: fraction of the sky that clouds cover.
    drift: float32 `[2]`, where the clouds are.
    haze: metres after which a third of a thing is left.
    night: factor of what lamps give.
  """

  direction: np.ndarray
  sun: np.ndarray
  zenith: np.ndarray
  horizon: np.ndarray
  cloud: np.ndarray
  cover: float
  drift: np.ndarray
  haze: float
  night: float

  def sky(self, directions: np.ndarray) -> np.ndarray:
    """Returns the sky's radiance, float32 `[n, 3]`, in unit directions."""
    up = np.clip(directions[:, 2], 0.02, 1)
    blue = np.sqrt(up)[:, None]
    clear = self.horizon + blue * (self.zenith - self.horizon)
    plane = directions[:, :2] * (_CLOUD_HEIGHT / (up + 0.08))[:, None]
    plane += self.drift
    n = len(up)
    pattern = textures.sample(
      np.full(n, textures.INDEX['panes'], np.int32),
      plane[:, 0],
      plane[:, 1],
      np.full(n, 0.04, np.float32),
    )
    cover = np.clip(1.2 * (pattern - 1) + 2 * self.cover - 0.5, 0, 1)[:, None]
    shade = (0.88 + 0.12 * pattern)[:, None]
    return clear + cover * (self.cloud * shade - clear)

  def mist(self) -> np.ndarray:
    """Returns the radiance of haze, float32 `[3]`."""
    sky = self.horizon + np.float32(self.cover) * (self.cloud - self.horizon)
    return np.float32(0.8) * sky

  def ambient(self, up: np.ndarray) -> np.ndarray:
    """Returns the irradiance from sky and ground, `[n, 3]`.

    Args:
      up: float32 `[n]`, the third coordinate of surfaces' unit normals.
    """
    sky = (1 - self.cover) * (self.zenith + self.horizon) / 2
    sky = sky + self.cover * self.cloud
    ground = _BOUNCE * (sky + self.sun * self.direction[2])
    fraction = (0.5 + 0.5 * up)[:, None]
    return fraction * sky + (1 - fraction) * ground


def draw(style: Style, rng: np.random.Generator) -> Light:
  """Draws the light of a picture."""
  elevation = np.radians(rng.uniform(*style.elevation))
  azimuth = rng.uniform(0, 2 * np.pi)
  direction = np.array(
    [
      np.cos(elevation) * np.cos(azimuth),
      np.cos(elevation) * np.sin(azimuth),
      np.sin(elevation),
    ],
    np.float32,
  )
  sunny = rng.random() < style.sunny
  cover = rng.uniform(0.0, 0.6) if sunny else rng.uniform(0.7, 1.0)
  # The air reddens a low sun.
  low = np.array([1.0, 0.75 + 0.25 * np.sin(elevation), 0.5], np.float32)
  low = low + (1 - low) * np.minimum(1, 2 * np.sin(elevation))
  strength = rng.uniform(1.5, 3.5) if sunny else 0.0
  zenith, horizon = np.array(style.sky, np.float32)
  return Light(
    direction=direction,
    sun=(strength * np.array(style.sun) * low).astype(np.float32),
    zenith=zenith * np.float32(rng.uniform(0.7, 1.2)),
    horizon=horizon * np.float32(rng.uniform(0.8, 1.2)),
    cloud=np.array(style.overcast, np.float32)
    * np.float32(rng.uniform(0.7, 1.3)),
    cover=cover,
    drift=rng.uniform(0, 8, 2).astype(np.float32),
    haze=float(np.exp(rng.uniform(*np.log(style.haze)))),
    night=style.night,
  )
