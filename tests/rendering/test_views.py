import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pixelda_tf.rendering import views

components = st.lists(st.floats(-1, 1), min_size=4, max_size=4)
quaternions = components.filter(lambda q: np.linalg.norm(q) > 0.1).map(np.array)
angles = st.floats(-np.pi, np.pi)


@hypothesis.given(quaternions)
@hypothesis.settings(deadline=None)
def test_quaternion_and_matrix_are_those_of_scipy(q):
  rotation = Rotation.from_quat(q, scalar_first=True)
  matrix = views.rotation_matrix(q)
  np.testing.assert_allclose(matrix, rotation.as_matrix(), atol=1e-12)
  found = views.quaternion(matrix)
  assert found.dtype == np.float32
  assert found[0] >= 0
  expected = rotation.as_quat(scalar_first=True)
  expected *= np.sign(expected @ found)
  np.testing.assert_allclose(found, expected, atol=1e-7)


@hypothesis.given(quaternions)
@hypothesis.settings(deadline=None)
def test_either_sign_is_the_same_rotation(q):
  np.testing.assert_array_equal(
    views.rotation_matrix(q), views.rotation_matrix(-q)
  )


def test_quarter_turn_about_z():
  """x goes to y under (cos 45°, 0, 0, sin 45°)."""
  half = np.sqrt(0.5)
  rotation = views.rotation_matrix([half, 0, 0, half])
  np.testing.assert_allclose(rotation @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize('axis', range(3))
def test_half_turns(axis):
  """w is 0 there; the quaternion is the axis."""
  rotation = -np.eye(3)
  rotation[axis, axis] = 1
  found = views.quaternion(rotation)
  np.testing.assert_allclose(np.abs(found), np.eye(4)[axis + 1], atol=1e-7)


@pytest.mark.parametrize(
  'matrix',
  [np.diag([1, 1, -1]), 2 * np.eye(3), np.zeros((3, 3)), np.eye(4)],
  ids=['mirror', 'scaled', 'zero', '4x4'],
)
def test_no_rotation(matrix):
  with pytest.raises(ValueError, match='no rotation matrix'):
    views.quaternion(matrix)


@hypothesis.given(st.floats(-1.5, 1.5), angles)
@hypothesis.settings(deadline=None)
def test_looks_at_the_centre_from_the_viewpoint(elevation, azimuth):
  """The viewpoint lies before the camera's centre, the model's z is up."""
  rotation = views.rotation_matrix(views.look_at(elevation, azimuth))
  viewpoint = [
    np.cos(elevation) * np.cos(azimuth),
    np.cos(elevation) * np.sin(azimuth),
    np.sin(elevation),
  ]
  np.testing.assert_allclose(rotation @ viewpoint, [0, 0, -1], atol=1e-6)
  up = rotation @ [0, 0, 1]
  np.testing.assert_allclose(up[:2], [0, -np.cos(elevation)], atol=1e-6)


def test_picture_turns_clockwise():
  """By 90 degrees, what was up is on the right."""
  rotation = views.rotation_matrix(views.look_at(0.0, 0.3, np.pi / 2))
  np.testing.assert_allclose(rotation @ [0, 0, 1], [1, 0, 0], atol=1e-6)


def test_a_view_depends_on_its_seed_and_number_alone():
  backwards = {k: views.sample(3, k) for k in reversed(range(20))}
  for k in range(20):
    np.testing.assert_array_equal(views.sample(3, k), backwards[k])
    assert views.sample(3, k) @ views.sample(4, k) < 0.9999
  assert len({view.tobytes() for view in backwards.values()}) == 20
  np.testing.assert_array_equal(views.sample((3,), 5), views.sample(3, 5))


@pytest.mark.parametrize('upper', [True, False])
def test_viewpoints_are_uniform(upper):
  """By Archimedes heights are uniform; by symmetry sideways means are 0.

  Standard deviations of the means of 2,000: 0.29 / 45 of a uniform height in
  [0, 1], twice that in [-1, 1]; 0.58 / 45 of a coordinate.
  """
  rotations = [
    views.rotation_matrix(views.sample(0, k, upper=upper, in_plane=30))
    for k in range(2000)
  ]
  viewpoints = -np.array(rotations)[:, 2]
  np.testing.assert_allclose(viewpoints[:, :2].mean(axis=0), 0, atol=0.05)
  heights = np.sort(viewpoints[:, 2])
  low = 0 if upper else -1
  expected = np.linspace(low, 1, 2000)
  np.testing.assert_allclose(heights, expected, atol=0.05 * (1 - low))
  up = np.array(rotations)[:, :2, 2]
  turned = np.degrees(np.arctan2(up[:, 0], -up[:, 1]))
  assert 29 < turned.max() < 30.01
  assert -30.01 < turned.min() < -29
