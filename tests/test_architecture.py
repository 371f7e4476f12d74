"""Imports go one way, down the README's table, and no file is long."""

import ast
import graphlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'pixelda_tf'
FILES = sorted(PACKAGE.rglob('*.py'))
# Folders of what is written by hand.
WRITTEN = ('pixelda_tf', 'tests', 'tools')
MOST_LINES = 300
# Methods of Python that users call.
SPECIAL = ('__init__', '__call__')


def module_name(path):
  """Returns a file's module, as `pixelda_tf.data.pairs`; a folder's own too."""
  parts = path.relative_to(ROOT).with_suffix('').parts
  return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULES = {module_name(path): path for path in FILES}


def imported(path):
  """Returns the modules of pixelda_tf that a file imports, in functions too."""
  modules = set()
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      modules |= {alias.name for alias in node.names} & MODULES.keys()
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, f'{path}:{node.lineno}: a relative import'
      for alias in node.names:
        name = f'{node.module}.{alias.name}'
        modules |= {name if name in MODULES else node.module} & MODULES.keys()
  return modules - {module_name(path)}


def room(module):
  """Returns the first name below pixelda_tf: a folder or a single module."""
  return '.'.join(module.split('.')[:2])


IMPORTS = {module: imported(path) for module, path in MODULES.items()}
ROOMS = {
  name: {
    room(target)
    for module, targets in IMPORTS.items()
    if room(module) == name
    for target in targets
  }
  - {name}
  for name in map(room, MODULES)
}
COMMANDS = {
  name
  for name, path in MODULES.items()
  if path.parent == PACKAGE and '__main__' in path.read_text()
}


def table():
  """Returns the README's rows from the top down: names of folders, modules."""
  _, _, text = (ROOT / 'README.md').read_text().partition('## How it is built')
  rows = re.findall(r'^\| (`pixelda_tf/.*?) \|', text, re.M)
  names = [re.findall(r'`pixelda_tf/(\w+)(?:/|\.py)`', row) for row in rows]
  return [f'pixelda_tf.{name}' for row in names for name in row]


@pytest.mark.parametrize('graph', [ROOMS, IMPORTS], ids=['rooms', 'modules'])
def test_imports_have_no_cycle(graph):
  """But for a folder's own module, which hands on what its files hold."""
  graph = {
    name: {target for target in targets if graph is ROOMS or is_file(target)}
    for name, targets in graph.items()
  }
  tuple(graphlib.TopologicalSorter(graph).static_order())


def is_file(module):
  return MODULES[module].name != '__init__.py'


def test_the_table_has_every_folder():
  folders = {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
  order = table()
  assert len(set(order)) == len(order)
  assert {f'pixelda_tf.{name}' for name in folders} <= set(order)
  assert set(order) <= ROOMS.keys()


def test_imports_go_down_the_table():
  """Commands are above it, what is not in it below."""
  order = table()
  upward = [
    f'{name} imports {target}'
    for name, targets in ROOMS.items()
    for target in targets
    if level(target, order) < level(name, order)
  ]
  assert not upward


def level(name, order):
  if name in COMMANDS:
    return -1
  return order.index(name) if name in order else len(order)


def test_no_module_is_imported_by_a_name_that_only_a_string_holds():
  """The other tests would not see it."""
  assert not [
    path
    for path in FILES
    if re.search(r'\bimport_module\b|\b__import__\b', path.read_text())
  ]


def test_no_file_is_long():
  files = [path for name in WRITTEN for path in (ROOT / name).rglob('*.py')]
  lines = {path: len(path.read_text().splitlines()) for path in files}
  assert not {path: n for path, n in lines.items() if n >= MOST_LINES}


def untyped(body, prefix, public=True):
  """Yields public functions and methods with a parameter or result untyped."""
  for node in body:
    if isinstance(node, ast.ClassDef):
      is_public = public and not node.name.startswith('_')
      yield from untyped(node.body, f'{prefix}.{node.name}', is_public)
    elif isinstance(node, ast.FunctionDef) and public:
      if node.name.startswith('_') and node.name not in SPECIAL:
        continue
      arguments = node.args
      typed = [
        argument.annotation
        for argument in (
          *arguments.posonlyargs,
          *arguments.args,
          *arguments.kwonlyargs,
          *filter(None, (arguments.vararg, arguments.kwarg)),
        )
        if argument.arg not in ('self', 'cls')
      ]
      if node.name != '__init__':
        typed.append(node.returns)
      if None in typed:
        yield f'{prefix}.{node.name}'


def test_public_functions_have_types():
  """mypy checks them, but not that they are there."""
  assert not [
    name
    for module, path in MODULES.items()
    for name in untyped(ast.parse(path.read_text()).body, module)
  ]
