"""Eleven coloured objects made of boxes, cylinders, balls and the like.

None looks the same from two sides. They stand on the xy plane or float a little
above it, z up, and are 8 to 18 cm long.
"""

from typing import NamedTuple

import numpy as np
import trimesh

from pixelda_tf.rendering import meshes

CENTIMETRES = 0.01
SECTIONS = 32

WHITE = (235, 232, 225)
BLACK = (40, 40, 46)
GREY = (130, 134, 140)
RED = (205, 45, 40)
ORANGE = (235, 130, 30)
YELLOW = (240, 205, 50)
GREEN = (55, 145, 70)
TEAL = (40, 150, 160)
BLUE = (45, 80, 180)
PURPLE = (125, 70, 160)
PINK = (230, 140, 165)
BROWN = (125, 80, 45)
BEIGE = (210, 180, 135)


class Primitive(NamedTuple):
  """A piece of an object.

  Attributes:
    shape: 'box', 'cylinder', 'cone', 'ball', 'capsule' or 'ring'.
    size: centimetres: a box's or a ball's extents; a cylinder's, a cone's or a
      capsule's radius and height along z; a ring's radii, of the ring in the
      xy plane and of its tube.
    colour: red, green and blue, 0 to 255.
    at: centimetres, where its centre is.
    turn: degrees about the axes x, y and z, in this order.
  """

  shape: str
  size: tuple[float, ...]
  colour: tuple[int, int, int]
  at: tuple[float, float, float]
  turn: tuple[float, float, float] = (0, 0, 0)


OBJECTS = {
  'mug': (
    Primitive('cylinder', (4.0, 9.0), BLUE, (0, 0, 4.5)),
    Primitive('cylinder', (4.1, 1.6), WHITE, (0, 0, 7.0)),
    Primitive('cylinder', (3.5, 0.2), BROWN, (0, 0, 9.0)),
    Primitive('ring', (2.6, 0.7), ORANGE, (5.0, 0, 4.5), (90, 0, 0)),
    Primitive('box', (3.0, 0.6, 3.0), YELLOW, (0, -3.9, 4.0)),
  ),
  'drill': (
    Primitive('cylinder', (2.5, 9.0), YELLOW, (0, 0, 11.0), (0, 90, 0)),
    Primitive('cylinder', (2.2, 2.0), BLACK, (-5.2, 0, 11.0), (0, 90, 0)),
    Primitive('cone', (1.8, 4.5), GREY, (6.2, 0, 11.0), (0, 90, 0)),
    Primitive('box', (2.8, 2.6, 8.0), BLACK, (-1.8, 0, 5.6), (0, 10, 0)),
    Primitive('box', (6.5, 3.8, 2.6), RED, (-2.0, 0, 1.3)),
    Primitive('box', (2.2, 0.6, 1.4), WHITE, (0, -2.4, 11.0)),
  ),
  'lamp': (
    Primitive('cylinder', (4.2, 1.2), GREEN, (0, 0, 0.6)),
    Primitive('cylinder', (0.7, 9.0), WHITE, (-1.6, 0, 5.0), (0, -20, 0)),
    Primitive('cylinder', (0.7, 6.0), WHITE, (-0.8, 0, 10.5), (0, 70, 0)),
    Primitive('cone', (3.6, 5.5), GREEN, (3.4, 0, 10.4), (0, -25, 0)),
    Primitive('ball', (2.4, 2.4, 2.4), YELLOW, (4.2, 0, 8.0)),
    Primitive('box', (1.4, 1.4, 1.0), RED, (0, 2.8, 1.4)),
  ),
  'bird': (
    Primitive('ball', (10.0, 7.0, 6.6), TEAL, (0, 0, 3.5)),
    Primitive('ball', (5.0, 4.8, 4.8), WHITE, (4.0, 0, 8.0)),
    Primitive('cone', (1.1, 3.0), ORANGE, (7.2, 0, 7.8), (0, 90, 0)),
    Primitive('cone', (2.0, 5.0), BLACK, (-5.6, 0, 5.6), (0, -60, 0)),
    Primitive('ball', (6.0, 1.6, 3.6), PURPLE, (-0.8, -3.2, 4.0)),
    Primitive('ball', (6.0, 1.6, 3.6), PURPLE, (-0.8, 3.2, 4.0)),
    Primitive('ball', (1.1, 1.1, 1.1), BLACK, (5.2, -1.8, 8.8)),
    Primitive('ball', (1.1, 1.1, 1.1), BLACK, (5.2, 1.8, 8.8)),
  ),
  'car': (
    Primitive('box', (14.0, 6.4, 3.0), RED, (0, 0, 3.0)),
    Primitive('box', (6.5, 5.6, 2.8), WHITE, (-1.6, 0, 5.8)),
    Primitive('box', (0.4, 4.8, 2.0), BLUE, (1.8, 0, 5.7)),
    Primitive('cylinder', (1.8, 7.0), BLACK, (4.2, 0, 1.8), (90, 0, 0)),
    Primitive('cylinder', (1.8, 7.0), BLACK, (-4.2, 0, 1.8), (90, 0, 0)),
    Primitive('box', (0.6, 5.0, 1.0), YELLOW, (7.0, 0, 3.4)),
    Primitive('box', (1.2, 6.6, 0.6), BLACK, (-6.6, 0, 6.0)),
  ),
  'camera': (
    Primitive('box', (11.0, 4.5, 7.0), BLACK, (0, 0, 3.5)),
    Primitive('box', (11.2, 4.7, 1.6), GREY, (0, 0, 6.4)),
    Primitive('cylinder', (2.9, 4.5), GREY, (1.0, -4.2, 3.5), (90, 0, 0)),
    Primitive('cylinder', (2.2, 4.7), BLUE, (1.0, -4.3, 3.5), (90, 0, 0)),
    Primitive('box', (3.0, 3.0, 1.8), WHITE, (1.0, 0, 7.8)),
    Primitive('box', (2.2, 1.8, 6.6), BROWN, (-4.6, -2.6, 3.5)),
    Primitive('cylinder', (0.9, 1.0), RED, (-4.0, 0, 7.3)),
    Primitive('box', (6.5, 0.4, 4.0), TEAL, (0.5, 2.3, 3.0)),
  ),
  'teapot': (
    Primitive('ball', (9.0, 9.0, 7.6), PINK, (0, 0, 3.8)),
    Primitive('cylinder', (2.8, 0.9), PURPLE, (0, 0, 7.4)),
    Primitive('ball', (1.8, 1.8, 1.8), YELLOW, (0, 0, 8.6)),
    Primitive('capsule', (1.0, 5.5), PURPLE, (5.4, 0, 5.2), (0, 40, 0)),
    Primitive('ring', (2.6, 0.7), PURPLE, (-5.2, 0, 4.2), (90, 0, 0)),
    Primitive('ball', (3.0, 1.4, 3.0), WHITE, (0, -4.0, 4.2)),
  ),
  'hammer': (
    Primitive('cylinder', (1.3, 12.0), BEIGE, (0, 0, 6.0)),
    Primitive('cylinder', (1.6, 5.0), RED, (0, 0, 2.5)),
    Primitive('box', (6.0, 3.0, 3.0), GREY, (1.0, 0, 13.0)),
    Primitive('cylinder', (2.1, 2.4), BLACK, (4.8, 0, 13.0), (0, 90, 0)),
    Primitive('cone', (1.6, 5.0), GREY, (-4.2, 0, 12.4), (0, -105, 0)),
    Primitive('box', (2.0, 0.5, 2.0), BLUE, (1.0, -1.6, 13.0)),
  ),
  'phone': (
    Primitive('box', (11.0, 9.0, 3.2), GREEN, (0, 0, 1.6)),
    Primitive('box', (7.0, 5.5, 2.2), GREEN, (0, 1.2, 4.0)),
    Primitive('capsule', (1.3, 9.0), BLACK, (0, 2.0, 6.6), (0, 90, 0)),
    Primitive('ball', (4.0, 4.0, 3.4), BLACK, (-5.2, 2.0, 5.9)),
    Primitive('ball', (4.0, 4.0, 3.4), BLACK, (5.2, 2.0, 5.9)),
    Primitive('cylinder', (2.3, 0.8), WHITE, (1.2, -2.4, 3.5)),
    Primitive('box', (1.8, 3.4, 0.8), ORANGE, (-3.6, -2.2, 3.5)),
  ),
  'iron': (
    Primitive('box', (9.0, 7.0, 1.4), GREY, (-2.0, 0, 0.7)),
    Primitive('cone', (3.5, 6.0), GREY, (5.3, 0, 1.6), (0, 90, 0)),
    Primitive('box', (8.0, 5.4, 3.0), TEAL, (-2.2, 0, 2.8)),
    Primitive('ring', (3.2, 0.8), WHITE, (-1.8, 0, 5.0), (90, 0, 0)),
    Primitive('cylinder', (1.2, 1.2), RED, (-4.6, 0, 4.8)),
    Primitive('box', (3.6, 0.6, 1.4), ORANGE, (-2.2, -2.7, 3.0)),
  ),
  'plant': (
    Primitive('cylinder', (3.2, 5.0), BROWN, (0, 0, 2.5)),
    Primitive('cylinder', (3.7, 1.2), BEIGE, (0, 0, 5.0)),
    Primitive('ball', (1.4, 3.4, 8.0), GREEN, (2.4, 0, 8.8), (0, 30, 0)),
    Primitive('ball', (3.0, 1.2, 6.0), GREEN, (-1.6, 2.2, 8.0), (-35, 0, 0)),
    Primitive('capsule', (0.4, 6.0), GREEN, (-0.8, -1.0, 8.4), (10, -10, 0)),
    Primitive('ball', (4.2, 4.2, 2.4), PINK, (-1.4, -1.6, 12.4)),
    Primitive('ball', (1.9, 1.9, 2.8), YELLOW, (-1.4, -1.6, 12.4)),
  ),
}


def load(name: str) -> meshes.Mesh:
  """Returns the `Mesh` of one of `OBJECTS`, its box's centre at the origin."""
  mesh = trimesh.util.concatenate([_make(each) for each in OBJECTS[name]])
  mesh.apply_translation(-mesh.bounds.mean(axis=0))
  return meshes.from_trimesh(mesh, CENTIMETRES)


def _make(primitive):
  mesh = _SHAPES[primitive.shape](*primitive.size)
  mesh.visual.vertex_colors = np.tile(
    np.array([*primitive.colour, 255], np.uint8), (len(mesh.vertices), 1)
  )
  mesh.apply_transform(
    trimesh.transformations.compose_matrix(
      angles=np.radians(primitive.turn), translate=primitive.at
    )
  )
  return mesh


def _box(*extents):
  return trimesh.creation.box(extents)


def _ball(*extents):
  mesh = trimesh.creation.icosphere(subdivisions=3, radius=0.5)
  mesh.apply_scale(extents)
  return mesh


def _cylinder(radius, height):
  return trimesh.creation.cylinder(radius, height, sections=SECTIONS)


def _cone(radius, height):
  mesh = trimesh.creation.cone(radius, height, sections=SECTIONS)
  mesh.apply_translation((0, 0, -height / 2))
  return mesh


def _capsule(radius, height):
  # trimesh's height is that between the half balls' centres.
  mesh = trimesh.creation.capsule(height, radius, count=[SECTIONS, 16])
  mesh.apply_translation((0, 0, -mesh.bounds.mean(axis=0)[2]))
  return mesh


def _ring(radius, tube):
  return trimesh.creation.torus(
    radius, tube, major_sections=SECTIONS, minor_sections=16
  )


_SHAPES = {
  'box': _box,
  'ball': _ball,
  'cylinder': _cylinder,
  'cone': _cone,
  'capsule': _capsule,
  'ring': _ring,
}
