"""Trees with leaves, needles or nothing, hedges and bushes."""

import functools

import numpy as np

from pixelda_tf.rendering.streets import materials, shapes
from pixelda_tf.rendering.streets.shapes import Shape

# Different ones of each kind.
TREES = 5
KINDS = ('leafy', 'bare', 'conifer')
_FLAT = [materials.INDEX[name] for name in ('leaf', 'needle', 'twig')]


@functools.cache
def load(kind: str, index: int, far: bool = False) -> Shape:
  """Returns a tree of about 1 m height.

  Args:
    kind: one of `KINDS`.
    index: which of its `TREES`.
    far: with fewer and larger leaves and twigs.
  """
  if far:
    return _thinned(load(kind, index), 4)
  rng = np.random.default_rng((41, KINDS.index(kind), index))
  return _MAKERS[kind](rng)


def _thinned(tree, factor):
  """Returns a tree with a fraction of its leaves and twigs, as much larger."""
  flat = np.isin(tree.materials, _FLAT)
  kept = np.flatnonzero(flat)[::factor]
  corners = tree.triangles[kept]
  middle = corners.mean(axis=1, keepdims=True)
  larger = Shape(
    middle + np.sqrt(factor).astype(np.float32) * (corners - middle),
    tree.materials[kept],
  )
  return shapes.join(
    [Shape(tree.triangles[~flat], tree.materials[~flat]), larger]
  )


def _branches(start, end, radius, rng, *, count, angle, shrink):
  """Returns branches of some branches: starts, ends, radii."""
  n = len(start) * count
  parent = np.repeat(np.arange(len(start)), count)
  fraction = rng.uniform(0.35, 1.0, (n, 1))
  axis = end[parent] - start[parent]
  long = np.linalg.norm(axis, axis=1, keepdims=True)
  across = rng.standard_normal((n, 3))
  across -= axis * (across * axis).sum(1, keepdims=True) / long**2
  across /= np.linalg.norm(across, axis=1, keepdims=True)
  spread = np.radians(angle) * rng.uniform(0.6, 1.3, (n, 1))
  direction = np.cos(spread) * axis / long + np.sin(spread) * across
  direction[:, 2] += 0.12
  begin = start[parent] + fraction * axis
  reach = shrink * rng.uniform(0.7, 1.2, (n, 1)) * long
  return begin, begin + reach * direction, 0.55 * radius[parent]


def _skeleton(rng, trunk, levels):
  """Returns the branches of a tree, a level after the other."""
  tip = np.array([[*rng.normal(0, 0.02, 2), trunk]])
  made = [(np.zeros((1, 3)), tip, np.array([0.022]))]
  for count, angle, shrink in levels:
    made.append(
      _branches(*made[-1], rng, count=count, angle=angle, shrink=shrink)
    )
  return made


def _wood(skeleton, sides):
  return [
    shapes.tubes(start, end, radius, 0.6 * radius, 'bark', n)
    for (start, end, radius), n in zip(skeleton, sides, strict=True)
  ]


def _bare(rng):
  trunk = rng.uniform(0.4, 0.6)
  skeleton = _skeleton(
    rng, trunk, [(6, 38, 0.65), (5, 38, 0.6), (5, 35, 0.55), (3, 32, 0.6)]
  )
  parts = _wood(skeleton[:3], (7, 4, 3))
  for start, end, radius in skeleton[3:]:
    # Twigs are flat: nobody sees how thick they are.
    wide = radius[:, None] * _across(end - start, rng)
    parts.append(
      shapes.triangles(np.stack([start - wide, start + wide, end], 1), 'twig')
    )
  return shapes.join(parts)


def _across(axis, rng):
  across = np.cross(axis, rng.standard_normal(axis.shape))
  return across / np.maximum(
    np.linalg.norm(across, axis=1, keepdims=True), 1e-6
  )


def _leaves(centres, sizes, material, rng):
  """Returns triangles of any direction around centres."""
  corners = rng.standard_normal((len(centres), 3, 3))
  corners *= sizes / np.linalg.norm(corners, axis=-1, keepdims=True)
  return shapes.triangles(centres[:, None] + corners, material)


def _leafy(rng):
  trunk = rng.uniform(0.3, 0.5)
  skeleton = _skeleton(rng, trunk, [(5, 40, 0.75), (4, 40, 0.6)])
  tips = np.concatenate([skeleton[1][1], skeleton[2][1]])
  tips = tips[tips[:, 2] > 0.3]
  around = tips[rng.integers(len(tips), size=600)]
  centres = around + 0.09 * rng.standard_normal(around.shape)
  return shapes.join(
    [
      *_wood(skeleton, (7, 4, 3)),
      _leaves(centres, rng.uniform(0.03, 0.06, (600, 1, 1)), 'leaf', rng),
    ]
  )


def _conifer(rng):
  n = 380
  height = 1 - np.sqrt(rng.uniform(0, 0.85, n))
  height = 0.08 + 0.92 * height
  angle = rng.uniform(0, 2 * np.pi, n)
  out = (0.2 + rng.uniform(-0.02, 0.04)) * (1.02 - height)
  out *= rng.uniform(0.6, 1.0, n)
  centres = np.stack([out * np.cos(angle), out * np.sin(angle), height], axis=1)
  return shapes.join(
    [
      shapes.tubes([(0, 0, 0)], [(0, 0, 0.9)], 0.02, 0.005, 'bark', 5),
      shapes.tubes([(0, 0, 0.1)], [(0, 0, 0.95)], 0.14, 0.01, 'hedge', 7),
      _leaves(centres, rng.uniform(0.03, 0.07, (n, 1, 1)), 'needle', rng),
    ]
  )


_MAKERS = {'leafy': _leafy, 'bare': _bare, 'conifer': _conifer}


@functools.cache
def bush(index: int) -> Shape:
  """Returns a bush of about 1 m."""
  rng = np.random.default_rng((42, index))
  direction = rng.standard_normal((90, 3))
  direction /= np.linalg.norm(direction, axis=1, keepdims=True)
  direction[:, 2] = np.abs(direction[:, 2])
  centres = direction * (0.45, 0.45, 0.9) * rng.uniform(0.8, 1.1, (90, 1))
  return shapes.join(
    [
      shapes.ball((0, 0, 0.4), (0.4, 0.4, 0.5), 'hedge'),
      _leaves(centres, rng.uniform(0.1, 0.2, (90, 1, 1)), 'hedge', rng),
    ]
  )


@functools.cache
def hedge(index: int) -> Shape:
  """Returns 2 m of a hedge along y, 0.7 m wide and 1 m high."""
  rng = np.random.default_rng((43, index))
  centres = rng.uniform((-0.35, 0, 0), (0.35, 2, 1), (90, 3))
  side = rng.integers(3, size=90)
  centres[side == 0, 0] = 0.35
  centres[side == 1, 0] = -0.35
  centres[side == 2, 2] = 1.0
  return shapes.join(
    [
      shapes.boxes([(-0.33, 0, 0)], [(0.33, 2, 0.97)], 'hedge'),
      _leaves(centres, rng.uniform(0.1, 0.2, (90, 1, 1)), 'hedge', rng),
    ]
  )
