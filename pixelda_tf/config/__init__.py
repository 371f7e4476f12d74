"""Finds and parses gin files strictly; writes and compares configs.

A misspelt name is an error that tells the file and line, or the flag. Beyond
what gin checks itself, a macro, a scope or a component that is set and that
nothing refers to is one too: gin would accept it and change nothing.
"""

import pathlib
from collections.abc import Sequence

import gin

from pixelda_tf.config.comparison import difference
from pixelda_tf.config.defaults import (
  Change,
  bound,
  changed_defaults,
  gone,
  operative,
)
from pixelda_tf.config.names import did_you_mean
from pixelda_tf.config.reader import Reader
from pixelda_tf.errors import UserError


def search_path() -> list[pathlib.Path]:
  """Folders in which relative paths of gin files are looked for, in order.

  The second one holds the configs that pixelda_tf comes with, in gin/: it is
  the package's own folder or, of a clone, the one above.
  """
  package = pathlib.Path(__file__).resolve().parents[1]
  installed = (package / 'gin').is_dir()
  return [pathlib.Path(), package if installed else package.parent]


def find(gin_file: str) -> pathlib.Path:
  """Returns the path of a gin file.

  Args:
    gin_file: absolute, or relative to a folder of `search_path`.

  Raises:
    UserError: no such file.
  """
  for folder in search_path():
    if gin_file and (folder / gin_file).is_file():
      return folder / gin_file
  known = {
    path.relative_to(folder).as_posix()
    for folder in search_path()
    for path in (folder / 'gin').rglob('*.gin')
  }
  folders = ', '.join(dict.fromkeys(str(f.resolve()) for f in search_path()))
  where = '' if pathlib.Path(gin_file).is_absolute() else f' in {folders}'
  raise UserError(
    f"there is no gin file '{gin_file}'{where}" + did_you_mean(gin_file, known)
  )


def parse(
  gin_files: Sequence[str],
  gin_params: Sequence[str] = (),
  allow_unused: bool = False,
  root: str | None = None,
) -> None:
  """Parses gin files, then single bindings that override them.

  Whatever was parsed before is forgotten. The config is locked afterwards.
  Whoever parses has imported what the config names; `pixelda_tf.runs` imports
  all of pixelda_tf that a config can name.

  Args:
    gin_files: paths, see `find`; a file may `include` others, relative to
      itself or to the search path.
    gin_params: bindings, as `'pixelda/Row.steps = 20'`.
    allow_unused: whether macros and scopes may be there that nothing uses, as
      in a run's config.gin: what was overridden is not in it.
    root: name of the component that is called first, to which others are
      referred: of what nothing refers to, these files, but not those that they
      include, and these bindings must set nothing. None for no such check.

  Raises:
    UserError: a file is missing or unreadable, or something in it or in a
      binding is not gin's syntax, names what does not exist or is not used.
  """
  paths = [find(gin_file) for gin_file in gin_files]
  gin.clear_config()
  reader = Reader(find)
  for path in paths:
    reader.read_file(path)
  for param in gin_params:
    reader.read_param(param)
  reader.finish(allow_unused, root)


def text() -> str:
  """Returns what was parsed, normalised, as gin that can be parsed again."""
  return gin.config_str()


__all__ = [
  'Change',
  'bound',
  'changed_defaults',
  'gone',
  'difference',
  'find',
  'operative',
  'parse',
  'search_path',
  'text',
]
