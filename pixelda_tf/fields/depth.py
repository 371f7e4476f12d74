"""Depth as a fourth channel of 8 bits beside red, green and blue."""

import numpy as np

FAR = 255
REACH = 0.2


def normalize(
  depth: np.ndarray, centre: float, reach: float = REACH
) -> np.ndarray:
  """Converts distances to the fourth channel of a stored image.

  What counts is the shape of the object, not where it stands: distances are
  taken relative to the object's centre. `centre - reach` and nearer is 0,
  `centre + reach` is 254. Farther is the background, 255, and so is a pixel
  that the sensor did not measure. With the default reach a step is 1.6 mm.

  Args:
    depth: float [height, width], metres along the optical axis; 0, nan or inf
      where there is no measurement or nothing was hit.
    centre: metres, distance of the object's centre along the optical axis.
    reach: metres.

  Returns:
    uint8 [height, width].
  """
  depth = np.asarray(depth, np.float32)
  measured = np.isfinite(depth) & (depth > 0)
  relative = np.where(measured, depth - centre + reach, np.inf) / (2 * reach)
  near = np.rint(254 * np.clip(relative, 0, 1))
  return np.where(relative <= 1, near, FAR).astype(np.uint8)
