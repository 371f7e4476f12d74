import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from sklearn.metrics import confusion_matrix

from pixelda_tf.evaluation import metrics

HALF = np.sqrt(0.5)
SETTINGS = hypothesis.settings(deadline=None, derandomize=True)


def random_quaternions(n, seed=0):
  values = np.random.default_rng(seed).normal(size=(n, 4))
  return values / np.linalg.norm(values, axis=1, keepdims=True)


def turn(degrees, axis=(0.6, 0.0, 0.8)):
  """The quaternion of a turn about an axis."""
  half = np.radians(degrees) / 2
  return np.array([np.cos(half), *(np.sin(half) * np.array(axis))])


def rotation(quaternion):
  w, x, y, z = quaternion
  return Rotation.from_quat([x, y, z, w])


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('sign', [1, -1])
def test_the_error_of_equal_poses_is_exactly_zero(dtype, sign):
  poses = random_quaternions(200).astype(dtype)
  errors = metrics.rotation_error_degrees(poses, sign * poses)
  assert errors.dtype == np.float64 and errors.shape == (200,)
  assert (errors == 0).all()


ANGLES = {
  'half a turn about x': ([1, 0, 0, 0], [0, 1, 0, 0], 180),
  'half a turn between turned poses': ([HALF, HALF, 0, 0], [0, 0, 0, 1], 180),
  'quarter': ([1, 0, 0, 0], [HALF, 0, HALF, 0], 90),
  'quarter of the other sign': ([1, 0, 0, 0], [-HALF, 0, -HALF, 0], 90),
  'a third': ([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], 120),
}


@pytest.mark.parametrize('name', ANGLES)
def test_angles_by_hand(name):
  true, predicted, degrees = ANGLES[name]
  found = metrics.rotation_error_degrees(true, predicted)
  np.testing.assert_allclose(found, degrees, rtol=1e-14)
  assert found <= 180


@pytest.mark.parametrize('degrees', [1e-6, 1e-3, 1.0, 179.0, 179.999])
def test_angles_are_not_lost_to_rounding(degrees):
  start = rotation(random_quaternions(1)[0])
  x, y, z, w = (start * rotation(turn(degrees))).as_quat()
  true = np.roll(start.as_quat(), 1)
  found = metrics.rotation_error_degrees(true, [w, x, y, z])
  np.testing.assert_allclose(found, degrees, rtol=1e-7)


def unit_quaternions():
  components = st.floats(-1, 1, width=32)
  return (
    st.tuples(*[components] * 4)
    .filter(lambda values: np.linalg.norm(values) > 0.1)
    .map(lambda values: np.array(values) / np.linalg.norm(values))
  )


@SETTINGS
@hypothesis.given(unit_quaternions(), unit_quaternions(), unit_quaternions())
def test_the_error_is_the_angle_of_the_turn_between(true, predicted, common):
  """Symmetric, and the same where both are turned alike, before or after."""
  found = metrics.rotation_error_degrees(true, predicted)
  between = rotation(true).inv() * rotation(predicted)
  np.testing.assert_allclose(found, np.degrees(between.magnitude()), atol=1e-5)
  assert found == metrics.rotation_error_degrees(predicted, true)
  assert found == metrics.rotation_error_degrees(true, -predicted)
  one, other = rotation(true), rotation(predicted)
  for pair in (
    (rotation(common) * one, rotation(common) * other),
    (one * rotation(common), other * rotation(common)),
  ):
    turned = [np.roll(pose.as_quat(), 1) for pose in pair]
    np.testing.assert_allclose(
      metrics.rotation_error_degrees(*turned), found, atol=1e-5
    )


def test_lengths_that_rounding_left_do_not_matter():
  poses = random_quaternions(20)
  np.testing.assert_allclose(
    metrics.rotation_error_degrees(poses * 1.005, poses[::-1] * 0.996),
    metrics.rotation_error_degrees(poses, poses[::-1]),
    rtol=1e-12,
  )


NO_POSES = {
  'zero': [0, 0, 0, 0],
  'too long': [1.02, 0, 0, 0],
  'too short': [0.98, 0, 0, 0],
  'nan': [np.nan, 0, 0, 1],
  'inf': [np.inf, 0, 0, 0],
}


@pytest.mark.parametrize('name', NO_POSES)
def test_what_is_no_unit_quaternion_is_refused(name):
  good, bad = [[1, 0, 0, 0]] * 2, [[1, 0, 0, 0], NO_POSES[name]]
  for pair in ((good, bad), (bad, good)):
    with pytest.raises(ValueError, match='quaternions must have length 1'):
      metrics.rotation_error_degrees(*pair)


@pytest.mark.parametrize('dtype', [np.uint8, np.int32, np.int64])
def test_confusion_counts_pairs_as_scikit_learn_does(dtype):
  """More classes than a uint8 times a uint8 could tell apart."""
  generator = np.random.default_rng(0)
  true, predicted = generator.integers(30, size=(2, 8, 16, 16)).astype(dtype)
  expected = confusion_matrix(true.ravel(), predicted.ravel(), labels=range(31))
  np.testing.assert_array_equal(
    metrics.confusion(true, predicted, 31), expected
  )
