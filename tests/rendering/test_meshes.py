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


CORNERS = 'v 0 0 0\nv 9 0 0\nv 0 9 0\nvt 0 0\nvt 1 0\nvt 0 1\n'
PAINTED = f'mtllib paint.mtl\n{CORNERS}usemtl red\nf 1/1 2/2 3/3\n'
TEXTURED = 'newmtl red\nmap_Kd red.png\n'
PLY = """ply
format ascii 1.0
comment TextureFile red.png
element vertex 3
property float x
property float y
property float z
property float texture_u
property float texture_v
element face 1
property list uchar int vertex_indices
end_header
0 0 0 0 0
9 0 0 1 0
0 9 0 0 1
3 0 1 2
"""


def write(folder, texts):
  """Writes texts, or of a size a texture of red; returns the first's path."""
  for name, text in texts.items():
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if isinstance(text, str):
      path.write_text(text)
    else:
      Image.new('RGB', text, (200, 0, 0)).save(path, 'png')
  return folder / next(iter(texts))


WHOLE = {
  'texture of an obj': {
    'thing.obj': PAINTED,
    'paint.mtl': TEXTURED,
    'red.png': (2, 2),
  },
  'texture in a folder, of another name': {
    'thing.obj': PAINTED.replace('paint.mtl', 'materials'),
    'materials': TEXTURED.replace('red.png', 'sub/red picture'),
    'sub/red picture': (2, 2),
  },
  'material without a texture': {
    'thing.obj': PAINTED,
    'paint.mtl': f'newmtl red\nKd {200 / 255} 0 0\n',
  },
  'two materials without a texture': {
    'thing.obj': f'{PAINTED}usemtl blue\nf 1/1 2/2 3/3\n',
    'paint.mtl': f'newmtl blue\nKd {200 / 255} 0 0\n'
    f'newmtl red\nKd {200 / 255} 0 0\n',
  },
  'texture of a ply': {'thing.ply': PLY, 'red.png': (2, 2)},
}


@pytest.mark.parametrize('kind', WHOLE)
def test_materials_and_textures_beside_a_mesh_are_read(kind, tmp_path):
  mesh = meshes.load(write(tmp_path, WHOLE[kind]))
  expected = [[200 / 255, 0, 0]] * len(mesh.vertices)
  np.testing.assert_allclose(mesh.colours, expected, atol=0.01)


def test_a_glb_of_one_material_has_its_colour(tmp_path, box):
  material = trimesh.visual.material.PBRMaterial(
    baseColorFactor=[200, 0, 0, 255]
  )
  box.visual = trimesh.visual.TextureVisuals(material=material)
  box.export(tmp_path / 'box.glb')
  mesh = meshes.load(tmp_path / 'box.glb')
  expected = [[200 / 255, 0, 0]] * len(mesh.vertices)
  np.testing.assert_allclose(mesh.colours, expected, atol=0.01)


PLACES = 'which is not in its folder: put it there'
BROKEN = {
  'no materials': ({'a.obj': PAINTED}, f'names paint.mtl, {PLACES}'),
  'no texture': (
    {'a.obj': PAINTED, 'paint.mtl': TEXTURED},
    f'names red.png, {PLACES}',
  ),
  'no texture of a ply': ({'a.ply': PLY}, f'names red.png, {PLACES}'),
  'texture elsewhere': (
    {
      'in/a.obj': PAINTED,
      'in/paint.mtl': TEXTURED.replace('red.png', '../out/red.png'),
      'out/red.png': (2, 2),
    },
    f'names ../out/red.png, {PLACES}',
  ),
  'damaged texture': (
    {'a.obj': PAINTED, 'paint.mtl': TEXTURED, 'red.png': 'no picture'},
    'names red.png, which is no readable image',
  ),
  'another material': (
    {'a.obj': PAINTED, 'paint.mtl': 'newmtl blue\nKd 0 0 1\n'},
    'uses the materials red, which the first file',
  ),
  'material of no file': (
    {'a.obj': PAINTED.partition('\n')[2]},
    'uses the materials red, which the first file',
  ),
  'material of the second file': (
    {
      'a.obj': f'mtllib none.mtl\n{PAINTED}',
      'none.mtl': 'newmtl x\n',
      'paint.mtl': TEXTURED,
      'red.png': (2, 2),
    },
    'uses the materials red, which the first file',
  ),
}


@pytest.mark.parametrize('kind', BROKEN)
def test_missing_materials_and_textures_are_told(kind, tmp_path, caplog):
  """Where shape alone is wanted, nothing is missing; nothing else is logged."""
  texts, expected = BROKEN[kind]
  path = write(tmp_path, texts)
  with pytest.raises(UserError) as error:
    meshes.load(path)
  assert error.value.message.startswith(f'{path}: ')
  assert expected in error.value.message
  assert len(meshes.load(path, colours=False).faces) == 1
  assert not caplog.records


def test_an_obj_with_colours_at_its_vertices_needs_no_material(tmp_path):
  text = 'v 0 0 0 1 0 0\nv 9 0 0 1 0 0\nv 0 9 0 1 0 0\nusemtl x\nf 1 2 3\n'
  mesh = meshes.load(write(tmp_path, {'a.obj': text}))
  np.testing.assert_allclose(mesh.colours, [[1, 0, 0]] * 3)


def test_an_obj_of_flat_vertices_is_told(tmp_path):
  path = write(tmp_path, {'a.obj': 'v 0 0\nv 9 0\nv 0 9\nf 1 2 3\n'})
  with pytest.raises(UserError, match='vertices of 2 numbers: 3 are needed'):
    meshes.load(path)
