"""What a config may give for a number, a text or a switch."""

import math
import numbers
from typing import Any

from pixelda_tf.errors import UserError


def check_whole(name: str, value: Any, at_least: int = 1) -> None:
  """Checks a whole number.

  Args:
    name: of the parameter, as `Row.steps of 'pixelda'`.
    value: that it was given.
    at_least: the least that it may be.

  Raises:
    UserError: it is none, or less.
  """
  is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
  if not is_whole or value < at_least:
    raise UserError(
      f'{name} is {value!r}: a whole number of at least {at_least} is needed'
    )


def check_number(
  name: str, value: Any, at_least: float = 0.0, below: float = math.inf
) -> None:
  """Checks a number, whole or not.

  Args:
    name: see `check_whole`.
    value: that it was given.
    at_least: the least that it may be.
    below: what it may not reach.

  Raises:
    UserError: it is none, or out of that range.
  """
  is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
  if not is_number or not at_least <= value < below:
    end = '' if below == math.inf else f' and below {below:g}'
    raise UserError(
      f'{name} is {value!r}: a number of at least {at_least:g}{end} is needed'
    )


def check_switch(name: str, value: Any) -> None:
  """Raises a `UserError` where a value is not True or False."""
  if not isinstance(value, bool):
    raise UserError(f'{name} is {value!r}: True or False is needed')


def check_text(name: str, value: Any) -> None:
  """Raises a `UserError` where a value is no text."""
  if not isinstance(value, str):
    raise UserError(f"{name} is {value!r}: a text is needed, as 'text'")


def check_intervals(log: Any, picture: Any, checkpoint: Any) -> None:
  """Checks an experiment's steps between what it writes.

  Raises:
    UserError: they are no whole numbers, or checkpoints would fall between
      lines of metrics.
  """
  check_whole('Experiment.log_every', log)
  check_whole('Experiment.picture_every', picture)
  check_whole('Experiment.checkpoint_every', checkpoint)
  if checkpoint % log:
    raise UserError(
      f'Experiment.checkpoint_every is {checkpoint}: a multiple of log_every '
      f'({log}) is needed'
    )
