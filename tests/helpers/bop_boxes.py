"""A small BOP set of boxes, seen by hand-written rays."""

import json

import numpy as np
import trimesh
from PIL import Image
from scipy.spatial.transform import Rotation

from pixelda_tf.datasets.pose import bop

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
  write_json(
    root / 'models' / 'models_info.json',
    {
      obj_id: {'diameter': float(np.linalg.norm(sides))}
      for obj_id, (sides, _) in BOXES.items()
    },
  )
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
