"""The BOP importer on a small set of boxes, seen by hand-written rays."""

import collections
import hashlib
import json
import pathlib
import shutil

import numpy as np
import pytest
from bop_boxes import (
  FRAMES,
  examples,
  hit,
  make,
  write_set,
)
from PIL import Image
from scipy.spatial.transform import Rotation

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets.pose import (
  bop_annotations,
  bop_crops,
  bop_examples,
  bop_options,
  bop_scenes,
)
from pixelda_tf.datasets.pose.bop_faults import Faults
from pixelda_tf.datasets.pose.bop_masks import Silhouettes
from pixelda_tf.errors import UserError


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


def test_the_last_frame_of_an_object_is_not_held_out():
  """Of five frames the first in their hashed order has the only cup."""

  def frame(number, *ids):
    objects = tuple(
      bop_annotations.Annotation(place, obj_id, None, None, None)
      for place, obj_id in enumerate(ids)
    )
    scene = pathlib.Path('train/000000')
    return bop_scenes.Frame(scene, number, None, None, None, 1.0, objects)

  frames = [frame(number, 1) for number in range(5)]
  frames.sort(key=lambda one: hashlib.sha256(one.key.encode()).digest())
  first = frames[0].number
  frames[0] = frame(first, 1, 2)
  for count in (1, 4):
    held = bop_options.hold_out({'train': frames}, count / 5)
    test = [one.number for one in held['test']]
    assert test == [one.number for one in frames[1 : count + 1]]
    assert [one.number for one in held['train']][0] == first
  with pytest.raises(UserError, match='each of 2 frames has the last view'):
    bop_options.hold_out({'train': [frame(0, 1), frame(1, 2)]}, 0.5)


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
