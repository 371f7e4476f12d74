import pathlib
import re
import zipfile
from email import parser

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

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


def test_the_python_range_is_said(metadata):
  allowed = SpecifierSet(metadata['Requires-Python'])
  versions = ['3.9.18', '3.10.0', '3.11.9', '3.12.0', '3.13.0']
  assert [v for v in versions if v in allowed] == ['3.10.0', '3.11.9']


@pytest.mark.parametrize(
  ('python', 'count'), [('3.9', 0), ('3.10', 1), ('3.11', 1), ('3.12', 0)]
)
def test_another_python_gets_no_dependencies_to_puzzle_over(
  python, count, metadata
):
  """Then the range is all that pip can complain of."""
  for line in metadata.get_all('Requires-Dist'):
    requirement = Requirement(line)
    extra = re.search('extra == ["\'](.*?)["\']', line)
    environment = {'python_version': python, 'extra': extra[1] if extra else ''}
    assert requirement.marker.evaluate(environment) == count, line


def test_the_version_is_the_package_s(metadata):
  namespace = {}
  text = (ROOT / 'pixelda_tf/__init__.py').read_text()
  exec(text[text.index('__version__ =') :], namespace)
  assert metadata['Version'] == namespace['__version__']
