"""What a config means, defaults included, and defaults that changed since."""

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import gin

from pixelda_tf.config.comparison import read_values

_MACRO = 'gin.macro'


class Change(NamedTuple):
  """A default that is another one than it was.

  Attributes:
    parameter: as 'PixelDA.noise_size'.
    old, new: values; of a function its name after an @.
  """

  parameter: str
  old: Any
  new: Any

  def __str__(self) -> str:
    """As `PixelDA.noise_size: 10 -> 12`."""
    return f'{self.parameter}: {self.old!r} -> {self.new!r}'


def operative(root: str) -> str:
  """Returns the parsed config with the defaults of all that it comes to.

  That is what gin can call, beginning at `root`: by what its parameters are
  bound to or, where they are not, by their defaults. Unlike gin's operative
  config it needs no call, and has defaults that are functions.

  Args:
    root: name of the component that is called first.

  Returns:
    The config as gin, defaults first.
  """
  lines = sorted(
    f'{name}.{parameter} = {_written(value)}'
    for name in _reached(root)
    for parameter, value in _defaults(name).items()
  )
  return '\n'.join(
    ['# Defaults:', *lines, '', '# The config:', gin.config_str()]
  )


def bound() -> set[str]:
  """Returns the names of the components that the parsed config binds."""
  names = {_name(selector) for _, selector in gin.config._CONFIG}
  return {name for name in names if _selector(name) != _MACRO}


def changed_defaults(old: str, new: str) -> list[Change]:
  """Compares two configs of `operative`, of one config at two times.

  Args:
    old: of when a run was begun.
    new: of today.

  Returns:
    Parameters that both have, with other values. One that is new has no
    earlier value, and one that is gone no place to put it.
  """
  old, new = read_values(old), read_values(new)
  return [
    Change(key, old[key], new[key])
    for key in sorted(old.keys() & new.keys())
    if old[key] != new[key]
  ]


def gone(old: str, new: str) -> list[str]:
  """Returns `parameter = value` of what only the first of two configs has.

  Args:
    old: of `operative`, when a run was begun.
    new: the same, of today.
  """
  before, today = read_values(old), read_values(new)
  return [
    f'{key} = {before[key]!r}' for key in sorted(before.keys() - today.keys())
  ]


def _reached(root: str) -> set[str]:
  """Returns the names of all components that calling `root` may come to."""
  reached, scopes, new = set(), {''}, {(root, '')}
  while new:
    reached |= {name for name, _ in new}
    scopes |= {scope for _, scope in new}
    new = {
      (name, scope)
      for value in _values(reached, scopes)
      for name, scope in _referred_to(value)
      if name not in reached or scope not in scopes
    }
  return {name for name in reached if _selector(name) != _MACRO}


def _values(names: set[str], scopes: set[str]) -> Iterator[Any]:
  """Yields what is bound or is a default of components in one of the scopes."""
  for (scope, selector), values in gin.config._CONFIG.items():
    if scope in scopes and _name(selector) in names:
      yield from values.values()
  for name in names:
    yield from _defaults(name).values()


def _referred_to(value: Any) -> Iterator[tuple[str, str]]:
  """Yields (name, scope) of the components that a value refers to."""
  for reference in gin.config.iterate_references([value]):
    scopes = reference.scopes
    for count in range(len(scopes) + 1):
      yield _name(reference.configurable.selector), '/'.join(scopes[:count])
  if name := _registered_name(value):
    yield name, ''


def _defaults(name: str) -> dict[str, Any]:
  """Returns a component's defaults that gin can write and nothing binds.

  What a scope alone binds has its default outside of it.
  """
  configurable = _registry()[_selector(name)]
  bound = gin.config._CONFIG.get(('', _selector(name)), {})
  return {
    parameter.name: parameter.default
    for parameter in inspect.signature(configurable.wrapped).parameters.values()
    if parameter.default is not parameter.empty
    and parameter.name not in bound
    and parameter.name not in (configurable.denylist or ())
    and _written(parameter.default) is not None
  }


def _written(value: Any) -> str | None:
  """Returns a default as gin has it, None if it cannot."""
  if name := _registered_name(value):
    return f'@{name}'
  return repr(value) if gin.config._is_literally_representable(value) else None


def _registered_name(value: Any) -> str | None:
  """Returns the name of a function or class that gin knows."""
  if not callable(value):
    return None
  for selector, configurable in _registry().items():
    if configurable.wrapped is value:
      return _name(selector)
  return None


def _registry():
  return gin.config._REGISTRY


def _name(selector: str) -> str:
  return _registry().minimal_selector(selector)


def _selector(name: str) -> str:
  return _registry().get_match(name).selector
