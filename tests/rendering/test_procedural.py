import itertools

import numpy as np
import pytest

from pixelda_tf.rendering import procedural, render, views

SIZE = 32
VIEW = views.look_at(0.6, 0.5)


def turns():
  """Rotations by at least 30 degrees: about the axes, and random ones."""
  for axis, degrees in itertools.product(range(3), (90, 120, 180, 240, 270)):
    half = np.radians(degrees / 2)
    yield np.cos(half), *(np.sin(half) * np.eye(3)[axis])
  for index in range(10):
    quaternion = views.sample(0, index, in_plane=180)
    if quaternion[0] < np.cos(np.radians(15)):
      yield tuple(quaternion)


def difference(one, other):
  """Mean difference of colours in [0, 1] over the pixels of either."""
  pixels = (one[1] > 0) | (other[1] > 0)
  return np.abs(one[0] - other[0])[pixels].mean()


def test_there_are_eleven_with_the_sizes_of_linemod_s():
  assert len(procedural.OBJECTS) == 11
  for name in procedural.OBJECTS:
    mesh = procedural.load(name)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    np.testing.assert_allclose(low, -high, atol=1e-6)
    assert 0.08 < (high - low).max() < 0.18
    assert len(np.unique(mesh.colours, axis=0)) >= 3


@pytest.mark.parametrize('name', procedural.OBJECTS)
def test_looks_the_same_from_one_side_only(name):
  renderer = render.Renderer(procedural.load(name))
  rotation = views.rotation_matrix(VIEW)
  reference = renderer.trace(VIEW, SIZE)
  for turn in turns():
    turned = views.quaternion(rotation @ views.rotation_matrix(turn))
    assert difference(reference, renderer.trace(turned, SIZE)) > 0.1, turn


def test_no_two_look_the_same():
  pictures = [
    render.Renderer(procedural.load(name)).trace(VIEW, SIZE)
    for name in procedural.OBJECTS
  ]
  for one, other in itertools.combinations(pictures, 2):
    assert difference(one, other) > 0.15
