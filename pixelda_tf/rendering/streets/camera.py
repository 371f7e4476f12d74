"""The camera behind a car's windscreen: where it is, its rays, its sensor."""

import functools
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pixelda_tf.rendering import render
from pixelda_tf.rendering.streets.styles import Style


class Camera(NamedTuple):
  """Where a camera is and what it sees.

  Attributes:
    position: float32 `[3]`, metres.
    axes: float32 `[3, 3]`, rows: right, forward and up.
    focal: focal length in picture widths.
    distortion: factor of the squared distance from the middle, in picture
      widths, by which a pixel sees farther from the middle.
  """

  position: np.ndarray
  axes: np.ndarray
  focal: float
  distortion: float

  def rays(self, height: int, width: int, grid: int) -> np.ndarray:
    """Returns directions of `grid` x `grid` rays a pixel.

    Args:
      height: pixels.
      width: pixels.
      grid: rays along each side of a pixel.

    Returns:
      float32 `[height * width * grid**2, 3]`, a pixel's rays after each other;
      their fraction along the forward axis is 1.
    """
    x, z = _grid(height, width, grid)
    stretch = (1 + self.distortion * (x * x + z * z)) / np.float32(self.focal)
    x, z = x * stretch, z * stretch
    seen = np.empty((len(x), 3), np.float32)
    for axis, (right, forward, up) in enumerate(self.axes.T):
      seen[:, axis] = x * right + z * up + forward
    return seen


@functools.cache
def _grid(height, width, grid):
  """Returns where rays meet the picture, in its widths: x and z, float32."""
  steps = (np.arange(grid) + 0.5) / grid
  x = (np.arange(width)[:, None] + steps - width / 2) / width
  z = (height / 2 - np.arange(height)[:, None] - steps) / width
  z, x = np.broadcast_arrays(z[:, None, :, None], x[None, :, None, :])
  return x.astype(np.float32).ravel(), z.astype(np.float32).ravel()


def draw(
  style: Style, place: np.ndarray, heading: float, rng: np.random.Generator
) -> Camera:
  """Draws a camera.

  Args:
    style: `Style`.
    place: float `[3]`, metres, where it stands on the road.
    heading: radians, 0 along y, counterclockwise.
    rng: numpy generator.
  """
  aside = rng.normal(0, 3) if rng.random() < 0.8 else rng.uniform(-25, 25)
  yaw = heading + np.radians(aside)
  pitch, roll = np.radians(rng.normal(0, (1.5, 0.8)))
  forward = np.array(
    [
      -np.sin(yaw) * np.cos(pitch),
      np.cos(yaw) * np.cos(pitch),
      np.sin(pitch),
    ]
  )
  right = np.array([np.cos(yaw), np.sin(yaw), 0.0])
  up = np.cross(right, forward)
  right, up = (
    np.cos(roll) * right + np.sin(roll) * up,
    np.cos(roll) * up - np.sin(roll) * right,
  )
  position = place + (0, 0, rng.uniform(1.15, 1.6))
  return Camera(
    position.astype(np.float32),
    np.array([right, forward, up], np.float32),
    rng.uniform(*style.focal),
    rng.uniform(*style.distortion),
  )


def expose(
  radiance: np.ndarray,
  ground: np.ndarray,
  style: Style,
  rng: np.random.Generator,
) -> np.ndarray:
  """Takes the picture.

  Args:
    radiance: float32 `[height, width, 3]`.
    ground: bool `[height, width]`: what the exposure is chosen for.
    style: `Style`.
    rng: numpy generator.

  Returns:
    uint8 `[height, width, 3]`.
  """
  height, width, _ = radiance.shape
  wanted = np.exp(rng.uniform(*np.log(style.exposure)))
  gain = wanted / max(float(radiance[ground].mean()), 1e-6)
  balance = np.exp(style.warmth * rng.standard_normal(3))
  exposed = radiance * (gain * balance).astype(np.float32)
  grey = exposed.mean(axis=-1, keepdims=True)
  exposed = grey + np.float32(rng.uniform(*style.saturation)) * (exposed - grey)
  exposed *= _vignette(height, width, rng.uniform(0, style.vignette))
  # The sensor's scale ends gently, then the display's exponent.
  bright = np.clip(exposed, 0, None)
  bright = np.minimum(bright, 0.7 + 0.3 * np.tanh((bright - 0.7) / 0.3))
  displayed = np.sqrt(np.clip(bright, 0, 1))
  blur = rng.uniform(*style.blur)
  displayed = ndimage.gaussian_filter(displayed, (blur, blur, 0), truncate=2.0)
  noise = rng.standard_normal(displayed.shape, dtype=np.float32)
  displayed += np.float32(rng.uniform(*style.noise)) * noise
  return render.to_uint8(displayed)


def _vignette(height, width, strength):
  rows = (
    np.arange(height, dtype=np.float32)[:, None, None] / height - 0.5
  ) ** 2
  columns = (np.arange(width, dtype=np.float32)[:, None] / width - 0.5) ** 2
  return 1 - np.float32(2 * strength) * (rows + columns)
