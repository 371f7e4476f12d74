"""A task network's features of images, pooled to a vector each."""

from typing import Any

import numpy as np

from pixelda_tf.fields.images import at_once

_BATCH = 64


def pooled(method: Any, images: np.ndarray) -> np.ndarray | None:
  """Returns the task network's last features, None where it tells none.

  Of maps of features, their means over an image.

  Args:
    method: that predicts.
    images: float32 `[n, height, width, channels]` in [-1, 1].

  Returns:
    float32 `[n, d]` or None.
  """
  parts = []
  # Fewer than go through a compiled network: here all maps in it are kept.
  size = max(1, at_once(images.shape[1:], 4 * _BATCH) // 4)
  for start in range(0, len(images), size):
    outputs = method(images[start : start + size])
    if 'features' not in outputs:
      return None
    features = outputs['features'].numpy()
    parts.append(features.mean(axis=tuple(range(1, features.ndim - 1))))
  return np.concatenate(parts).astype(np.float32)


def fault(points: np.ndarray | None) -> str | None:
  """Returns why features cannot be shown, or None where they can."""
  if points is None:
    return "gives no 'features': its task network has no output of that name"
  if not np.isfinite(points).all():
    return 'gives features that are not finite: its training diverged'
  return None
