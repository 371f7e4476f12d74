"""What is wrong in a BOP set, or with its options, is told or counted."""

import json
import shutil

import pytest
from bop_boxes import (
  examples,
  make,
  write_json,
)
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.errors import UserError


def edit(name, change):
  """Returns a function that changes a JSON file's values."""

  def damage(scene):
    values = json.loads((scene / name).read_text())
    change(values)
    write_json(scene / name, values)

  return damage


def edit_object(**changes):
  return edit('scene_gt.json', lambda truth: truth['9'][0].update(changes))


def write(name, data):
  return lambda scene: (scene / name).write_bytes(data)


def shrink(name):
  return lambda scene: (
    Image.open(scene / name).resize((20, 10)).save(scene / name)
  )


def remove(name):
  return lambda scene: (scene / name).unlink()


SHEAR = [1, 0.5, 0, 0, 1, 0, 0, 0, 1]
MIRROR = [1, 0, 0, 0, 1, 0, 0, 0, -1]
NOT_A_NUMBER = [float('nan')] * 9
# What is done to the scene, what is told, what is counted, and how many of the
# four objects are left.
FAULTS = {
  'shear': (
    edit_object(cam_R_m2c=SHEAR),
    'scene_gt.json, frame 9, object 0, cam_R_m2c: .*expected 9 numbers',
    '1 bad rotations',
    3,
  ),
  'mirror': (
    edit_object(cam_R_m2c=MIRROR),
    'scene_gt.json, frame 9, object 0, cam_R_m2c: ',
    '1 bad rotations',
    3,
  ),
  'nan': (
    edit_object(cam_R_m2c=NOT_A_NUMBER),
    'scene_gt.json, frame 9, object 0, cam_R_m2c: .*nan',
    '1 bad rotations',
    3,
  ),
  'no position': (
    edit('scene_gt.json', lambda truth: truth['9'][0].pop('cam_t_m2c')),
    'scene_gt.json, frame 9, object 0, cam_t_m2c: nothing; expected 3 numbers',
    '1 bad positions',
    3,
  ),
  'behind': (
    edit_object(cam_t_m2c=[0, 0, -500]),
    'scene_gt.json, frame 9, object 0, cam_t_m2c: .*millimetres in front of',
    '1 objects behind the camera',
    3,
  ),
  'outside': (
    edit_object(cam_t_m2c=[500, 0, 500]),
    'scene_gt.json, frame 9, object 0, cam_t_m2c: column 559.3, row 121.7; '
    'expected inside of 320 x 240 pixels',
    '1 objects with their centre outside of the frame',
    3,
  ),
  'no model': (
    edit_object(obj_id=2),
    'scene_gt.json, frame 9, object 0, obj_id: 2; expected one that models/',
    '1 objects without model',
    3,
  ),
  'no image': (
    remove('rgb/000009.png'),
    'scene_gt.json, frame 9: no image; expected .*rgb/000009.png',
    '1 frames without image',
    3,
  ),
  'no annotation': (
    edit('scene_gt.json', lambda truth: truth.pop('9')),
    'scene_gt.json, frame 9: not there, but .*rgb/000009.png is',
    '1 images without annotation',
    3,
  ),
  'no list': (
    edit('scene_gt.json', lambda truth: truth.update({'9': 1})),
    'scene_gt.json, frame 9: expected a list of objects',
    '1 unreadable frames',
    3,
  ),
  'no camera': (
    edit('scene_camera.json', lambda cameras: cameras.pop('9')),
    'scene_camera.json, frame 9: no camera; expected cam_K',
    '1 frames without camera',
    3,
  ),
  'bad camera': (
    edit('scene_camera.json', lambda c: c['9'].update(cam_K=[0] * 9)),
    r'scene_camera.json, frame 9, cam_K: \[0, .*expected \[fx, 0, cx',
    '1 bad cameras',
    3,
  ),
  'no depth scale': (
    edit('scene_camera.json', lambda cameras: cameras['9'].pop('depth_scale')),
    'scene_camera.json, frame 9, depth_scale: nothing; expected a positive',
    '1 bad cameras',
    3,
  ),
  'no visibility': (
    edit('scene_gt_info.json', lambda infos: infos.pop('9')),
    'scene_gt_info.json, frame 9, object 0, visib_fract: nothing; expected a',
    '1 objects without visibility',
    3,
  ),
  'no depth': (
    remove('depth/000009.png'),
    'depth/000009.png: no such file; .*scene_gt.json, frame 9 is',
    '1 frames without depth',
    3,
  ),
  'broken image': (
    write('rgb/000009.png', b'no PNG'),
    'frame 9: .*rgb/000009.png: not a readable image',
    '1 unreadable images',
    3,
  ),
  'broken depth': (
    write('depth/000009.png', b'no PNG'),
    'depth/000009.png, frame 9: not a readable image',
    '1 unreadable depth',
    3,
  ),
  'small depth': (
    shrink('depth/000009.png'),
    r'depth/000009.png, frame 9: .*\(10, 20\); expected integers \(240, 320\)',
    '1 unreadable depth',
    3,
  ),
  'broken mask': (
    write('mask_visib/000009_000000.png', b'no PNG'),
    'frame 9: .*mask_visib/000009_000000.png: not a readable image',
    '1 unreadable masks',
    3,
  ),
  'small mask': (
    shrink('mask_visib/000009_000000.png'),
    'frame 9: .*000009_000000.png: the mask is 10x20 .* its image',
    '1 unreadable masks',
    3,
  ),
  'broken JSON': (
    write('scene_gt.json', b'{"9": ['),
    'scene_gt.json: not readable',
    '1 unreadable JSON',
    4,
  ),
  'no images at all': (
    lambda scene: shutil.rmtree(scene / 'rgb'),
    'test/000002: no folder rgb or gray',
    '1 scenes without images',
    4,
  ),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_fault_stops_or_is_counted(boxes, written_boxes, tmp_path, fault):
  """Scenes as a whole are lost to a second one without the fault."""
  damage, message, count, left = FAULTS[fault]
  damage(boxes / 'test' / '000002')
  with pytest.raises(UserError, match=f'{message}.*--skip_bad') as raised:
    make(boxes, tmp_path)
  assert str(boxes / 'test' / '000002') in raised.value.message
  if left == 4:
    shutil.copytree(
      written_boxes / 'test' / '000002', boxes / 'test' / '000003'
    )
  builder = make(boxes, tmp_path, skip_bad=True)
  assert len(examples(builder)) == left
  assert count in builder.info.description
  assert '1 objects below visibility 0.5' in builder.info.description


OPTIONS = {
  'splits': ({'bop_splits': ['tset:test']}, '--bop_splits: .*SPLIT:FOLDER'),
  'folder': ({'bop_splits': ['test:nope']}, '--bop_splits: .*nope: no such'),
  'twice': ({'bop_splits': ['test:test', 'train:test']}, 'named twice'),
  'no scene': ({'bop_splits': ['test:models']}, 'models: no scene folder'),
  'name': ({'names': ['box']}, "--names: 'box'; give ID:NAME"),
  'nothing': ({'names': ['1:nan']}, "--names: '1:nan'; give ID:NAME"),
  'id': ({'names': ['2:box']}, "--names: '2:box', but the models are 1, 3"),
  'same': ({'names': ['1:box', '3:box']}, "'3:box' names an object or a class"),
  'crop': ({'crop_metres': 0.0}, '--crop_metres=0.0: must be in'),
  'visible': ({'min_visibility': 1.5}, '--min_visibility=1.5: must be in'),
  'share': ({'test_fraction': 1.0}, '--test_fraction=1.0: must be in'),
  'few': ({'test_fraction': 0.1}, '--test_fraction=0.1: leaves a split of 3'),
  'none left': (
    {'names': ['1:box'], 'min_visibility': 1.0, 'skip_bad': True},
    'no object is left in the split test; left out: .*3 objects without name',
  ),
}


@pytest.mark.parametrize('case', OPTIONS)
def test_wrong_option_is_told(boxes, tmp_path, case):
  options, message = OPTIONS[case]
  with pytest.raises(UserError, match=message):
    make(boxes, tmp_path, **options)


def test_folder_that_is_no_bop_set_is_told(tmp_path):
  (tmp_path / 'empty' / 'test').mkdir(parents=True)
  with pytest.raises(UserError, match='obj_000001.ply or the like'):
    make(tmp_path / 'empty', tmp_path)
  with pytest.raises(UserError, match='which BOP set'):
    make(None, tmp_path)
  with pytest.raises(UserError, match='--name=: give your images a name'):
    datasets.prepare('bop', data_dir=tmp_path, manual_dir=tmp_path / 'empty')


def test_broken_mesh_is_told(boxes, tmp_path):
  (boxes / 'models' / 'obj_000003.ply').write_bytes(b'no mesh')
  make(boxes, tmp_path)
  shutil.rmtree(boxes / 'test' / '000002' / 'mask_visib')
  with pytest.raises(UserError, match='obj_000003.ply: not a readable mesh'):
    make(boxes, tmp_path)
