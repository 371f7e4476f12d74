"""What a config calls, by what its bindings refer to.

A default that is a component's function is called without bindings: gin gives
them to what bindings name alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import gin

MACRO = 'gin.macro'
_PACKAGE = 'pixelda_tf.'

# The selector of a component, and the scope in which it is called.
Call: TypeAlias = tuple[str, str]


class Binding(NamedTuple):
  """A bound value, and the place that binds it.

  Attributes:
    scope: in which it is bound; of a macro, with its name.
    selector: of the component; `MACRO` of a macro.
    parameter: of the component.
    value: with gin's references.
    place: `file:line` or the flag.
    is_included: whether a file that another one includes binds it.
  """

  scope: str
  selector: str
  parameter: str
  value: Any
  place: str
  is_included: bool

  @property
  def is_macro(self) -> bool:
    """Whether it defines a macro."""
    return self.selector == MACRO

  def applies(self, call: Call) -> bool:
    """Returns whether a call takes its value."""
    selector, scope = call
    return selector == self.selector and f'{scope}/'.startswith(
      f'{self.scope}/' if self.scope else ''
    )


def calls(root: str, bindings: Iterable[Binding]) -> set[Call]:
  """Returns the calls that a config names.

  That is, what its bindings refer to, and what that comes to in turn. A
  function that a binding names without calling it may be called where its
  parameter is used, as a row's method is, or out of all scopes. What others
  than this package have registered may be called by their own code.

  Args:
    root: selector of the component that is called first.
    bindings: all of the config, overridden ones too.
  """
  bindings = list(bindings)
  new = {(root, '')}
  for binding in bindings:
    new |= _referred_to(binding, binding.scope)
    if not (binding.is_macro or binding.selector.startswith(_PACKAGE)):
      new.add((binding.selector, binding.scope))
  found: set[Call] = set()
  while new:
    found |= new
    new = {
      call
      for by in new
      for binding in bindings
      if binding.applies(by)
      for call in _referred_to(binding, by[1])
    } - found
  return found


def _referred_to(binding, scope):
  """Returns the calls of what a value refers to, taken in a scope."""
  found = set()
  for reference in gin.config.iterate_references([binding.value]):
    selector = reference.configurable.selector
    if reference.scopes:
      found.add((selector, '/'.join(reference.scopes)))
      continue
    found.add((selector, scope))
    if not reference.evaluate:
      found.add((selector, ''))
  return found
