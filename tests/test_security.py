"""What is read from others cannot run code, nor reach out of its folder.

docs/security.md says what is trusted; here is a test for each.
"""

import json
import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf
import trimesh
from absl import flags
from absl.testing import flagsaver
from PIL import EpsImagePlugin, Image

from pixelda_tf import command_line, config, datasets, saved_models
from pixelda_tf.config import parse
from pixelda_tf.datasets import image_files, suffixes, trust
from pixelda_tf.errors import UserError
from pixelda_tf.rendering import chunks, meshes


@pytest.fixture
def evil(tmp_path, monkeypatch):
  """A module `evil` that leaves a file, where Python finds it; the file."""
  trace = tmp_path / 'it-ran'
  folder = tmp_path / 'modules'
  folder.mkdir()
  (folder / 'evil.py').write_text(
    f'import pathlib\npathlib.Path({str(trace)!r}).touch()\n'
    'class Feature: pass\n'
  )
  monkeypatch.syspath_prepend(folder)
  monkeypatch.delitem(sys.modules, 'evil', raising=False)
  yield trace
  sys.modules.pop('evil', None)


@pytest.mark.parametrize(
  'statement',
  [
    'import evil',
    'import evil as harmless',
    'from evil import Feature',
    'from __gin__ import dynamic_registration',
  ],
)
def test_a_config_imports_nothing(tmp_path, evil, statement):
  path = tmp_path / 'a.gin'
  path.write_text(f'# A config.\n{statement}\n')
  with pytest.raises(UserError, match=f'{path}:2: imports .*--modules='):
    parse([str(path)])
  assert not evil.exists()


def test_a_flag_trusts_a_module(tmp_path, evil, in_process, monkeypatch):
  """It runs before a config may name it."""
  monkeypatch.chdir(tmp_path)
  done = in_process('train', '--modules=evil', '--gin_file=none.gin')
  done.assert_mistake("no gin file 'none.gin'")
  assert evil.exists()
  (tmp_path / 'a.gin').write_text('import evil\n')
  parse(['a.gin'])
  assert config.text().startswith('import evil')


@pytest.mark.parametrize('modules', [[], ['evil', 'worse']])
def test_a_command_that_another_starts_trusts_the_same(modules):
  trusted = ['--modules=evil,worse'] if modules else []
  with flagsaver.flagsaver():
    flags.DEFINE_list('modules', [], '')
    flags.FLAGS(['study', *trusted])
    words = command_line.words('train', '--run_dir=x')
  assert words == ['-m', 'pixelda_tf.train', '--run_dir=x', *trusted]


def test_a_module_that_is_not_there_is_told(in_process):
  done = in_process('train', '--modules=no_such_module')
  done.assert_mistake('--modules=no_such_module: cannot import it')


@pytest.mark.parametrize(
  'value', ["__import__('os')", '[].__class__', 'lambda: 1', '@os.getcwd()']
)
def test_values_of_a_config_are_literals(tmp_path, value):
  (tmp_path / 'a.gin').write_text(f'Domain.name = {value}')
  with pytest.raises(UserError, match='a.gin:1: '):
    parse([str(tmp_path / 'a.gin')])


@pytest.fixture
def stored(tmp_path):
  """Folder of a version of a small data set."""
  builder = datasets.prepare('digits', data_dir=tmp_path / 'data')
  return pathlib.Path(builder.data_dir)


@pytest.mark.parametrize(
  'feature',
  [
    {'pythonClassName': 'evil.Feature', 'text': {}},
    {'type': 'evil.Feature', 'content': {}},
  ],
)
def test_a_data_set_names_no_code(stored, evil, feature):
  """TFDS would import the module of a feature."""
  path = stored / trust.FEATURES
  features = json.loads(path.read_text())
  features['featuresDict']['features']['label'] = feature
  path.write_text(json.dumps(features))
  with pytest.raises(
    UserError, match='features.json: has .*class evil.Feature'
  ):
    datasets.find('digits', stored.parents[1])
  assert not evil.exists()


def test_records_are_in_the_folder_of_their_data_set(stored):
  path = stored / 'dataset_info.json'
  info = json.loads(path.read_text())
  for split in info['splits']:
    split['filepathTemplate'] = '../../{SPLIT}-{SHARD_X_OF_Y}'
  path.write_text(json.dumps(info))
  with pytest.raises(UserError, match='dataset_info.json names .* elsewhere'):
    datasets.find('digits', stored.parents[1])


@pytest.mark.parametrize('name', ['../data/digits', '/tmp/digits', 'a/../../b'])
def test_names_of_data_sets_stay_in_their_folder(tmp_path, name):
  with pytest.raises(UserError, match=f'{name}: is no name of a data set'):
    datasets.find(name, tmp_path)


POSTSCRIPT = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\n'


@pytest.fixture
def ghostscript(monkeypatch):
  """List of calls of Ghostscript, which is there."""
  calls = []

  def run(*arguments, **options):
    calls.append(arguments)
    return Image.new('RGB', (4, 4)).im

  monkeypatch.setattr(EpsImagePlugin, 'Ghostscript', run)
  monkeypatch.setattr(EpsImagePlugin, 'gs_binary', 'gs')
  return calls


@pytest.mark.parametrize('name', ['a.png', 'a.eps'])
def test_postscript_is_no_image_whatever_its_name(tmp_path, ghostscript, name):
  path = tmp_path / name
  path.write_bytes(POSTSCRIPT)
  with Image.open(path) as image:
    image.load()
  assert ghostscript.pop()
  with pytest.raises(UserError, match=f'{name}: not a readable image'):
    image_files.read(path, (4, 4), 'RGB')
  assert not ghostscript
  assert suffixes.is_image(path) == (name == 'a.png')


@pytest.fixture
def textured(tmp_path):
  """Function of the name of a texture that writes a mesh which names it."""

  def write(texture):
    box = trimesh.creation.box((30, 20, 10))
    uv = np.full((len(box.vertices), 2), 0.5)
    box.visual = trimesh.visual.TextureVisuals(
      uv=uv, image=Image.new('RGB', (2, 2))
    )
    folder = tmp_path / 'meshes'
    folder.mkdir()
    box.export(folder / 'box.obj')
    (material,) = folder.glob('*.mtl')
    lines = material.read_text().splitlines()
    lines = [line for line in lines if not line.startswith('map_Kd')]
    material.write_text('\n'.join([*lines, f'map_Kd {texture}', '']))
    return folder

  return write


def test_textures_are_in_the_folder_of_their_mesh(tmp_path, textured):
  Image.new('RGB', (2, 2)).save(tmp_path / 'secret.png')
  folder = textured('../secret.png')
  with pytest.raises(UserError, match='secret.png, which is not in its folder'):
    meshes.load(folder / 'box.obj')


def test_links_to_textures_do_not_lead_out(tmp_path, textured):
  Image.new('RGB', (2, 2)).save(tmp_path / 'secret.png')
  folder = textured('inside.png')
  (folder / 'inside.png').symlink_to(tmp_path / 'secret.png')
  with pytest.raises(UserError, match='inside.png, which is not in its folder'):
    meshes.load(folder / 'box.obj')


def test_textures_are_no_postscript(tmp_path, textured, monkeypatch):
  ran = []
  monkeypatch.setattr(EpsImagePlugin, 'gs_binary', 'gs')
  monkeypatch.setattr(
    EpsImagePlugin.subprocess, 'check_call', lambda *a, **k: ran.append(a)
  )
  folder = textured('a.png')
  (folder / 'a.png').write_bytes(POSTSCRIPT)
  with pytest.raises(UserError, match='a.png, which is no readable image'):
    meshes.load(folder / 'box.obj')
  assert not ran
  assert EpsImagePlugin.gs_binary == 'gs'


class Runs:
  """Leaves a file where it is unpickled."""

  def __init__(self, path):
    self.path = path

  def __reduce__(self):
    return pathlib.Path.touch, (self.path,)


def test_unfinished_pictures_are_arrays(tmp_path):
  """A file that a killed run left is read by the next: this one is damaged."""
  trace, folder = tmp_path / 'it-ran', tmp_path / 'chunks'
  folder.mkdir()
  objects = np.array([Runs(trace)], dtype=object)
  np.savez(folder / f'{0:08}.npz', image=objects)
  made = chunks.examples(lambda _: {'image': 7}, 1, folder=folder, workers=1)
  assert list(made) == [{'image': 7}]
  assert not trace.exists()


class Writes(tf.Module):
  """A program that writes a file when it is called."""

  def __init__(self, operation):
    super().__init__()
    self.weight = tf.Variable(1.0)
    self.operation = operation

  @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
  def call(self, path):
    self.operation(path)
    return {'answer': self.weight + 1}


@pytest.mark.parametrize(
  ('operation', 'expected'),
  [
    (lambda path: tf.io.write_file(path, 'x'), 'WriteFile'),
    (tf.io.read_file, 'ReadFile'),
    (lambda path: tf.print(path, output_stream='file:///tmp/x'), 'PrintV2'),
    (lambda path: tf.py_function(print, [path], []), 'EagerPyFunc'),
    (
      lambda path: tf.raw_ops.SaveV2(
        prefix=path, tensor_names=['x'], shape_and_slices=[''], tensors=[1.0]
      ),
      'SaveV2',
    ),
  ],
)
def test_exports_do_nothing_but_compute(tmp_path, operation, expected):
  module = Writes(operation)
  tf.saved_model.save(module, str(tmp_path), signatures=module.call)
  with pytest.raises(UserError, match=f'has the operation {expected}, which'):
    saved_models.check(tmp_path)


def test_exports_that_compute_are_taken(tmp_path):
  module = Writes(tf.strings.length)
  tf.saved_model.save(module, str(tmp_path), signatures=module.call)
  saved_models.check(tmp_path)
  (tmp_path / saved_models.FILE).write_bytes(b'no model')
  with pytest.raises(UserError, match='saved_model.pb: not readable'):
    saved_models.check(tmp_path)
