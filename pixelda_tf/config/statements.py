"""Splits the text of a config into gin's statements; an error says where."""

import re
import tokenize
from collections.abc import Callable, Iterator
from typing import Any

import gin

from pixelda_tf.errors import UserError

_LINE_OF_VALUE = re.compile(r'\n  In bindings string line (\d+)\n')
_BARE_WORD = re.compile(r"Failed to parse token '(.*)'")


def statements(
  text: str,
  delegate: gin.config_parser.ParserDelegate,
  place: Callable[[int], str],
) -> Iterator[Any]:
  """Yields gin's statements.

  Args:
    text: of a config.
    delegate: makes the values that stand for references and macros.
    place: what messages call a line, of its number.

  Raises:
    UserError: there is something that is not gin's syntax.
  """
  line = 1
  try:
    parser = gin.config_parser.ConfigParser(text, delegate)
    for statement in parser:
      line = parser.current_token.start[0]
      yield statement
  except tokenize.TokenError as error:
    message, (line_of_error, _) = error.args
    # From Python 3.12 on there are others.
    if not re.search('EOF|unterminated', message):
      raise UserError(
        f'{place(line_of_error)}: syntax error: {message}'
      ) from error
    lines = text.splitlines()
    while re.fullmatch(r'\s*(#.*)?', lines[line - 1]):
      line += 1
    raise UserError(
      f'{place(line)}: a bracket or a string is not closed'
    ) from error
  except SyntaxError as error:
    word = _BARE_WORD.search(error.msg)
    message = (
      f"'{word[1]}' is no value; strings need quotes"
      if word
      else f'syntax error: {error.msg}'
    )
    raise UserError(f'{place(error.lineno or line)}: {message}') from error
  except (ValueError, TypeError) as error:
    of_value = _LINE_OF_VALUE.search(str(error))
    line = int(of_value[1]) if of_value else line
    raise UserError(f'{place(line)}: {first_line(error)}') from error


def first_line(error: Exception) -> str:
  """Returns the message without what gin appends to it in further lines."""
  return str(error).splitlines()[0]
