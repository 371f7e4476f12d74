"""What stands on pavements: lamps, signals, signs, fences, bins, shelters."""

import functools

import numpy as np

from pixelda_tf.rendering.streets import materials, shapes
from pixelda_tf.rendering.streets.shapes import Shape

SIGNS = 6


@functools.cache
def lamp(kind: int) -> tuple[Shape, tuple[float, float, float]]:
  """Returns a street lamp that hangs over -x, and where its light is."""
  height, arm = ((8.0, 1.6), (6.0, 0.6), (10.0, 2.2), (4.5, 0.0))[kind % 4]
  top = (-arm, 0, height + 0.25 * arm)
  parts = [
    shapes.tubes(
      [(0, 0, 0), (0, 0, 1.4)],
      [(0, 0, 1.4), (0, 0, height)],
      [0.11, 0.08],
      [0.1, 0.05],
      'steel',
      7,
    )
  ]
  if arm:
    parts.append(
      shapes.tubes([(0, 0, height)], [top], 0.045, 0.035, 'steel', 5)
    )
  low = np.array(top) - (0.35, 0.13, 0.1)
  parts.append(
    shapes.boxes([low], [np.array(top) + (0.15, 0.13, 0.06)], 'steel')
  )
  parts.append(
    shapes.level(
      low[0] + 0.05, low[0] + 0.4, low[1], -low[1], low[2] - 0.01, 'lantern'
    )
  )
  return shapes.join(parts), top


@functools.cache
def post(height: float, material: str = 'steel') -> Shape:
  """Returns a thin post."""
  return shapes.tubes([(0, 0, 0)], [(0, 0, height)], 0.045, 0.045, material, 6)


@functools.cache
def sign(kind: int) -> tuple[Shape, float]:
  """Returns one of `SIGNS` plates that face -y, and the height of its post."""

  def round_plate(radius, y, material):
    return shapes.discs([(0, y, 2.4)], radius, 1, material, 12)

  if kind == 0:
    plates = [
      round_plate(0.3, -0.06, 'sign_red'),
      round_plate(0.22, -0.07, 'sign_white'),
    ]
  elif kind == 1:
    plates = [round_plate(0.3, -0.06, 'sign_blue')]
  elif kind == 2:
    corners = [(-0.38, -0.06, 2.2), (0.38, -0.06, 2.2), (0, -0.06, 2.85)]
    inner = (np.array(corners) - (0, 0, 2.42)) * 0.65 + (0, -0.02, 2.42)
    plates = [
      shapes.triangles([corners], 'sign_red'),
      shapes.triangles([inner], 'sign_white'),
    ]
  elif kind == 3:
    plates = [shapes.upright(-0.7, 0.7, 2.0, 2.9, -0.06, 'sign_green')]
  elif kind == 4:
    plates = [shapes.upright(-0.3, 0.3, 1.9, 2.6, -0.06, 'sign_yellow')]
  else:
    plates = [shapes.upright(-0.25, 0.25, 2.1, 2.5, -0.06, 'sign_white')]
  back = [
    shapes.move(plates[0], (0, 0.03, 0))._replace(
      materials=np.full_like(plates[0].materials, materials.INDEX['steel'])
    )
  ]
  return shapes.join(plates + back), 2.9


@functools.cache
def signal(state: int) -> Shape:
  """Returns the head of a traffic light that faces -y, without its post."""
  parts = [
    shapes.boxes([(-0.2, -0.12, 2.3)], [(0.2, 0.12, 3.3)], 'signal_box'),
    shapes.upright(-0.3, 0.3, 2.2, 3.4, 0.0, 'signal_box'),
  ]
  for place, z in enumerate((3.1, 2.8, 2.5)):
    lit = place == (0 if state == 0 else 2) and state < 2
    material = (
      ('signal_red', '', 'signal_green')[place] if lit else 'signal_off'
    )
    parts.append(shapes.upright(-0.1, 0.1, z - 0.1, z + 0.1, -0.13, material))
  return shapes.join(parts)


@functools.cache
def railing(height: float = 1.05) -> Shape:
  """Returns 2 m of an iron railing along y."""
  y = np.arange(0.0, 2.0, 0.14)
  bars = [(0, at, 0.1) for at in y], [(0, at, height) for at in y]
  rails = [(0, 0, 0.12), (0, 0, height)], [(0, 2, 0.12), (0, 2, height)]
  return shapes.join(
    [
      shapes.tubes(*bars, 0.013, 0.013, 'rail', 3),
      shapes.tubes(*rails, 0.03, 0.03, 'rail', 4),
      shapes.tubes([(0, 0, 0)], [(0, 0, height)], 0.04, 0.04, 'rail', 4),
    ]
  )


@functools.cache
def boards(height: float = 1.5) -> Shape:
  """Returns 2 m of a wooden fence along y."""
  y = np.arange(0.0, 2.0, 0.25)
  low = np.stack([0 * y - 0.02, y, 0 * y], 1)
  high = np.stack([0 * y + 0.02, y + 0.23, height + 0.03 * np.cos(9 * y)], 1)
  return shapes.boxes(low, high, 'wood')


@functools.cache
def guard(height: float = 1.0) -> Shape:
  """Returns 2 m of a bridge's or a road's steel fence along y."""
  z = np.array([0.35, 0.65, height])
  rails = [(0, 0, at) for at in z], [(0, 2, at) for at in z]
  return shapes.join(
    [
      shapes.tubes(*rails, 0.05, 0.05, 'rail', 4),
      shapes.tubes([(0, 0, 0)], [(0, 0, height)], 0.05, 0.05, 'rail', 4),
    ]
  )


@functools.cache
def dustbin() -> Shape:
  """Returns a dustbin on wheels."""
  return shapes.join(
    [
      shapes.boxes([(-0.28, -0.3, 0)], [(0.28, 0.3, 0.95)], 'bin'),
      shapes.boxes([(-0.31, -0.35, 0.95)], [(0.31, 0.33, 1.05)], 'bin'),
    ]
  )


@functools.cache
def postbox() -> Shape:
  """Returns a round postbox."""
  return shapes.join(
    [
      shapes.tubes([(0, 0, 0)], [(0, 0, 1.5)], 0.23, 0.23, 'postbox', 10),
      shapes.ball((0, 0, 1.5), (0.26, 0.26, 0.12), 'postbox'),
    ]
  )


@functools.cache
def bollard() -> Shape:
  """Returns an iron bollard."""
  return shapes.tubes([(0, 0, 0)], [(0, 0, 1.0)], 0.08, 0.07, 'black_steel', 7)


@functools.cache
def shelter() -> tuple[Shape, Shape]:
  """Returns a bus stop's shelter along y that opens to -x, and its poster."""
  posts = np.array([(x, y, 0.0) for x in (-0.6, 0.6) for y in (0.0, 1.8, 3.6)])
  frame = shapes.join(
    [
      shapes.tubes(posts, posts + (0, 0, 2.3), 0.04, 0.04, 'black_steel', 4),
      shapes.boxes([(-0.8, -0.1, 2.3)], [(0.8, 3.7, 2.4)], 'black_steel'),
      shapes.boxes([(0.35, 0.4, 0.4)], [(0.6, 3.2, 0.5)], 'poster'),
    ]
  )
  poster = shapes.boxes([(-0.6, -0.05, 0.3)], [(0.6, 0.05, 2.1)], 'poster')
  return frame, poster
