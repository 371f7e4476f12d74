"""The BOP importer on a small set of boxes, seen by hand-written rays."""

import collections
import json
import shutil

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.spatial.transform import Rotation

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets.pose import (
  bop,
  bop_crops,
  bop_examples,
  bop_options,
  bop_scenes,
)
from pixelda_tf.datasets.pose.bop_faults import Faults
from pixelda_tf.datasets.pose.bop_masks import Silhouettes
from pixelda_tf.errors import UserError

CAMERA = np.array([[400.0, 0, 159.3], [0, 420.0, 121.7], [0, 0, 1]])
HEIGHT, WIDTH = 240, 320
# Sides in millimetres and colours, by object id.
BOXES = {
  1: ((60.0, 80.0, 100.0), (200, 30, 30)),
  3: ((50.0, 50.0, 50.0), (30, 30, 220)),
}
DEPTH_SCALE = 0.1  # millimetres


def hit(obj_id, rotation, position, rays):
  """Returns where rays enter a box, millimetres in depth, inf for nowhere.

  The box is the meeting of three slabs; rays [..., 3] have third coordinate 1.
  """
  half = np.array(BOXES[obj_id][0]) / 2
  origin, directions = -rotation.T @ position, rays @ rotation
  with np.errstate(divide='ignore'):
    sides = np.stack(
      [(-half - origin) / directions, (half - origin) / directions]
    )
  near, far = sides.min(axis=0).max(axis=-1), sides.max(axis=0).min(axis=-1)
  return np.where(near < far, near, np.inf)


def frame_rays():
  v, u = np.mgrid[:HEIGHT, :WIDTH]
  pixels = np.stack([u + 0.5, v + 0.5, np.ones_like(u)], axis=-1)
  return pixels @ np.linalg.inv(CAMERA).T


def write_set(root, frames, scene='test/000002'):
  """Writes meshes and a scene.

  Args:
    root: the set's folder.
    frames: dict of number to list of (obj_id, rotation, position in mm).
    scene: folder of the scene.
  """
  (root / 'models').mkdir(parents=True, exist_ok=True)
  for obj_id, (sides, colour) in BOXES.items():
    box = trimesh.creation.box(sides)
    box.visual.vertex_colors = np.tile([*colour, 255], (8, 1))
    box.export(root / 'models' / f'obj_{obj_id:06d}.ply')
  folder = root / scene
  for name in ('rgb', 'depth', 'mask_visib'):
    (folder / name).mkdir(parents=True)
  truth, cameras, infos = {}, {}, {}
  for number, objects in frames.items():
    depths = np.stack([hit(*each, frame_rays()) for each in objects])
    first, nearest = depths.argmin(axis=0), depths.min(axis=0)
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    truth[number], infos[number] = [], []
    for index, (obj_id, rotation, position) in enumerate(objects):
      visible = (first == index) & np.isfinite(nearest)
      image[visible] = BOXES[obj_id][1]
      mask = Image.fromarray(np.where(visible, 255, 0).astype(np.uint8))
      mask.save(folder / 'mask_visib' / f'{number:06d}_{index:06d}.png')
      share = visible.sum() / max(1, np.isfinite(depths[index]).sum())
      infos[number].append({'visib_fract': float(share)})
      truth[number].append(
        {
          'cam_R_m2c': rotation.ravel().tolist(),
          'cam_t_m2c': list(position),
          'obj_id': obj_id,
        }
      )
    Image.fromarray(image).save(folder / 'rgb' / f'{number:06d}.png')
    units = np.where(np.isfinite(nearest), nearest / DEPTH_SCALE, 0)
    units = Image.fromarray(np.rint(units).astype(np.uint16))
    units.save(folder / 'depth' / f'{number:06d}.png')
    cameras[number] = {
      'cam_K': CAMERA.ravel().tolist(),
      'depth_scale': DEPTH_SCALE,
    }
  write_json(folder / 'scene_gt.json', truth)
  write_json(folder / 'scene_camera.json', cameras)
  write_json(folder / 'scene_gt_info.json', infos)


def write_json(path, values):
  path.write_text(json.dumps(values))


def turned(seed):
  return Rotation.random(random_state=seed).as_matrix()


# In frame 4 the cube hides less than half of the box, in frame 5 more.
FRAMES = {
  4: [
    (1, turned(0), [0.0, 0.0, 500.0]),
    (3, turned(1), [30.0, 10.0, 400.0]),
  ],
  5: [
    (1, turned(2), [-30.0, 20.0, 600.0]),
    (3, turned(3), [-16.0, 10.0, 330.0]),
  ],
  9: [(3, turned(4), [60.0, -40.0, 450.0])],
}


@pytest.fixture(scope='module')
def written_boxes(tmp_path_factory):
  folder = tmp_path_factory.mktemp('boxes')
  write_set(folder, FRAMES)
  return folder


@pytest.fixture
def boxes(tmp_path, written_boxes):
  """Folder of the set of boxes: five objects, of which one is hidden."""
  return shutil.copytree(written_boxes, tmp_path / 'boxes')


def make(folder, tmp_path, **options):
  """Returns the builder; nothing is written."""
  return bop.Bop(
    data_dir=tmp_path / 'made', name='mine', manual_dir=folder, **options
  )


def examples(builder, split='test'):
  """Returns a split's examples by frame and object."""
  return {
    tuple(int(word) for word in key.split('/')[2:]): example
    for key, example in builder._examples_of(split)
  }


def test_prepares_crops_with_class_depth_mask_and_pose(boxes, tmp_path):
  builder = datasets.prepare(
    'bop', name='mine', data_dir=tmp_path / 'data', manual_dir=boxes
  )
  assert builder.info.features['label'].names == ['obj_000001', 'obj_000003']
  assert builder.info.splits['test'].num_examples == 4
  assert 'Left out: 1 objects below visibility 0.5.' in builder.info.description
  (*_, example) = builder.as_dataset(split='test').as_numpy_iterator()
  assert example['image'].shape == (64, 64, 4)
  assert example['mask'].shape == (64, 64, 1)
  assert example['pose'].shape == (4,)
  domain = domains.Domain(name='mine').open(tmp_path / 'data')
  assert {'mask', 'pose'} < set(domain.fields)
  again = datasets.prepare(
    'bop', name='mine', data_dir=tmp_path / 'data', manual_dir=boxes
  )
  assert again.info.description == builder.info.description
  with pytest.raises(UserError, match='holds mine made otherwise'):
    datasets.prepare(
      'bop',
      name='mine',
      data_dir=tmp_path / 'data',
      manual_dir=boxes,
      crop_metres=0.3,
    )


@pytest.mark.parametrize('visibility', [0.0, 0.5])
def test_pose_is_the_published_one(boxes, tmp_path, visibility):
  found = examples(make(boxes, tmp_path, min_visibility=visibility))
  assert len(found) == (4 if visibility else 5)
  for (frame, index), example in found.items():
    x, y, z, w = Rotation.from_matrix(FRAMES[frame][index][1]).as_quat()
    expected = np.array([w, x, y, z]) * (-1 if w < 0 else 1)
    np.testing.assert_allclose(example['pose'], expected, atol=1e-6)
    assert example['label'] == f'obj_{FRAMES[frame][index][0]:06d}'


def test_allocentric_pose_is_relative_to_the_ray(boxes, tmp_path):
  """A ray 45 degrees to the right is the optical axis turned about y."""
  expected = Rotation.from_euler('y', 45, degrees=True).as_matrix()
  np.testing.assert_allclose(
    bop_examples.along_ray(np.array([2.0, 0, 2.0])), expected, atol=1e-12
  )
  found = examples(make(boxes, tmp_path, allocentric=True))
  published = examples(make(boxes, tmp_path))
  for (frame, index), example in found.items():
    x, y, z = FRAMES[frame][index][2]
    angle = np.arctan2(np.hypot(x, y), z)
    cosine = abs(example['pose'] @ published[frame, index]['pose'])
    np.testing.assert_allclose(cosine, np.cos(angle / 2), atol=1e-5)


def test_depth_is_relative_to_the_origin(boxes, tmp_path):
  """(depth - z + 0.2) / 0.4 of 254, by rays through the crop's pixels.

  Depth is that of the nearest pixel of the frame; off the edges it differs
  little within a pixel.
  """
  found = examples(make(boxes, tmp_path, crop_metres=0.2))
  obj_id, rotation, position = FRAMES[9][0]
  offsets = (np.arange(64) - 31.5) / 64 * 200  # 0.2 m around the origin
  x, y = np.meshgrid(position[0] + offsets, position[1] + offsets)
  rays = np.stack([x, y, np.full_like(x, position[2])], axis=-1)
  depth = hit(obj_id, rotation, np.array(position), rays / position[2])
  is_hit = np.isfinite(depth)
  channel = found[9, 0]['image'][..., 3]
  mask = found[9, 0]['mask'][..., 0]
  assert ((mask == 255) == (channel < 255)).all()
  both = is_hit & (mask == 255)
  assert both.sum() > 0.97 * (is_hit | (mask == 255)).sum()
  expected = 254 * ((depth[both] - position[2]) / 1000 + 0.2) / 0.4
  assert np.median(np.abs(channel[both] - expected)) < 1
  assert np.abs(channel[both] - expected).max() < 6


def test_rendered_masks_equal_those_of_files(boxes, tmp_path):
  from_files = examples(make(boxes, tmp_path))
  shutil.rmtree(boxes / 'test' / '000002' / 'mask_visib')
  rendered = examples(make(boxes, tmp_path))
  assert rendered.keys() == from_files.keys() and len(rendered) == 4
  for key, example in rendered.items():
    assert set(np.unique(example['mask'])) == {0, 255}
    there, here = from_files[key]['mask'] > 0, example['mask'] > 0
    assert (there & here).sum() > 0.96 * (there | here).sum(), key


def test_visibility_is_rendered_where_no_file_tells(boxes, tmp_path):
  told = make(boxes, tmp_path)
  (boxes / 'test' / '000002' / 'scene_gt_info.json').unlink()
  rendered = make(boxes, tmp_path)
  assert rendered.info.description == told.info.description
  assert (5, 0) not in examples(rendered)
  assert len(examples(make(boxes, tmp_path, min_visibility=0.0))) == 5
  for crowded in (0.95, 1.0):
    found = examples(make(boxes, tmp_path, min_visibility=crowded))
    assert set(found) == {(4, 1), (5, 1), (9, 0)}


def test_options_leave_masks_and_depth_out(boxes, tmp_path):
  builder = make(boxes, tmp_path, masks=False, depth=False)
  assert set(builder.info.features) == {'image', 'label', 'pose'}
  assert examples(builder)[9, 0]['image'].shape == (64, 64, 3)


def test_grey_frames_without_depth_become_rgb(boxes, tmp_path):
  scene = boxes / 'test' / '000002'
  shutil.rmtree(scene / 'depth')
  for path in (scene / 'rgb').iterdir():
    Image.open(path).convert('L').save(path)
  (scene / 'rgb').rename(scene / 'gray')
  assert examples(make(boxes, tmp_path))[9, 0]['image'].shape == (64, 64, 3)


def test_names_of_classes(boxes, tmp_path):
  builder = make(boxes, tmp_path, names=['3:cube', '1:box'])
  assert builder.info.features['label'].names == ['box', 'cube']
  assert examples(builder)[9, 0]['label'] == 'cube'
  builder = make(boxes, tmp_path, names=['linemod'])
  assert builder.info.features['label'].names == ['ape', 'bowl']


def test_object_without_a_name_still_hides_others(boxes, tmp_path):
  shutil.rmtree(boxes / 'test' / '000002' / 'mask_visib')
  (boxes / 'test' / '000002' / 'scene_gt_info.json').unlink()
  builder = make(boxes, tmp_path, names=['1:box'], skip_bad=True)
  assert set(examples(builder)) == {(4, 0)}
  assert '3 objects without name' in builder.info.description


def test_splits_are_folders_of_the_set(boxes, tmp_path):
  write_set(boxes, {1: FRAMES[4], 2: FRAMES[9]}, scene='train_pbr/000000')
  shutil.copytree(boxes / 'test', boxes / 'val')
  builder = make(boxes, tmp_path)
  assert len(examples(builder, 'train')) == 3
  assert len(examples(builder, 'test')) == 4
  builder = make(boxes, tmp_path, bop_splits=['train:val', 'train:train_pbr'])
  assert len(examples(builder, 'train')) == 7
  with pytest.raises(UserError, match='--test_fraction: takes from a training'):
    make(boxes, tmp_path, test_fraction=0.5)


def test_held_out_frames_keep_their_objects_together(tmp_path):
  frames = {number: FRAMES[4] for number in range(10)}
  write_set(tmp_path / 'boxes', frames)
  builder = make(tmp_path / 'boxes', tmp_path, test_fraction=0.3)
  train, test = (examples(builder, split) for split in ('train', 'test'))
  assert (len(train), len(test)) == (14, 6)
  assert {frame for frame, _ in train}.isdisjoint(frame for frame, _ in test)
  again = make(tmp_path / 'boxes', tmp_path, test_fraction=0.3)
  assert set(examples(again, 'test')) == set(test)


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
    'scene_gt.json, frame 9, object 0, cam_t_m2c: .*in front of the camera',
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


def test_linemod_occlusion(real_data, tmp_path):
  """Counts by object, and the masks' areas against the published ones.

  A pixel of the crop is `steps` pixels of the frame wide and high; 0.4 m hold
  every object. Areas are compared where things that are not annotated hide
  nothing, nearly.
  """
  folder = real_data / 'linemod_bop'
  builder = make(folder, tmp_path, names=['linemod'], crop_metres=0.4)
  found = examples(builder)
  counts = collections.Counter(example['label'] for example in found.values())
  assert counts == {
    'ape': 22,
    'can': 23,
    'cat': 17,
    'driller': 24,
    'duck': 23,
    'eggbox': 18,
    'glue': 15,
    'holepuncher': 25,
  }
  assert '28 objects below visibility 0.5' in builder.info.description
  scene = folder / 'test' / '000002'
  infos = json.loads((scene / 'scene_gt_info.json').read_text())
  ratios = []
  for frame in bop_scenes.read_scene(scene, range(16), Faults(skip=False)):
    for annotation in frame.annotations:
      if annotation.visibility >= 0.98:
        key = frame.number, annotation.number
        crop = bop_crops.Crop(frame.camera, annotation.position, 0.4)
        area = (found[key]['mask'] > 0).sum() * crop.steps.prod()
        published = infos[str(frame.number)][annotation.number]
        ratios.append(area / published['px_count_visib'])
  assert len(ratios) > 40
  np.testing.assert_allclose(ratios, 1, atol=0.05)
  assert abs(np.median(ratios) - 1) < 0.01


def test_linemod_silhouettes_are_at_the_published_places(real_data):
  """Boxes, the widths of which BOP gives as last pixel less first."""
  folder = real_data / 'linemod_bop'
  scene = folder / 'test' / '000002'
  silhouettes = Silhouettes(bop_options.find_models(folder))
  infos = json.loads((scene / 'scene_gt_info.json').read_text())
  frames = bop_scenes.read_scene(scene, range(16), Faults(skip=False))
  differences = []
  for frame in frames[:5]:
    for annotation in frame.annotations:
      box = infos[str(frame.number)][annotation.number]['bbox_obj']
      left, top, width, height = box
      if not (0 < left < 639 - width and 0 < top < 479 - height):
        continue
      u, v = np.meshgrid(
        np.arange(left - 4, left + width + 5),
        np.arange(top - 4, top + height + 5),
      )
      pixels = np.stack([u + 0.5, v + 0.5, np.ones_like(u)], axis=-1)
      rays = pixels.reshape(-1, 3) @ np.linalg.inv(frame.camera).T
      alone, _ = silhouettes.see(annotation, [], rays)
      u, v = u.ravel()[alone], v.ravel()[alone]
      found = u.min(), v.min(), np.ptp(u), np.ptp(v)
      differences.append(np.subtract(found, box))
  assert len(differences) > 30
  assert (np.abs(differences) <= 1).mean() > 0.97
  np.testing.assert_array_less(np.abs(np.mean(differences, axis=0)), 0.15)
