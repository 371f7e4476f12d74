"""Puts gin files into gin's config statement by statement.

Gin itself forgets where a binding stands, and what it was before another one
took its place: its hooks see neither, but a message has to name the place.
"""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import gin

from pixelda_tf.config import reach
from pixelda_tf.config.names import check_parameter, component, did_you_mean
from pixelda_tf.config.reach import MACRO, Binding
from pixelda_tf.config.statements import first_line, statements
from pixelda_tf.errors import UserError


class _Delegate(gin.config.ParserDelegate):
  """Makes gin's references, with a better word for an unknown one."""

  def configurable_reference(self, scoped_selector, evaluate):
    component(scoped_selector.rsplit('/', 1)[-1])
    return super().configurable_reference(scoped_selector, evaluate)


class Reader:
  """Puts gin files and single bindings into gin's config, strictly."""

  def __init__(self, find: Callable[[str], pathlib.Path]):
    """Starts without bindings.

    Args:
      find: returns the path of an included file, or raises UserError.
    """
    self._find = find
    self._open: list[pathlib.Path] = []
    self._bindings: dict[Any, Binding] = {}
    self._overridden: list[Binding] = []

  def read_file(self, path: pathlib.Path) -> None:
    """Reads a file and what it includes."""
    if path.resolve() in self._open:
      raise UserError(f"gin file '{path}' includes itself")
    try:
      text = path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
      raise UserError(f"cannot read gin file '{path}': {error}") from error
    self._open.append(path.resolve())
    self._read(text, lambda line: f'{path}:{line}', path.parent)
    self._open.pop()

  def read_param(self, text: str) -> None:
    """Reads the text of one --gin_param."""
    self._read(text, lambda line: f"--gin_param='{text}'", pathlib.Path())

  def finish(self, allow_unused: bool = False, root: str | None = None) -> None:
    """Finds what gin would silently ignore, then locks the config.

    What only overridden bindings use is no mistake: a config that goes on top
    of another leaves some of that behind.

    Args:
      allow_unused: whether macros and scopes may be there that nothing uses.
      root: name of the component that is called without a reference; None
        where it is not known, and not checked what is referred to.

    Raises:
      UserError: a macro that is used but not defined, or defined but not used;
        a binding in a scope that no reference enters; a binding of a flag, or
        of a file that is not included, of what no reference comes to;
        `%gin.REQUIRED` left.
    """
    bindings = self._bindings.values()
    macros = {b.scope: b.place for b in bindings if b.is_macro}
    used, entered = self._references(macros)
    if allow_unused:
      used, entered = macros.keys(), {b.scope for b in bindings}
    for name in sorted(macros.keys() - used):
      raise UserError(
        f"{macros[name]}: nothing uses the macro '{name}'"
        + did_you_mean(name, used)
        + ' (a parameter is set as component.parameter = value)'
      )
    for b in bindings:
      if b.scope and not b.is_macro and b.scope not in entered:
        raise UserError(
          f"{b.place}: nothing uses the scope '{b.scope}'"
          + did_you_mean(b.scope, entered)
        )
    if root is not None and not allow_unused:
      self._check_called(_selector(root))
    try:
      gin.finalize()
    except ValueError as error:
      raise UserError(first_line(error)) from error

  def _check_called(self, root):
    """Raises a `UserError` where a user binds what the config never names."""
    bindings = self._bindings.values()
    calls = reach.calls(root, [*self._overridden, *bindings])
    names = {selector.rpartition('.')[-1] for selector, _ in calls}
    for b in bindings:
      if b.is_included or any(map(b.applies, calls)):
        continue
      name = b.selector.rpartition('.')[-1]
      if name in names:
        raise UserError(
          f"{b.place}: nothing uses {name} in the scope '{b.scope}': set "
          f'{name}.{b.parameter} for all, or refer to @{b.scope}/{name}'
        )
      raise UserError(
        f'{b.place}: nothing uses {name}'
        + did_you_mean(name, names)
        + f' (a parameter has to refer to it, as @{name})'
      )

  def _references(self, macros):
    """The macros that values use, and the scopes that they enter."""
    used, entered = set(), set()
    for binding in [*self._overridden, *self._bindings.values()]:
      for reference in gin.config.iterate_references([binding.value]):
        scopes = reference.scopes
        if reference.configurable.selector != MACRO:
          entered |= {'/'.join(scopes[: i + 1]) for i in range(len(scopes))}
          continue
        name = '/'.join(scopes)
        used.add(name)
        if name not in macros:
          raise UserError(
            f"{binding.place}: the macro '%{name}' is not defined"
            + did_you_mean(name, macros)
          )
    return used, entered

  def _read(self, text, place, folder):
    for statement in statements(text, _Delegate(), place):
      here = place(statement.location.line_num)
      try:
        self._execute(statement, here, folder)
      except ValueError as error:
        raise UserError(f'{here}: {first_line(error)}') from error

  def _execute(self, statement, place, folder):
    kinds = gin.config_parser
    if isinstance(statement, kinds.BindingStatement):
      self._bind(statement, place)
    elif isinstance(statement, kinds.BlockDeclaration):
      component(statement.selector)
    elif isinstance(statement, kinds.ImportStatement):
      # A config runs no code: what it names has been imported by the user.
      if statement.module not in sys.modules:
        raise UserError(
          f"{place}: imports '{statement.module}', which is code: if you trust "
          f'it, pass --modules={statement.module}, or from Python import it '
          'first'
        )
      gin.parse_config(statement.format())
    else:
      self._include(statement.filename, place, folder)

  def _include(self, filename, place, folder):
    beside = folder / filename
    try:
      path = beside if beside.is_file() else self._find(filename)
    except UserError as error:
      raise UserError(f'{place}: {error.message}') from error
    self.read_file(path)

  def _bind(self, statement, place):
    scope, selector, parameter, value, _ = statement
    is_macro = not parameter
    if is_macro:
      scope = f'{scope}/{selector}' if scope else selector
      selector, parameter = MACRO, 'value'
    check_parameter(selector, parameter)
    key = gin.config.ParsedBindingKey.parse((scope, selector, parameter))
    gin.bind_parameter(key, value)
    if key in self._bindings:
      self._overridden.append(self._bindings[key])
    self._bindings[key] = Binding(
      scope,
      _selector(selector),
      parameter,
      value,
      place,
      is_included=len(self._open) > 1,
    )


def _selector(name):
  return gin.config._REGISTRY.get_match(name).selector
