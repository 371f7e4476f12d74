import numpy as np
import pytest
import trimesh
from PIL import Image

from pixelda_tf.errors import UserError
from pixelda_tf.rendering import meshes


@pytest.fixture
def box():
  return trimesh.creation.box((30.0, 20.0, 10.0))


@pytest.mark.parametrize('suffix', ['ply', 'obj', 'glb'])
def test_colours_and_unit(tmp_path, box, suffix):
  box.visual.vertex_colors = np.uint8([[250, 100, 50, 255]] * len(box.vertices))
  box.export(tmp_path / f'box.{suffix}')
  mesh = meshes.load(tmp_path / f'box.{suffix}', scale=0.001)
  np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [0.03, 0.02, 0.01])
  assert [array.dtype for array in mesh] == [np.float32, np.int32, np.float32]
  np.testing.assert_allclose(
    mesh.colours, [[250 / 255, 100 / 255, 50 / 255]] * len(mesh.vertices)
  )


@pytest.mark.parametrize('suffix', ['ply', 'stl'])
def test_without_colours_it_is_grey(tmp_path, box, suffix):
  box.export(tmp_path / f'box.{suffix}')
  mesh = meshes.load(tmp_path / f'box.{suffix}')
  np.testing.assert_allclose(mesh.colours, meshes.GREY)
  assert len(mesh.faces) == 12


def test_texture_becomes_colours(tmp_path, box):
  """Every vertex is at the blue end of a texture, red to blue."""
  texture = Image.new('RGB', (2, 1), (0, 0, 200))
  box.visual = trimesh.visual.TextureVisuals(
    uv=np.full((len(box.vertices), 2), 0.9), image=texture
  )
  box.export(tmp_path / 'box.glb')
  mesh = meshes.load(tmp_path / 'box.glb')
  np.testing.assert_allclose(
    mesh.colours, [[0, 0, 200 / 255]] * len(mesh.vertices), atol=0.01
  )


def test_centred_is_about_the_mean_of_the_vertices(box):
  mesh = meshes.from_trimesh(box)
  moved = mesh._replace(vertices=mesh.vertices + np.float32([1, 2, 3]))
  np.testing.assert_allclose(
    meshes.centred(moved).vertices, mesh.vertices, atol=1e-5
  )


HEADER = """ply
format ascii 1.0
element vertex 3
property float x
property float y
property float z
element face {}
property list uchar int vertex_indices
end_header
"""


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    (None, 'no such file'),
    ('', 'not a readable mesh'),
    ('nonsense', 'not a readable mesh'),
    (HEADER.format(0) + '0 0 0\n1 0 0\n0 1 0\n', 'without faces'),
    (HEADER.format(1) + '0 0 nan\n1 0 0\n0 1 0\n3 0 1 2\n', 'not finite'),
    (HEADER.format(1) + '0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n', 'not there'),
  ],
  ids=['missing', 'empty', 'nonsense', 'no faces', 'nan', 'index'],
)
def test_mistake_is_told_with_the_file(tmp_path, text, expected):
  path = tmp_path / 'thing.ply'
  if text is not None:
    path.write_text(text)
  with pytest.raises(UserError) as error:
    meshes.load(path)
  assert error.value.message.startswith(f'{path}: ')
  assert expected in error.value.message
