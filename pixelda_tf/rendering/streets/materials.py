"""Draws the colours of surfaces by what they are made of."""

import numpy as np

from pixelda_tf.rendering.streets import textures
from pixelda_tf.rendering.streets.palette import MATERIALS

NAMES = tuple(MATERIALS)
INDEX = {name: index for index, name in enumerate(NAMES)}
TEXTURE = np.array(
  [textures.INDEX[material.texture] for material in MATERIALS.values()]
)
GLOSS = np.array([m.gloss for m in MATERIALS.values()], np.float32)
GLOW = np.array([m.glow for m in MATERIALS.values()], np.float32)
_SPREAD = np.array([m.spread for m in MATERIALS.values()])
_TINT = np.array([m.tint for m in MATERIALS.values()])
_LIT = np.array([m.fraction_lit for m in MATERIALS.values()])
_MOST = max(len(material.colours) for material in MATERIALS.values())
# Each material's colours, repeated in turn.
_COLOURS = np.array(
  [
    [m.colours[i % len(m.colours)] for i in range(_MOST)]
    for m in MATERIALS.values()
  ]
)
_COUNTS = np.array([len(m.colours) for m in MATERIALS.values()])


def paint(
  kinds: np.ndarray, rng: np.random.Generator, spread: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
  """Draws colours for surfaces.

  Args:
    kinds: int `[n]`, materials.
    rng: numpy generator.
    spread: factor of how much colours vary.

  Returns:
    float32 `[n, 3]`, albedos in [0, 1]; and float32 `[n]`, what they glow with
    at night.
  """
  n = len(kinds)
  which = (rng.random(n) * _COUNTS[kinds]).astype(int)
  brightness = spread * _SPREAD[kinds] * rng.standard_normal(n)
  tint = spread * _TINT[kinds, None] * rng.standard_normal((n, 2))
  colours = _COLOURS[kinds, which] * np.exp(brightness)[:, None]
  colours[:, ::2] *= np.exp(tint)
  lit = rng.random(n) < _LIT[kinds]
  return (
    np.clip(colours, 0, 0.9).astype(np.float32),
    np.where(lit, GLOW[kinds], 0).astype(np.float32),
  )
