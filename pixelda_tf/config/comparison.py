"""Compares two configs by value, without looking up what they name."""

import dataclasses
from typing import Any

import gin

from pixelda_tf.config.statements import statements


def difference(old: str, new: str) -> list[str]:
  """Compares two configs by value, without looking up what they name.

  Args:
    old: config as returned by `text`.
    new: the same, of another run.

  Returns:
    A line for each binding that differs, sorted: `key: old -> new`.

  Raises:
    UserError: a config is not gin.
  """
  before, after = read_values(old), read_values(new)
  return [
    f'{key}: {_show(before, key)} -> {_show(after, key)}'
    for key in sorted(before.keys() | after.keys())
    if (key in before) != (key in after) or before[key] != after[key]
  ]


def _show(values, key):
  return repr(values[key]) if key in values else '(not set)'


class _Names(gin.config_parser.ParserDelegate):
  """Leaves references and macros as they are written."""

  def configurable_reference(self, scoped_configurable_name, evaluate):
    return _Written(f'@{scoped_configurable_name}{"()" if evaluate else ""}')

  def macro(self, macro_name):
    return _Written(f'%{macro_name}')


@dataclasses.dataclass(frozen=True)
class _Written:
  text: str

  def __repr__(self):
    return self.text


def read_values(text: str) -> dict[str, Any]:
  """Returns the values of a config by key, as `{'PixelDA.noise_size': 10}`.

  Raises:
    UserError: the text is not gin.
  """
  values = {}
  place = 'not a config, line {}'.format
  for statement in statements(text, _Names(), place):
    if isinstance(statement, gin.config_parser.BindingStatement):
      scope, selector, parameter, value, _ = statement
      name = f'{selector}.{parameter}' if parameter else selector
      values[f'{scope}/{name}' if scope else name] = value
  return values
