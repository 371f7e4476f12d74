"""The README's commands and programs, run as written, small.

They run with what a wheel installs, in a folder with no clone around it.
"""

import gzip
import os
import pathlib
import re
import shlex
import struct
import subprocess

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text()

# Added to every training command: what it does, not what it reaches.
TINY = [
  '--gin_param=source_only/Row.steps = 2',
  '--gin_param=pixelda/Row.steps = 2',
  '--gin_param=residual_generator.filters = 4',
  '--gin_param=residual_generator.blocks = 1',
  '--gin_param=pyramid_discriminator.filters = 4',
  '--gin_param=Experiment.rows = [@source_only/Row(), @pixelda/Row()]',
]

# Shown, but not to be run here: the installation is what runs this test, and
# the servers do not end.
NOT_RUN = ('pip ', 'tensorboard ', 'tensorflow_model_server ')

# These need MNIST's 70,000 digits, LineMod, meshes or minutes: tests/data,
# tests/test_*.py run their builders, commands and configs.
FULL_SIZE = (
  'study search',
  'gin/studies/self_training.gin',
  'prepare_data mnistm',
  'gin/mnist_to_',
  'gin/cy',
  'linemod',
  'render_views',
  'prepare_data bop',
  'prepare_data camvid',
  'prepare_data gta5',
  'prepare_data segmentation',
  'gin/streets',
  'gin/lsd_',
  'gin/i2i_',
  'runs/i2i_',
  'gin/classes/',
)


def blocks(language):
  """Returns the README's fenced blocks of a language."""
  return re.findall(rf'^```{language}\n(.*?)^```', README, re.M | re.S)


def commands():
  """Returns the README's shell commands, one a line."""
  text = '\n'.join(blocks('bash')).replace('\\\n', ' ')
  lines = [part for line in text.splitlines() for part in line.split(' && ')]
  return [re.sub(' +', ' ', line).strip() for line in lines if line.strip()]


def write_idx(path, array):
  header = struct.pack(f'>{1 + array.ndim}I', 2048 + array.ndim, *array.shape)
  path.write_bytes(gzip.compress(header + array.tobytes()))


def write_raw_files(raw):
  """Writes small files of random digits in the published formats."""
  rng = np.random.default_rng(0)
  (raw / 'mnist').mkdir(parents=True)
  (raw / 'usps').mkdir()
  for name, count in (('train', 80), ('t10k', 40)):
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 10
    write_idx(raw / f'mnist/{name}-images-idx3-ubyte.gz', images)
    write_idx(raw / f'mnist/{name}-labels-idx1-ubyte.gz', labels)
  for name in ('train', 'test'):
    lines = [
      f'{label % 10}.0000 ' + ' '.join(['-1.0000', '0.5000'] * 128)
      for label in range(40)
    ]
    data = gzip.compress('\n'.join(lines).encode() + b'\n')
    (raw / f'usps/zip.{name}.gz').write_bytes(data)


def write_own_images(folder):
  rng = np.random.default_rng(1)
  for domain in ('renders', 'photos'):
    for label in ('cup', 'spoon'):
      target = folder / domain / 'train' / label
      held_out = folder / domain / 'test' / label
      for part, count in ((target, 20), (held_out, 3)):
        part.mkdir(parents=True)
        for number in range(count):
          image = rng.integers(0, 256, (16, 16, 3), np.uint8)
          Image.fromarray(image).save(part / f'{number}.png')


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
  """A folder with nothing in it but a reader's own files."""
  folder = tmp_path_factory.mktemp('readme')
  write_raw_files(folder / 'raw')
  write_own_images(folder / 'path/to')
  return folder


@pytest.fixture
def run(workspace, installed_python):
  """Function of a command's words to what it prints."""

  def run(*words):
    words = [installed_python if word == 'python' else word for word in words]
    done = subprocess.run(
      words,
      cwd=workspace,
      env=os.environ | {'PYTHONPATH': ''},
      stdin=subprocess.DEVNULL,
      capture_output=True,
      text=True,
    )
    assert done.returncode == 0, f'{words}\n{done.stdout}\n{done.stderr}'
    return done.stdout

  return run


@pytest.mark.slow
def test_the_package_and_its_configs_are_the_wheels(run, installed_python):
  program = """
import pixelda_tf
from pixelda_tf import config
print(pixelda_tf.__file__, config.find('gin/quickstart.gin'), sep='\\n')
"""
  for path in run('python', '-c', program).splitlines():
    assert pathlib.Path(path).is_relative_to(installed_python.parents[1])


@pytest.mark.slow
def test_every_command_is_there(run):
  """Those that are written beside a text, not to be run as they are, too."""
  names = set(re.findall(r'python -m (pixelda_tf\.\w+)', README))
  assert len(names) >= 11
  for name in names:
    assert f'python -m {name}' in run('python', '-m', name, '--help')


def test_the_first_commands_are_the_quickstart_and_the_tests():
  first, second = blocks('bash')[:2]
  assert first == (
    'pip install -e . && python -m pixelda_tf.train '
    '--gin_file=gin/quickstart.gin\n'
  )
  assert second == 'pip install -e ".[test]" && pytest\n'


@pytest.mark.slow
def test_commands(run, workspace):
  """Every command, in the README's order, in one folder."""
  ran = 0
  for command in commands():
    if command.startswith(NOT_RUN) or command == 'pytest':
      continue
    if any(part in command for part in FULL_SIZE):
      continue
    words = shlex.split(command.replace('$PWD', str(workspace)))
    if 'pixelda_tf.train' in words:
      words += TINY
    run(*words)
    ran += 1
  assert ran == 14
  for made in (
    'runs/quickstart/result.json',
    'runs/quickstart/translated.png',
    'runs/quickstart/analysis/analysis.json',
    'runs/quickstart/analysis/tsne_features.png',
    'runs/mine/export/saved_model.pb',
    'data/mnist',
    'data/usps',
    'data/digits_as_photo',
    'data/digits_as_photo.png',
    'exported/saved_model.pb',
    'models/digits/1/saved_model.pb',
  ):
    assert (workspace / made).exists(), made


@pytest.mark.slow
def test_python_from_arrays(run):
  program = blocks('python')[0].replace('epochs=3', 'epochs=1')
  program = program.replace('steps_per_epoch=100', 'steps_per_epoch=2')
  printed = run('python', '-c', program + '\nprint(probabilities.shape)')
  assert printed.splitlines()[-1] == '(197, 10)'


@pytest.mark.slow
def test_serving_needs_no_pixelda_tf(run):
  program = f"""
import sys
sys.modules['pixelda_tf'] = None  # an import of it would fail
{blocks('python')[1]}
predicted = model.signatures['predict'](images=images)['probabilities']
translated = model.signatures['translate'](images=images)['images']
assert predicted.shape == (5, 10)
assert translated.shape == (5, 16, 16, 3)
"""
  run('python', '-c', program)


def test_client_asks_what_the_signature_takes():
  """The client's request names the signature and the input of the export."""
  client = blocks('python')[2]
  assert "'signature_name': 'predict'" in client
  assert "'inputs': {'images':" in client


@pytest.mark.parametrize('name', ['README.md', 'CONTRIBUTING.md'])
def test_what_is_linked_or_named_is_there(name):
  """Names are those of files and folders of the clone, without a <part>."""
  text = (ROOT / name).read_text()
  text = re.sub('^```.*?^```', '', text, flags=re.M | re.S)
  links = re.findall(r'\]\((?!http)([^)#]+)', text)
  names = re.findall(r'`((?:pixelda_tf|gin|tests)/[\w/.]+)`', text)
  assert len(names) > 5
  paths = {path for path in links + names if not path.endswith('...')}
  assert {path for path in paths if not (ROOT / path).exists()} == set()
