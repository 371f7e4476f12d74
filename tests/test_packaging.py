import pathlib
import re
import zipfile
from email import parser

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pixelda_tf import __version__

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope='module')
def wheel(wheel_path):
  with zipfile.ZipFile(wheel_path) as file:
    yield file


@pytest.fixture
def metadata(wheel):
  (name,) = (n for n in wheel.namelist() if n.endswith('.dist-info/METADATA'))
  return parser.Parser().parsestr(wheel.read(name).decode())


def files(folder, suffix):
  return {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / folder).rglob(f'*{suffix}')
  }


def test_the_wheel_holds_the_package_and_the_gin_files_only(wheel):
  names = {n for n in wheel.namelist() if '.dist-info/' not in n}
  configs = {f'pixelda_tf/{name}' for name in files('gin', '.gin')}
  assert names == files('pixelda_tf', '.py') | configs


def test_the_wheel_does_not_shadow_gin_config(wheel):
  (name,) = (n for n in wheel.namelist() if n.endswith('/top_level.txt'))
  assert wheel.read(name).decode().split() == ['pixelda_tf']
  assert not (ROOT / 'gin/__init__.py').exists()


PYTHONS = ('3.10', '3.11', '3.12', '3.13')


def requirements(metadata, python):
  """Returns what is required on a Python, all extras included."""
  found = []
  for line in metadata.get_all('Requires-Dist'):
    requirement = Requirement(line)
    extra = re.search('extra == ["\'](.*?)["\']', line)
    environment = {'python_version': python, 'extra': extra[1] if extra else ''}
    if requirement.marker.evaluate(environment):
      found.append(requirement)
  return found


def test_the_python_range_is_said(metadata):
  allowed = SpecifierSet(metadata['Requires-Python'])
  versions = ['3.9.18', *(f'{python}.1' for python in PYTHONS), '3.14.0']
  assert [v for v in versions if v in allowed] == versions[1:-1]


@pytest.mark.parametrize('python', ['3.9', '3.14'])
def test_another_python_gets_no_dependencies_to_puzzle_over(python, metadata):
  """Then the range is all that pip can complain of."""
  assert requirements(metadata, python) == []


@pytest.mark.parametrize(
  ('python', 'allowed', 'refused'),
  [
    ('3.10', ['2.15.1'], ['2.15.0', '2.16.0']),
    ('3.11', ['2.15.1'], ['2.15.0', '2.16.0']),
    ('3.12', ['2.20.0', '2.21.0'], ['2.19.1', '2.22.0']),
    ('3.13', ['2.20.0', '2.21.0'], ['2.19.1', '2.22.0']),
  ],
)
def test_each_python_has_one_tensorflow_and_one_keras_2(
  python, allowed, refused, metadata
):
  """Beside TensorFlow, Keras 2 is tf-keras or what tensorflow-addons needs."""
  found = requirements(metadata, python)
  names = [requirement.name for requirement in found]
  (tensorflow,) = (r for r in found if r.name == 'tensorflow')
  for version in allowed:
    assert version in tensorflow.specifier
  for version in refused:
    assert version not in tensorflow.specifier
  current = python in PYTHONS[2:]
  assert ('tensorflow-addons' in names) != current
  assert ('tf-keras' in names) == ('tensorboard' in names) == current
  assert 'keras-cv' in names


def test_all_files_have_the_same_version(metadata):
  """The changelog's newest released one, with its date."""
  citation = (ROOT / 'CITATION.cff').read_text()
  changelog = (ROOT / 'CHANGELOG.md').read_text()
  assert metadata['Version'] == __version__
  released = re.search(r'^## ([\d.]+) - ([\d-]+)$', changelog, re.MULTILINE)
  assert released[1] == __version__
  assert f'\nversion: {__version__}\n' in citation
  assert f'\ndate-released: "{released[2]}"\n' in citation


def test_all_files_have_the_same_licence_and_keywords(wheel, metadata):
  text = (ROOT / 'LICENSE').read_text()
  assert text.split()[:4] == ['Apache', 'License', 'Version', '2.0,']
  (name,) = (n for n in wheel.namelist() if n.endswith('/LICENSE'))
  assert wheel.read(name).decode() == text
  assert metadata['License'] == 'Apache-2.0'
  citation = (ROOT / 'CITATION.cff').read_text()
  assert '\nlicense: Apache-2.0\n' in citation
  keywords = re.findall(r'^  - ([^:\n]+)$', citation, re.MULTILINE)
  assert metadata['Keywords'] == ','.join(keywords)


def test_the_readme_is_the_long_description(metadata):
  assert metadata['Description-Content-Type'] == 'text/markdown'
  assert metadata.get_payload().startswith('# pixelda_tf\n')


def test_the_classifiers_have_the_same_pythons(metadata):
  classifiers = '\n'.join(metadata.get_all('Classifier'))
  assert re.findall(r'Python :: (3\.\d+)', classifiers) == list(PYTHONS)
