"""Looks up the names in gin files, and says what a misspelt one may mean."""

import difflib
import inspect
import re
from collections.abc import Callable, Iterable

import gin


def did_you_mean(name: str, names: Iterable[str]) -> str:
  """Returns `"; did you mean 'x'?"` for the name nearest to `name`, or ''."""
  near = {known.lower(): known for known in names}
  close = difflib.get_close_matches(name.lower(), near, n=1)
  return f"; did you mean '{near[close[0]]}'?" if close else ''


_UNSET = re.compile(
  r"""(\w+)(\.__init__)?\(\)\ missing\ \d+\ required\ [\w -]+:\ (?P<names>.*)
      (\n.*)*\n\ \ In\ call\ to\ configurable\ '\1'\ \([^\n]*?\)
      (\ in\ scope\ '(?P<scope>.*)')?(\n|$)""",
  re.VERBOSE,
)


def component(selector: str) -> Callable:
  """Returns the registered class or function that gin knows by a name.

  Args:
    selector: the name, after modules where it is ambiguous without.

  Raises:
    ValueError: no component has the name, or several.
  """
  registry = gin.config._REGISTRY
  matches = registry.matching_selectors(selector)
  if not matches:
    names = {known.rsplit('.', 1)[-1] for known, _ in registry.items()}
    raise ValueError(
      f"no component is named '{selector}'" + did_you_mean(selector, names)
    )
  if len(matches) > 1:
    raise ValueError(f"'{selector}' may be any of {', '.join(sorted(matches))}")
  return gin.get_configurable(matches[0])


def check_parameter(selector: str, parameter: str) -> None:
  """Raises ValueError if a component does not take a parameter.

  Unlike gin, which lets every name through to a class that takes `**kwargs`,
  this asks the classes that such a class derives from.

  Args:
    selector: the component's name.
    parameter: the parameter's name.
  """
  names, open_ended = _parameters(component(selector))
  if parameter not in names and not open_ended:
    raise ValueError(
      f"{selector} has no parameter '{parameter}'"
      + did_you_mean(parameter, names)
    )


def unset_parameters(error: TypeError) -> str | None:
  """Returns what an error says about parameters that no config binds.

  Args:
    error: raised when gin called a component.

  Returns:
    As "pixelda/Row needs 'steps'", or None if the error is another one.
  """
  unset = _UNSET.match(str(error))
  if unset is None:
    return None
  scope = f'{unset["scope"]}/' if unset['scope'] else ''
  return f'{scope}{unset[1]} needs {unset["names"]}'


def _parameters(fn_or_class):
  """Names of parameters, and whether others are taken too."""
  if not inspect.isclass(fn_or_class):
    return _signature(fn_or_class)
  names = set()
  for base in fn_or_class.__mro__:
    init = vars(base).get('__init__')
    if init is None or base is object:
      continue
    more, passes_on = _signature(init)
    names |= more - {'self'}
    if not passes_on:
      break
  return names, False


def _signature(fn):
  parameters = inspect.signature(fn).parameters.values()
  named = {
    p.name
    for p in parameters
    if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
  }
  return named, any(p.kind == p.VAR_KEYWORD for p in parameters)
