"""A square of fixed metric size around an object, cut out of a frame."""

import numpy as np

SIZE = 64


class Crop:
  """SIZE x SIZE pixels, centred on where an object's origin is seen.

  The frame's first pixel reaches from 0 to 1, its centre is at 0.5: so have
  the boxes and masks that are published with BOP sets been rendered.

  Attributes:
    centre: (u, v), where the origin is seen in the frame.
    steps: (horizontal, vertical) pixels of the frame in one of the crop.
  """

  def __init__(self, camera: np.ndarray, position: np.ndarray, metres: float):
    """Places the crop.

    Args:
      camera: float `[3, 3]`, intrinsic matrix.
      position: float `[3]`, metres, of the object's origin.
      metres: side of the square that is seen, at the object's distance.
    """
    self._camera = camera
    self.centre = (camera @ position)[:2] / position[2]
    self.steps = np.diag(camera)[:2] * metres / position[2] / SIZE
    offsets = np.arange(SIZE) + 0.5 - SIZE / 2
    self._u = self.centre[0] + self.steps[0] * offsets
    self._v = self.centre[1] + self.steps[1] * offsets

  def is_centre_inside(self, size: tuple[int, int]) -> bool:
    """Whether the centre lies in a frame of size (height, width)."""
    u, v = self.centre
    return 0 <= u < size[1] and 0 <= v < size[0]

  def colours(self, image: np.ndarray) -> np.ndarray:
    """Resamples bilinearly with anti-aliasing; black outside of the frame.

    Args:
      image: uint8 `[height, width, channels]`, the frame.

    Returns:
      uint8 `[SIZE, SIZE, channels]`.
    """
    first, rows = _weights(self._v, self.steps[1], image.shape[0])
    image = image[first : first + rows.shape[1]]
    first, columns = _weights(self._u, self.steps[0], image.shape[1])
    image = image[:, first : first + columns.shape[1]]
    crop = columns @ np.tensordot(rows, image.astype(np.float32), axes=1)
    return np.rint(np.clip(crop, 0, 255)).astype(np.uint8)

  def nearest(self, values: np.ndarray) -> np.ndarray:
    """Takes the frame's pixels that the crop's pixels' centres lie in.

    Args:
      values: `[height, width]`, such as depth or mask.

    Returns:
      `[SIZE, SIZE]`, 0 outside of the frame.
    """
    inside = self.inside((values.shape[0], values.shape[1]))
    rows, columns = np.meshgrid(
      _pixels(self._v), _pixels(self._u), indexing='ij'
    )
    sampled = np.zeros((SIZE, SIZE), values.dtype)
    sampled[inside] = values[rows[inside], columns[inside]]
    return sampled

  def inside(self, size: tuple[int, int]) -> np.ndarray:
    """Returns bool `[SIZE, SIZE]`: pixels in a frame of (height, width)."""
    rows, columns = _pixels(self._v), _pixels(self._u)
    return np.logical_and.outer(
      (rows >= 0) & (rows < size[0]), (columns >= 0) & (columns < size[1])
    )

  def rays(self) -> np.ndarray:
    """Returns the pixels' rays, float64 `[SIZE * SIZE, 3]`, the third is 1."""
    u, v = np.meshgrid(self._u, self._v)
    pixels = np.stack([u, v, np.ones_like(u)], axis=-1).reshape(-1, 3)
    return pixels @ np.linalg.inv(self._camera).T


def _pixels(positions):
  return np.floor(positions).astype(int)


def _weights(centres, step, length):
  """Weighs pixels by a triangle as wide as a step, at least a pixel.

  Pixels outside of the frame have weights, too: they are black.

  Returns:
    the first pixel that is used, and float32 `[SIZE, pixels]`.
  """
  support = max(step, 1.0)
  reach = int(np.ceil(support)) + 1
  pixels = _pixels(centres)[:, None] + np.arange(-reach, reach + 1)
  distances = np.abs(pixels + 0.5 - centres[:, None])
  weights = np.maximum(0, 1 - distances / support)
  weights /= weights.sum(axis=1, keepdims=True)
  first, last = np.clip([pixels.min(), pixels.max() + 1], 0, length)
  inside = (pixels >= first) & (pixels < last)
  matrix = np.zeros((SIZE, last - first), np.float32)
  matrix[np.nonzero(inside)[0], pixels[inside] - first] = weights[inside]
  return first, matrix
