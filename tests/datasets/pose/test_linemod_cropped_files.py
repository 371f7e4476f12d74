"""What is wrong in cropped LineMod's text files."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from pixelda_tf.datasets.pose import linemod_files
from pixelda_tf.errors import UserError

POSE = '0.5 -0.5 0.5 -0.5'
# All examples of a test share a file; each writes it anew.
SHARED = hypothesis.settings(
  max_examples=50,
  suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


WRONG_POSES = {
  'three numbers': ('# a.png\n1 0 0', r"line 2: '1 0 0' is no unit quat"),
  'five numbers': ('# a.png\n1 0 0 0 0', 'line 2: .* is no unit quaternion'),
  'too long': ('# a.png\n1 0.2 0 0', 'line 2: .* is no unit quaternion'),
  'zero': ('# a.png\n0 0 0 0', 'line 2: .* is no unit quaternion'),
  'nan': ('# a.png\nnan 0 0 1', 'line 2: .* is no unit quaternion'),
  'inf': ('# a.png\ninf 0 0 0', 'line 2: .* is no unit quaternion'),
  'words': ('# a.png\none 0 0 0', r"line 2: 'one 0 0 0' is no unit quatern"),
  'pose first': ('\n1 0 0 0', "line 2: a pose needs a line '# name.png'"),
  'two poses': (
    '# a.png\n1 0 0 0\n1 0 0 0',
    "line 3: a pose needs a line '# name.png' before it",
  ),
  'two names': ('# a.png\n# b.png\n1 0 0 0', 'line 2: a.png before it has no'),
  'name at the end': ('# a.png\n1 0 0 0\n# b.png', 'b.png at its end has no'),
  'the same name': (
    '# a.png\n1 0 0 0\n# a.png\n1 0 0 0',
    'line 3: a second pose of a.png',
  ),
}


@pytest.mark.parametrize('name', WRONG_POSES)
def test_what_is_wrong_with_the_poses_is_told(tmp_path, name):
  text, expected = WRONG_POSES[name]
  path = tmp_path / 'poses.txt'
  path.write_text(text)
  with pytest.raises(UserError, match=f'{path}.*{expected}'):
    linemod_files.read_poses(path)


def test_a_long_line_is_told_in_short(tmp_path):
  path = tmp_path / 'poses.txt'
  path.write_text('# a.png\n' + 'x' * 10_000)
  with pytest.raises(UserError) as error:
    linemod_files.read_poses(path)
  assert len(error.value.message) < 300 + len(str(path))


LINES = st.one_of(
  st.sampled_from(['# a.png', '# b.png', '#', '', POSE, '-1 0 0 0', '1e999']),
  st.lists(st.floats(width=32), max_size=5).map(
    lambda values: ' '.join(map(str, values))
  ),
  st.text(max_size=20),
)


@SHARED
@hypothesis.given(
  st.one_of(
    st.lists(LINES, max_size=6).map(
      lambda lines: '\n'.join(lines).encode('utf-8', 'surrogatepass')
    ),
    st.binary(max_size=60),
  )
)
def test_any_bytes_are_poses_or_a_mistake(tmp_path, content):
  path = tmp_path / 'poses.txt'
  path.write_bytes(content)
  try:
    poses = linemod_files.read_poses(path)
  except UserError as error:
    assert str(path) in error.message
    return
  for pose in poses.values():
    assert pose.dtype == np.float32 and pose.shape == (4,)
    assert pose[0] >= 0
    assert abs(np.linalg.norm(pose) - 1) < 1e-5


NUMBERS = st.lists(
  st.one_of(st.integers(-2, 10**12).map(str), st.text(max_size=4)), max_size=5
)


@SHARED
@hypothesis.given(
  st.one_of(
    NUMBERS.map(lambda words: ', '.join(words).encode('utf-8', 'replace')),
    st.binary(max_size=40),
  )
)
def test_any_bytes_are_numbers_or_a_mistake(tmp_path, content):
  path = tmp_path / 'training_split.txt'
  path.write_bytes(content)
  try:
    numbers = linemod_files.read_training_split(path)
  except UserError as error:
    assert str(path) in error.message
    return
  assert numbers
  assert all(type(number) is int and number >= 0 for number in numbers)


def test_numbers_are_separated_by_commas_spaces_or_lines(tmp_path):
  path = tmp_path / 'training_split.txt'
  path.write_text('1, 02,3\n4 5\t6,\n')
  assert linemod_files.read_training_split(path) == {1, 2, 3, 4, 5, 6}
