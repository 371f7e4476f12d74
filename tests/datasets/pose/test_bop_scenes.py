import copy
import json
import tempfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from pixelda_tf.datasets.pose import bop_scenes
from pixelda_tf.datasets.pose.bop_faults import Faults
from pixelda_tf.errors import UserError

QUARTER_TURN = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
OBJECT = {
  'cam_R_m2c': QUARTER_TURN,
  'cam_t_m2c': [10.0, -20.0, 500.0],
  'obj_id': 5,
}
CAMERA = {'cam_K': [500.0, 0, 320.0, 0, 510.0, 240.0, 0, 0, 1]}
FILES = {
  'scene_gt.json': {'7': [OBJECT]},
  'scene_camera.json': {'7': CAMERA},
  'scene_gt_info.json': {'7': [{'visib_fract': 0.75}]},
}


def write_scene(folder, files=FILES):
  (folder / 'rgb').mkdir(parents=True, exist_ok=True)
  (folder / 'rgb' / '000007.png').touch()
  for name, values in files.items():
    data = values if isinstance(values, bytes) else json.dumps(values).encode()
    (folder / name).write_bytes(data)
  return folder


def read(folder, skip=False):
  faults = Faults(skip)
  return bop_scenes.read_scene(folder, {5}, faults), faults


def test_frames_have_metres_and_matrices(tmp_path):
  """500 mm are 0.5 m; a depth unit without scale is 1 mm."""
  (frame,), _ = read(write_scene(tmp_path / 'test' / '000002'))
  assert frame.key == 'test/000002/000007'
  assert frame.image == frame.scene / 'rgb' / '000007.png'
  assert frame.depth is None and frame.depth_scale == 0.001
  np.testing.assert_array_equal(
    frame.camera, [[500, 0, 320], [0, 510, 240], [0, 0, 1]]
  )
  (annotation,) = frame.annotations
  assert (annotation.number, annotation.obj_id) == (0, 5)
  assert annotation.visibility == 0.75
  np.testing.assert_allclose(annotation.position, [0.01, -0.02, 0.5])
  np.testing.assert_allclose(
    annotation.rotation, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-15
  )
  assert frame.mask(annotation).name == '000007_000000.png'


def test_matrix_that_stretches_a_little_becomes_the_rotation_meant(tmp_path):
  files = copy.deepcopy(FILES)
  files['scene_gt.json']['7'][0]['cam_R_m2c'] = [
    1.01 * value for value in QUARTER_TURN
  ]
  (frame,), _ = read(write_scene(tmp_path, files))
  np.testing.assert_allclose(
    frame.annotations[0].rotation.ravel(), QUARTER_TURN, atol=1e-12
  )


@pytest.mark.parametrize('name', ['scene_gt.json', 'scene_camera.json'])
def test_missing_file_is_told(tmp_path, name):
  (write_scene(tmp_path) / name).unlink()
  with pytest.raises(UserError, match=f'{name}: no such file; .*--skip_bad'):
    read(tmp_path)
  frames, faults = read(tmp_path, skip=True)
  assert not frames and faults.counts == {'scenes without file': 1}


NUMBERS = st.one_of(
  st.floats(), st.integers(), st.sampled_from([0, 1, -1, 1e300, 10**400])
)
JSON = st.recursive(
  st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5)),
  lambda inner: st.one_of(
    st.lists(inner, max_size=4),
    st.dictionaries(st.text(max_size=3), inner, max_size=3),
  ),
  max_leaves=8,
)


def maybe(strategy):
  return st.one_of(strategy, JSON)


def numbers(count):
  return maybe(st.lists(maybe(NUMBERS), min_size=count, max_size=count))


def by_frame(strategy):
  keys = st.sampled_from(['7', '007', '8', 'x', '-1', '٣'])
  return maybe(st.dictionaries(keys, maybe(strategy), max_size=3))


def some_keys(**strategies):
  return st.fixed_dictionaries({}, optional=strategies)


GARBAGE = st.fixed_dictionaries(
  {},
  optional={
    'scene_gt.json': by_frame(
      st.lists(
        maybe(
          some_keys(
            cam_R_m2c=st.one_of(st.just(QUARTER_TURN), numbers(9)),
            cam_t_m2c=numbers(3),
            obj_id=maybe(st.sampled_from([5, 6, 5.0, True])),
          )
        ),
        max_size=3,
      )
    ),
    'scene_camera.json': by_frame(
      some_keys(cam_K=numbers(9), depth_scale=maybe(NUMBERS))
    ),
    'scene_gt_info.json': by_frame(
      st.lists(maybe(some_keys(visib_fract=maybe(NUMBERS))), max_size=3)
    ),
  },
)


@hypothesis.settings(max_examples=300)
@hypothesis.given(files=GARBAGE)
def test_any_json_gives_frames_or_a_message(files):
  check({**FILES, **files})


@hypothesis.settings(max_examples=100)
@hypothesis.given(
  name=st.sampled_from(sorted(FILES)),
  data=st.one_of(st.binary(max_size=40), st.just(b'[' * 100_000)),
)
def test_any_bytes_give_frames_or_a_message(name, data):
  check({**FILES, name: data})


def check(files):
  with tempfile.TemporaryDirectory() as folder:
    write_scene(Path(folder), files)
    skipped, faults = read(Path(folder), skip=True)
    try:
      frames, _ = read(Path(folder))
    except UserError as error:
      assert error.message.startswith(folder)
      assert '\n' not in error.message
      assert sum(faults.counts.values())
    else:
      assert len(frames) == len(skipped) and not faults.counts
    for frame in skipped:
      assert np.isfinite(frame.camera).all() and frame.depth_scale > 0
      for annotation in frame.annotations:
        assert annotation.obj_id == 5 and annotation.position[2] > 0
        np.testing.assert_allclose(
          annotation.rotation @ annotation.rotation.T, np.eye(3), atol=1e-9
        )
