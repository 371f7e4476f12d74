"""Pictures of streets: several views of each."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from pixelda_tf.fields import label_maps
from pixelda_tf.rendering.streets import assembly, camera, layout, light
from pixelda_tf.rendering.streets.renderer import Renderer
from pixelda_tf.rendering.streets.styles import STYLES, Style

SPLITS = ('train', 'test')
# Pictures of a street: building it takes longer than drawing one.
VIEWS = 10
# A camera stands where nothing is nearer than this before it, metres.
FREE = 6.0


class Streets:
  """Pictures of streets in one style.

  Attributes:
    class_names: the classes, in the order of their labels.
    counts: dict of split to the number of its pictures.
    shape: (height, width, channels).
  """

  class_names: Sequence[str] = assembly.CLASSES

  def __init__(
    self,
    style: str,
    *,
    counts: dict[str, int],
    seed: int = 0,
    size: tuple[int, int] = (180, 240),
  ):
    """Builds nothing yet.

    Args:
      style: key of `styles.STYLES`.
      counts: dict of split to the number of its pictures.
      seed: decides every picture.
      size: (height, width), pixels.
    """
    self.counts = {split: n for split, n in counts.items() if n}
    self.shape = (*size, 3)
    self._style: Style = STYLES[style]
    self._seed = seed
    self._street = functools.lru_cache(maxsize=1)(self._build)

  def example(self, split: str, index: int) -> dict[str, Any]:
    """Returns a picture; it depends on the arguments alone.

    Args:
      split: key of `counts`.
      index: below the split's count.

    Returns:
      dict of `image`, uint8 `shape`, and `segmentation`, uint8 `[height, width,
      1]`, a class or `label_maps.IGNORE`.
    """
    number, view = divmod(index, VIEWS)
    key = (self._seed, self._style.number, SPLITS.index(split), number)
    street, renderer = self._street(key)
    rng = np.random.default_rng((*key, 1 + view))
    style = self._style
    sight = _stand(street, renderer, style, rng)
    traced = renderer.trace(
      sight, light.draw(style, rng), style, self.shape[:2], rng
    )
    radiance, labels = traced
    if rng.random() < style.bonnet:
      _bonnet(radiance, labels, rng)
    image = camera.expose(radiance, labels != 0, style, rng)
    return {'image': image, 'segmentation': labels[..., None]}

  def _build(self, key):
    scene = layout.build(np.random.default_rng((*key, 0)), self._style.trees)
    return scene.street, Renderer(scene.geometry)


def _stand(street, renderer, style, rng):
  """Returns a camera in a lane of the street, with a free view."""
  for _ in range(20):
    ahead = rng.random() < 0.5
    lane = (rng.integers(street.lanes) + rng.uniform(0.2, 0.55)) / street.lanes
    # Who keeps left goes along y on the side of smaller x.
    x = (-1 if ahead else 1) * street.half * lane
    place = street.warp(np.array([x, rng.uniform(-60, 60), 0.0]))
    slope = 2 * street.bend * place[1] / 100**2
    heading = -np.arctan(slope) + (0 if ahead else np.pi)
    sight = camera.draw(style, place, heading, rng)
    fan = np.linspace(-0.5, 0.5, 9, dtype=np.float32)
    rays = np.stack([fan, np.ones(9, np.float32), 0 * fan - 0.1], axis=1)
    if renderer.distance(sight.position, rays @ sight.axes).min() > FREE:
      break
  return sight


def _bonnet(radiance, labels, rng):
  """Draws the car's own bonnet over the bottom, which has no class."""
  height, width = labels.shape
  top = rng.uniform(0.86, 0.98) * height
  rows = np.arange(height)[:, None]
  x = np.arange(width) / width - rng.uniform(0.35, 0.65)
  edge = top + rng.uniform(0.2, 0.6) * height * x**2
  covered = rows > edge
  below = (rows - edge) / height
  paint = rng.choice([0.02, 0.1, 0.3]) * radiance.mean(axis=(0, 1))
  mirrored = 0.5 * radiance[: height // 3].mean(axis=(0, 1))
  gleam = np.exp(-below / rng.uniform(0.02, 0.06))[..., None]
  drawn = (paint + gleam * mirrored).astype(np.float32)
  radiance[covered] = np.broadcast_to(drawn, radiance.shape)[covered]
  labels[covered] = label_maps.IGNORE
