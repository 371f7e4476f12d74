"""A set of boxes of which something is not in millimetres."""

import json

import bop_boxes
import numpy as np
import pytest
import trimesh
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.datasets import summary
from pixelda_tf.datasets.pose import bop_scenes, bop_units
from pixelda_tf.datasets.pose.bop_faults import Faults
from pixelda_tf.errors import UserError

SCENE = 'test/000002'


def scale_models(root, factor):
  for path in (root / 'models').glob('*.ply'):
    mesh = trimesh.load(path)
    mesh.apply_scale(factor)
    mesh.export(path)
  change(root / 'models/models_info.json', 'diameter', factor)


def scale_positions(root, factor):
  change(root / SCENE / 'scene_gt.json', 'cam_t_m2c', factor)


def scale_depth(root, factor):
  change(root / SCENE / 'scene_camera.json', 'depth_scale', factor)


def change(path, wanted, factor):
  """Multiplies the values of a key, wherever it is in a JSON file."""

  def scaled(value, key=None):
    if isinstance(value, dict):
      return {name: scaled(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
      return [scaled(inner, key) for inner in value]
    return value * factor if key == wanted else value

  bop_boxes.write_json(path, scaled(json.loads(path.read_text())))


def remove(root, name):
  for path in (root / SCENE / name).iterdir():
    path.unlink()
  (root / SCENE / name).rmdir()


@pytest.mark.parametrize(
  ('models', 'positions', 'depth', 'expected'),
  [
    (0.001, 1, 1, r'is 0.00014\d* m long, .* have to be in millimetres'),
    (0.001, 0.001, 0.001, 'cam_t_m2c: .* at least 10 .millimetres in'),
    (1000, 1, 1, 'is .* m long, expected 0.005 to 1.4'),
    (1, 0.1, 1, 'cameras are 0.4. diameters from the objects'),
    (1, 0.001, 1, 'at least 10 .millimetres in front of the camera'),
    (0.1, 0.1, 0.1, r'a diameter of 0.011 m, .* --crop_metres than 0.195'),
    (0.1, 0.1, 1, r'a diameter of 0.011 m, .* --crop_metres than 0.195'),
    (0.1, 1, 1, r'a diameter of 0.011 m, .* --crop_metres than 0.195'),
    (1, 1, 1000, r'depth files have the objects at 9\d\d times .* --nodepth'),
    (
      1,
      1,
      0.1,
      r'depth files have the objects at 0.09\d* times their distance',
    ),
  ],
)
def test_other_units_are_refused(
  boxes, tmp_path, models, positions, depth, expected
):
  """Diameters are 141 and 87 mm, cameras 330 to 600 mm away."""
  scale_models(boxes, models)
  scale_positions(boxes, positions)
  scale_depth(boxes, depth)
  with pytest.raises(UserError, match=expected):
    bop_boxes.make(boxes, tmp_path)


def test_small_objects_are_taken_with_small_crops(boxes, tmp_path):
  """All a tenth as large, and as far away."""
  for scale in (scale_models, scale_positions, scale_depth):
    scale(boxes, 0.1)
  builder = bop_boxes.make(boxes, tmp_path, crop_metres=0.0195)
  assert len(bop_boxes.examples(builder)) == 4


def test_meshes_are_measured_where_no_file_has_their_diameters(boxes, tmp_path):
  """A box's is its space diagonal."""
  (boxes / 'models/models_info.json').unlink()
  models = {n: boxes / f'models/obj_{n:06d}.ply' for n in bop_boxes.BOXES}
  frames = bop_scenes.read_scene(boxes / SCENE, models, Faults(False))
  found = bop_units.diameters(models, frames)
  expected = {
    n: np.linalg.norm(sides) / 1000 for n, (sides, _) in bop_boxes.BOXES.items()
  }
  assert found == pytest.approx(expected)
  scale_models_alone = trimesh.load(models[3])
  scale_models_alone.apply_scale(0.001)
  scale_models_alone.export(models[3])
  with pytest.raises(UserError, match='obj_000003.ply: is 5e-05 m long'):
    bop_boxes.make(boxes, tmp_path)


def test_meshes_that_are_not_as_published_are_refused(boxes, tmp_path):
  """Those that masks are rendered of."""
  before = (boxes / 'models/models_info.json').read_bytes()
  scale_models(boxes, 0.001)
  (boxes / 'models/models_info.json').write_bytes(before)
  remove(boxes, 'mask_visib')
  with pytest.raises(UserError, match='ply: is 0.0001 m long'):
    bop_boxes.make(boxes, tmp_path)


def test_masks_tell_the_size_of_models(boxes, tmp_path):
  """In crops that are small enough for what seem to be small objects."""
  scale_models(boxes, 0.1)
  with pytest.raises(
    UserError, match='masks show the objects .* times as long'
  ):
    bop_boxes.make(boxes, tmp_path, crop_metres=0.05)


def test_without_depth_its_unit_does_not_matter(boxes, tmp_path):
  scale_depth(boxes, 1000)
  assert bop_boxes.examples(bop_boxes.make(boxes, tmp_path, depth=False))


def test_damaged_diameters_are_told(boxes, tmp_path):
  (boxes / 'models/models_info.json').write_text('{"1": 3}')
  with pytest.raises(UserError, match='models_info.json: not readable'):
    bop_boxes.make(boxes, tmp_path)


def test_masks_of_two_values_are_read(boxes, tmp_path):
  """2 where an object is seen, as some tools write it."""
  expected = bop_boxes.examples(bop_boxes.make(boxes, tmp_path))
  for path in (boxes / SCENE / 'mask_visib').iterdir():
    mask = np.asarray(Image.open(path)) // 255 * 2
    Image.fromarray(mask).save(path)
  found = bop_boxes.examples(bop_boxes.make(boxes, tmp_path))
  for key, example in expected.items():
    assert example['mask'].any()
    np.testing.assert_array_equal(found[key]['mask'], example['mask'])


def prepare(boxes, tmp_path, **options):
  return datasets.prepare(
    'bop',
    name='mine',
    data_dir=tmp_path / 'data',
    manual_dir=boxes,
    **options,
  )


def move_to_corner(boxes, frames):
  """Puts the objects of frames where the top left corner is."""
  path = boxes / SCENE / 'scene_gt.json'
  truth = json.loads(path.read_text())
  ray = np.linalg.inv(bop_boxes.CAMERA) @ [1, 1, 1]
  for number in frames:
    for each in truth[str(number)]:
      each['cam_t_m2c'] = (ray * each['cam_t_m2c'][2]).tolist()
  bop_boxes.write_json(path, truth)
  remove(boxes, 'mask_visib')
  remove(boxes, 'depth')


def test_crops_outside_of_frames_are_counted(boxes, tmp_path):
  """In a corner a quarter of a crop is of the frame."""
  move_to_corner(boxes, [9])
  text = summary.text(prepare(boxes, tmp_path, min_visibility=0.0))
  assert '  1 of 5 crops lie outside of their frame by more than half' in text


def test_all_crops_outside_of_frames_are_refused(boxes, tmp_path):
  move_to_corner(boxes, bop_boxes.FRAMES)
  options = {'min_visibility': 0.0}
  with pytest.raises(UserError, match='5 of 5 crops .*--allow=crops_outside'):
    prepare(boxes, tmp_path, **options)
  prepare(boxes, tmp_path, allow=['crops_outside'], **options)


def test_frames_of_one_file_are_counted(boxes, tmp_path):
  rgb = boxes / SCENE / 'rgb'
  (rgb / '000009.png').unlink()
  (rgb / '000009.png').symlink_to(rgb / '000004.png')
  text = summary.text(prepare(boxes, tmp_path))
  assert '  2 of 3 images are the file of another one' in text
