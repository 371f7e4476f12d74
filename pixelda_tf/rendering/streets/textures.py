"""Patterns that repeat, with a photograph's statistics: amplitudes as 1/f.

All are factors of an albedo with mean 1, in one flat array: each pattern at
`SIZE` pixels a side, then averaged to half, and so on.
"""

import functools

import numpy as np
from scipy import ndimage

SIZE = 256
LEVELS = 8
# Pixels a metre of the first level: a pattern repeats after 8 metres.
DENSITY = 32
SEED = 20170


def noise(
  size: int, rng: np.random.Generator, exponent: float = 1.0
) -> np.ndarray:
  """Returns a repeating pattern whose amplitudes fall with the frequency.

  Args:
    size: pixels a side.
    rng: numpy generator.
    exponent: of the frequency; 1 is that of photographs.

  Returns:
    float64 `[size, size]`, of mean 0 and standard deviation 1.
  """
  frequency = np.hypot(
    *np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing='ij')
  )
  frequency[0, 0] = np.inf
  spectrum = np.fft.fft2(rng.standard_normal((size, size)))
  made = np.fft.ifft2(spectrum / frequency**exponent).real
  return made / made.std()


def _smooth(rng):
  return 0.06 * noise(SIZE, rng, 1.2)


def _rough(rng):
  return 0.16 * noise(SIZE, rng, 1.1)


def _grain(rng):
  return 0.12 * noise(SIZE, rng, 1.2) + 0.14 * noise(SIZE, rng, 0.3)


def _worn(rng):
  return 0.25 * noise(SIZE, rng, 0.8)


def _foliage(rng):
  return 0.45 * noise(SIZE, rng, 0.7)


def _blocks(rng, height, width, shift, gap, spread):
  """Returns a wall of blocks, each with a brightness, and joints between."""
  rows = np.arange(SIZE)[:, None]
  course = rows // height
  columns = (np.arange(SIZE)[None] + shift * (course % 2)) % SIZE
  block = rng.standard_normal((SIZE // height, SIZE // width))
  made = spread * block[course % len(block), columns // width]
  joint = (rows % height < gap) | (columns % width < gap)
  return np.where(joint, -0.25, made) + 0.12 * noise(SIZE, rng, 1.2)


def _bricks(rng):
  # In courses of 12.5 cm, as none of a brick's own 7 cm is seen from a car.
  return 0.8 * _blocks(rng, 4, 8, 4, 1, 0.12)


def _slabs(rng):
  return 0.7 * _blocks(rng, 16, 32, 16, 1, 0.1)


def _tiles(rng):
  return _blocks(rng, 8, 8, 4, 1, 0.12)


def _planks(rng):
  return _blocks(rng, SIZE, 4, 0, 1, 0.1)


def _panes(rng):
  """Returns what is seen in windows: rooms, curtains, a sky mirrored."""
  soft = ndimage.gaussian_filter(
    rng.standard_normal((SIZE, SIZE)), 6, mode='wrap'
  )
  return 0.5 * soft / soft.std() + 0.2 * noise(SIZE, rng, 0.8)


def _goods(rng):
  """Returns shelves and posters: rectangles of any brightness."""
  made = np.zeros((SIZE, SIZE))
  for _ in range(400):
    row, column = rng.integers(SIZE, size=2)
    height, width = rng.integers(4, 24, size=2)
    made[row : row + height, column : column + width] = rng.exponential(1.2)
  return made - made.mean() + 0.2 * noise(SIZE, rng, 0.8)


def _text(rng):
  """Returns lines of dark strokes on a plain ground."""
  made = np.zeros((SIZE, SIZE))
  for top in range(2, SIZE - 6, 8):
    strokes = rng.random(SIZE) < 0.5
    made[top : top + 5] = np.where(np.repeat(strokes[::2], 2), -0.5, 0)
  return made - made.mean()


_MAKERS = {
  'smooth': _smooth,
  'rough': _rough,
  'grain': _grain,
  'worn': _worn,
  'foliage': _foliage,
  'bricks': _bricks,
  'slabs': _slabs,
  'tiles': _tiles,
  'planks': _planks,
  'panes': _panes,
  'goods': _goods,
  'text': _text,
}
TEXTURES = tuple(_MAKERS)
INDEX = {name: index for index, name in enumerate(TEXTURES)}
# Where a level begins within a pattern, and how long a pattern is.
_SIZES = [SIZE >> level for level in range(LEVELS)]
_STARTS = np.cumsum([0] + [size * size for size in _SIZES])
LENGTH = int(_STARTS[-1])


@functools.cache
def atlas() -> np.ndarray:
  """Returns all patterns and their levels, float32 `[n]`, factors."""
  parts = []
  for index, maker in enumerate(_MAKERS.values()):
    made = 1 + maker(np.random.default_rng((SEED, index)))
    made = np.clip(made, 0.1, 3.0)
    made /= made.mean()
    for _ in range(LEVELS):
      parts.append(made.ravel())
      made = made.reshape(len(made) // 2, 2, -1, 2).mean(axis=(1, 3))
  return np.concatenate(parts).astype(np.float32)


def sample(
  texture: np.ndarray, s: np.ndarray, t: np.ndarray, footprint: np.ndarray
) -> np.ndarray:
  """Returns the factors of a pattern at some places.

  Args:
    texture: int `[n]`, which of `TEXTURES`.
    s: float32 `[n]`, metres.
    t: float32 `[n]`, metres.
    footprint: float32 `[n]`, metres between neighbouring samples, which decide
      the level.

  Returns:
    float32 `[n]`.
  """
  # The exponent of a float's power of two is the logarithm rounded down.
  levels = np.frexp(footprint * DENSITY)[1]
  np.clip(levels, 0, LEVELS - 1, out=levels)
  mask = (SIZE >> levels) - 1
  column = (s * DENSITY).astype(np.int32) >> levels & mask
  row = (t * DENSITY).astype(np.int32) >> levels & mask
  place = texture * LENGTH + _STARTS.astype(np.int32)[levels]
  return atlas()[place + row * (mask + 1) + column]
