"""What makes a render look photographed: light, paint, lens and sensors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from pixelda_tf import seeding
from pixelda_tf.rendering import render

# Side of a photo's part that becomes a surface, pixels.
SURFACE = (60, 200)
NOISE_CELLS = 8
# Metres: the depth sensor's noise, and a jump at which it may see nothing.
DEPTH_NOISE = 0.0015
DEPTH_JUMP = 0.03
LOST_AT_JUMPS = 0.5
MOST_HOLES = 3


class Paint(NamedTuple):
  """How a thing's colours differ from those of its model.

  Attributes:
    grey: fraction in [0, 1] by which they are greyer.
    gamma: exponent.
    gain: factors of red, green and blue.
  """

  grey: float
  gamma: float
  gain: np.ndarray

  def __call__(self, colours: np.ndarray) -> np.ndarray:
    """Returns painted colours, float `[..., 3]` in [0, 1]."""
    luminance = colours.mean(axis=-1, keepdims=True)
    greyer = colours + self.grey * (luminance - colours)
    return np.clip(self.gain * greyer**self.gamma, 0, 1)


def random_paint(rng: np.random.Generator) -> Paint:
  """Returns a `Paint` drawn from a numpy generator."""
  return Paint(
    grey=rng.uniform(0, 0.4),
    gamma=rng.uniform(0.7, 1.4),
    gain=rng.uniform(0.7, 1.15) * rng.uniform(0.8, 1.2, 3),
  )


def random_light(rng: np.random.Generator) -> render.Light:
  """Returns a `render.Light` from anywhere before the object, warm or cool."""
  warmth = 0.15 * rng.uniform(-1, 1)
  return render.Light(
    direction=(*rng.uniform(-1, 1, 2), -rng.uniform(0.2, 1)),
    ambient=rng.uniform(0.25, 0.5),
    diffuse=rng.uniform(0.5, 0.9),
    colour=(1 + warmth, 1.0, 1 - warmth),
  )


def random_surface(
  photos: Sequence[np.ndarray], size: int, rng: np.random.Generator
) -> np.ndarray:
  """Returns part of a photo under blotches of colour.

  Args:
    photos: sequence of uint8 `[height, width, 3]`, at least 200 pixels a side.
    size: pixels a side.
    rng: numpy generator.

  Returns:
    float32 `[size, size, 3]` in [0, 1].
  """
  side = int(rng.integers(*SURFACE, endpoint=True))
  part = seeding.random_crop(photos, side, int(rng.integers(1 << 32)))
  blotches = rng.integers(0, 256, (NOISE_CELLS, NOISE_CELLS, 3), np.uint8)
  weight = rng.uniform(0, 0.5)
  return rng.uniform(0.6, 1.1) * (
    (1 - weight) * _resize(part, size) + weight * _resize(blotches, size)
  )


def random_exposure(
  colours: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
  """Takes the picture: blur, exposure and noise.

  Args:
    colours: float `[size, size, 3]` in [0, 1].
    rng: numpy generator.

  Returns:
    uint8 `[size, size, 3]`.
  """
  blur = rng.uniform(0.2, 0.9)
  exposed = rng.uniform(0.8, 1.15) * ndimage.gaussian_filter(
    colours, (blur, blur, 0)
  )
  noise = rng.uniform(0.01, 0.04) * rng.standard_normal(colours.shape)
  return render.to_uint8(exposed + noise)


def measure_depth(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Measures depth as a structured-light sensor does: with noise and holes.

  Args:
    depth: float32 `[size, size]`, metres.
    rng: numpy generator.

  Returns:
    float32 `[size, size]`, metres; 0 in random spots and often where depth
    jumps.
  """
  jump = ndimage.maximum_filter(depth, 3) - ndimage.minimum_filter(depth, 3)
  lost = (jump > DEPTH_JUMP) & (rng.random(depth.shape) < LOST_AT_JUMPS)
  rows, columns = np.indices(depth.shape)
  for _ in range(rng.integers(MOST_HOLES, endpoint=True)):
    row, column = rng.uniform(0, len(depth), 2)
    radius = rng.uniform(1, len(depth) / 16)
    lost |= np.hypot(rows - row, columns - column) < radius
  measured = depth + DEPTH_NOISE * rng.standard_normal(depth.shape)
  return np.where(lost, 0, measured).astype(np.float32)


def _resize(picture, size):
  """Returns a uint8 picture as float32 `[size, size, 3]` in [0, 1]."""
  resized = Image.fromarray(picture).resize(
    (size, size), Image.Resampling.BILINEAR
  )
  return np.asarray(resized, np.float32) / 255
