"""People on foot and on bicycles."""

import functools

import numpy as np

from pixelda_tf.rendering.streets import shapes
from pixelda_tf.rendering.streets.shapes import Shape

POSES = 8
RIDERS = 4


@functools.cache
def load(pose: int) -> Shape:
  """Returns somebody of 1.75 m who looks along y, one of `POSES`.

  Half of them walk; some have a bag.
  """
  rng = np.random.default_rng((31, pose))
  stride = rng.uniform(0.15, 0.35) if pose % 2 else 0.04
  width = rng.uniform(0.19, 0.25)
  coat_end = rng.choice([0.85, 0.8, 0.55])
  hips = np.array([(-0.1, 0, 0.9), (0.1, 0, 0.9)])
  knees = hips * (1, 1, 0.55) + [(0, stride / 2, 0), (0, -stride / 3, 0)]
  feet = np.array([(-0.1, stride, 0.06), (0.1, -stride, 0.1)])
  shoulders = np.array([(-width, 0, 1.42), (width, 0, 1.42)])
  elbows = np.array([(-width - 0.05, -0.1, 1.1), (width + 0.05, 0.0, 1.1)])
  hands = elbows + [(0.02, stride, -0.26), (-0.02, 0.2 - stride, -0.2)]
  parts = [
    shapes.tubes(knees, hips, 0.075, 0.1, 'trousers', 4),
    shapes.tubes(feet, knees, 0.055, 0.075, 'trousers', 4),
    shapes.boxes(feet - (0.05, 0.08, 0.06), feet + (0.05, 0.18, 0.03), 'shoe'),
    # A body is wider than deep.
    shapes.move(
      shapes.tubes(
        [(0, 0, coat_end), (0, 0, 1.15), (0, 0, 1.4)],
        [(0, 0, 1.15), (0, 0, 1.4), (0, 0, 1.5)],
        [1.0, 0.95, 1.05],
        [0.95, 1.05, 0.35],
        'coat',
        6,
      ),
      scale=(width, 0.14, 1),
    ),
    shapes.tubes(shoulders, elbows, 0.07, 0.055, 'coat', 4),
    shapes.tubes(elbows, hands, 0.055, 0.04, 'coat', 4),
    shapes.ball((0, 0.02, 1.63), (0.085, 0.1, 0.12), 'skin'),
    shapes.ball((0, -0.02, 1.66), (0.092, 0.1, 0.115), 'hair'),
  ]
  if pose in (2, 5, 7):
    side = width + 0.08
    parts.append(
      shapes.boxes(
        [(side - 0.06, -0.15, 0.5)], [(side + 0.06, 0.2, 0.85)], 'poster'
      )
    )
  return shapes.join(parts)


def _wheel(y, radius=0.33):
  angles = np.arange(17) * (2 * np.pi / 16)
  rim = np.stack(
    [0 * angles, y + radius * np.cos(angles), radius + radius * np.sin(angles)],
    axis=1,
  )
  spokes = rim[:-1:4], rim[8::-2][:4]
  return [
    shapes.tubes(rim[:-1], rim[1:], 0.022, 0.022, 'tyre', 3),
    shapes.tubes(*spokes, 0.006, 0.006, 'steel', 3),
  ]


@functools.cache
def bicycle() -> Shape:
  """Returns a bicycle along y."""
  back, front = (0, -0.5, 0.33), (0, 0.52, 0.33)
  saddle, head, crank = (0, -0.2, 0.95), (0, 0.36, 0.9), (0, -0.02, 0.3)
  start = [back, back, crank, crank, (0, -0.16, 0.8), head, (-0.27, 0.34, 1.02)]
  end = [crank, saddle, saddle, head, head, front, (0.27, 0.34, 1.02)]
  return shapes.join(
    [
      *_wheel(-0.5),
      *_wheel(0.52),
      shapes.tubes(start, end, 0.022, 0.022, 'bicycle', 4),
      shapes.boxes([(-0.07, -0.33, 0.94)], [(0.07, -0.08, 1.0)], 'tyre'),
    ]
  )


@functools.cache
def rider(pose: int) -> Shape:
  """Returns somebody who rides a bicycle along y, one of `RIDERS`."""
  rng = np.random.default_rng((32, pose))
  lean = rng.uniform(0.15, 0.35)
  coat = 'high_visibility' if pose == 1 else 'coat'
  hips = np.array([(-0.1, -0.2, 1.0), (0.1, -0.2, 1.0)])
  feet = np.array([(-0.12, 0.1, 0.22), (0.12, -0.1, 0.45)])
  knees = np.array([(-0.13, 0.15, 0.65), (0.13, 0.2, 0.85)])
  chest = (0, lean - 0.2, 1.48)
  shoulders = np.array([(-0.2, lean - 0.2, 1.43), (0.2, lean - 0.2, 1.43)])
  hands = np.array([(-0.25, 0.34, 1.05), (0.25, 0.34, 1.05)])
  hat = 'hair' if pose % 2 else 'sign_white'
  return shapes.join(
    [
      bicycle(),
      shapes.tubes(knees, hips, 0.07, 0.1, 'trousers', 4),
      shapes.tubes(feet, knees, 0.05, 0.07, 'trousers', 4),
      shapes.tubes([(0, -0.22, 0.93)], [chest], 0.19, 0.22, coat, 6),
      shapes.tubes(shoulders, hands, 0.065, 0.045, coat, 4),
      shapes.ball((0, lean - 0.18, 1.49), (0.2, 0.14, 0.1), coat),
      shapes.ball((0, lean - 0.08, 1.68), (0.085, 0.1, 0.12), 'skin'),
      shapes.ball((0, lean - 0.1, 1.73), (0.1, 0.12, 0.1), hat),
    ]
  )
