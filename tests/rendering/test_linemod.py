"""Renders of BOP's meshes against cropped LineMod's of the same objects."""

import pathlib

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from pixelda_tf.datasets.pose import linemod_cropped
from pixelda_tf.rendering import meshes, render, views

DATA = pathlib.Path(__file__).parents[3] / 'shared' / 'data'
# BOP's ape is turned by half a turn about z against cropped LineMod's.
AS_IS, TURNED = (1, 0, 0, 0), (0, 0, 0, 1)

pytestmark = pytest.mark.skipif(
  not (DATA / 'linemod_cropped').is_dir(),
  reason='needs ../shared/data/linemod_cropped and linemod_bop',
)


@pytest.mark.parametrize(
  ('name', 'number', 'turn'),
  [('ape', 1, TURNED), ('cat', 6, AS_IS), ('duck', 9, AS_IS)],
)
def test_silhouettes_agree(name, number, turn):
  mesh = meshes.load(DATA / f'linemod_bop/models/obj_{number:06}.ply')
  renderer = render.Renderer(meshes.centred(mesh))
  folder = DATA / 'linemod_cropped/coarse' / name
  overlaps = []
  for path, pose in linemod_cropped.read_object(folder)[::10]:
    picture = np.asarray(Image.open(path).convert('RGB'))
    expected = ndimage.binary_fill_holes(picture.any(axis=-1))
    rotation = views.rotation_matrix(pose) @ views.rotation_matrix(turn)
    mask = renderer.render(views.quaternion(rotation)).mask
    overlaps.append((mask & expected).sum() / (mask | expected).sum())
  assert np.mean(overlaps) > 0.95
