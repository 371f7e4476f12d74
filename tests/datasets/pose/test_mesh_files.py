import json

import numpy as np
import pytest
import trimesh

from pixelda_tf.datasets.pose import mesh_files
from pixelda_tf.errors import UserError


@pytest.fixture
def folder(tmp_path):
  """Three boxes as a BOP folder has them, and a file that is no mesh."""
  for number in (1, 6, 12):
    box = trimesh.creation.box((10 * number, 20, 30))
    box.apply_translation((100, 0, 0))
    box.export(tmp_path / f'obj_{number:06}.ply')
  (tmp_path / 'models_info.json').write_text('{}')
  return tmp_path


def test_all_meshes_named_by_file(folder):
  loaded = mesh_files.load_folder(folder)
  assert list(loaded) == ['obj_000001', 'obj_000006', 'obj_000012']
  for number, mesh in zip((1, 6, 12), loaded.values(), strict=True):
    extents = np.ptp(mesh.vertices, axis=0)
    np.testing.assert_allclose(extents, [0.01 * number, 0.02, 0.03], rtol=1e-5)
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), 0, atol=1e-6)


def test_files_that_are_no_meshes_are_counted(folder, caplog):
  """But for materials and textures, which belong to meshes."""
  for name in ('a.fbx', 'b.dae', 'c.mtl', 'd.png', '.hidden'):
    (folder / name).touch()
  mesh_files.load_folder(folder)
  (told,) = [line for line in caplog.messages if 'left out' in line]
  assert '2 files are left out' in told and told.endswith('as a.fbx')


def test_numbers_are_in_their_order_and_names_in_one_form(tmp_path):
  for stem in ('10', '9.5', 'cafe\u0301'):
    trimesh.creation.box((30, 20, 10)).export(tmp_path / f'{stem}.stl')
  loaded = mesh_files.load_folder(tmp_path)
  assert list(loaded) == ['10', '9.5', 'caf\u00e9']
  names = mesh_files.parse_names('cafe\u0301:cafe\u0301')
  assert list(mesh_files.load_folder(tmp_path, names)) == ['caf\u00e9']
  (tmp_path / 'cafe\u0301.stl').unlink()
  assert list(mesh_files.load_folder(tmp_path)) == ['9.5', '10']


def test_names_choose_meshes_by_number_or_stem(folder):
  names = mesh_files.parse_names('6:cat, obj_000001:ape')
  assert names == {'6': 'cat', 'obj_000001': 'ape'}
  assert list(mesh_files.load_folder(folder, names)) == ['ape', 'cat']


def test_names_of_a_json_file(tmp_path):
  path = tmp_path / 'names.json'
  path.write_text(json.dumps({'1': 'ape'}))
  assert mesh_files.parse_names(str(path)) == {'1': 'ape'}


@pytest.mark.parametrize(
  ('names', 'scale', 'expected'),
  [
    ({'7': 'can'}, 0.001, "has no mesh '7'"),
    ({'1': 'ape', '6': 'ape'}, 0.001, "both named 'ape'"),
    (None, 1.0, 'is 30 m long'),
    (None, 1e-6, '--scale gives the metres'),
  ],
)
def test_mistake_with_meshes_is_told(folder, names, scale, expected):
  with pytest.raises(UserError, match=expected):
    mesh_files.load_folder(folder, names, scale)


def test_folder_without_meshes_is_told(tmp_path):
  (tmp_path / 'note.txt').write_text('no mesh')
  with pytest.raises(UserError, match=r'no \.ply, \.obj'):
    mesh_files.load_folder(tmp_path)
  with pytest.raises(UserError, match='no such directory'):
    mesh_files.load_folder(tmp_path / 'nowhere')


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    ('ape', 'give KEY:NAME'),
    ('1:', 'give KEY:NAME'),
    ('1:ape,1:cat', 'names a file twice'),
    ('nowhere.json', 'cannot be read'),
  ],
)
def test_mistake_with_names_is_told(text, expected):
  with pytest.raises(UserError, match=expected):
    mesh_files.parse_names(text)


@pytest.mark.parametrize('content', ['[1]', '{"1": 2}', '{}', '{'])
def test_mistake_in_a_json_file_is_told(tmp_path, content):
  path = tmp_path / 'names.json'
  path.write_text(content)
  with pytest.raises(UserError, match='names.json'):
    mesh_files.parse_names(str(path))


@pytest.mark.parametrize('text', ['1:nan', '1:', '1:NaN,2:cat'])
def test_a_name_that_stands_for_nothing_is_told(text):
  with pytest.raises(UserError, match='--names=.*give KEY:NAME'):
    mesh_files.parse_names(text)
