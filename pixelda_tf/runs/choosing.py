"""Which row of a run to use, where none is named and where one is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pixelda_tf.errors import UserError
from pixelda_tf.runs.row import OpenRow

_UNADAPTED = 'source_only'


class Compared(NamedTuple):
  """Rows that an analysis compares.

  Attributes:
    before: of the unadapted task network; None where no row is fit.
    after: of the adapted task network, likewise.
    translator: that translates, likewise.
  """

  before: OpenRow | None
  after: OpenRow | None
  translator: OpenRow | None


def named(rows: Sequence[OpenRow], name: str) -> OpenRow:
  """Returns the row of a name.

  Raises:
    UserError: there is none.
  """
  for row in rows:
    if row.name == name:
      return row
  names = ', '.join(row.name for row in rows)
  raise UserError(f"no row '{name}'; there are {names}")


def last_predicting(rows: Sequence[OpenRow]) -> OpenRow | None:
  """Returns the row to predict with, of those that have a checkpoint.

  That is the last that predicts and adapts, or the last that predicts; of all
  rows where none has a checkpoint.
  """
  rows = _started(rows)
  return _last(rows, lambda row: row.predicts and row.adapts) or _last(
    rows, lambda row: row.predicts
  )


def last_translating(rows: Sequence[OpenRow]) -> OpenRow | None:
  """Returns the last row that translates, of the same rows."""
  return _last(_started(rows), lambda row: row.translates)


def predicting(
  rows: Sequence[OpenRow], name: str | None = None, flag: str = 'row'
) -> OpenRow:
  """Returns the row of a name, or `last_predicting`.

  Args:
    rows: of a run.
    name: of a row, started or not.
    flag: that gave the name, for messages.

  Raises:
    UserError: no row has that name, it does not predict, or none does.
  """
  row = last_predicting(rows) if name is None else named(rows, name)
  if row is None or not row.predicts:
    raise UserError(_unable(row, 'predict', flag))
  return row


def translating(
  rows: Sequence[OpenRow], name: str | None = None, flag: str = 'row'
) -> OpenRow:
  """Returns the row of a name, or `last_translating`; as `predicting`."""
  row = last_translating(rows) if name is None else named(rows, name)
  if row is None or not row.translates:
    raise UserError(_unable(row, 'translate', flag))
  return row


def to_measure(rows: Sequence[OpenRow], name: str | None = None) -> OpenRow:
  """Returns the row of a name, or `last_predicting`, or the last one.

  Raises:
    UserError: no row has that name.
  """
  if name is not None:
    return named(rows, name)
  return last_predicting(rows) or rows[-1]


def compared(
  rows: Sequence[OpenRow],
  *,
  before: str | None = None,
  after: str | None = None,
  translator: str | None = None,
) -> Compared:
  """Takes the rows that are named, and trained ones for those that are not.

  Args:
    rows: of a run.
    before: name; else 'source_only', if it is trained and not `after`.
    after: name; else the last row that predicts and adapts, or the last that
      predicts.
    translator: name; else the first of: `after` if it translates both ways, the
      last row that does, `after` if it translates, the last row that does.

  Raises:
    UserError: there is no row of a name, it cannot do what it is named for, or
      nothing is trained.
  """
  trained = [row for row in rows if row.is_started]
  if not trained:
    raise UserError('no row has a checkpoint; train the run first')
  adapted = last_predicting(trained)
  if after is not None:
    adapted = predicting(rows, after)
  if before is not None:
    unadapted = predicting(rows, before, 'before')
  else:
    others = [row for row in trained if row is not adapted and row.predicts]
    unadapted = _last(others, lambda row: row.name == _UNADAPTED)
  if translator is not None:
    return Compared(
      unadapted, adapted, translating(rows, translator, 'translator')
    )
  # The adapted row's own translations are those that its task network knows.
  order = [*trained, adapted] if adapted in trained else trained
  both_ways = _last(order, lambda row: row.translates_back)
  return Compared(unadapted, adapted, both_ways or last_translating(order))


def _started(rows):
  return [row for row in rows if row.is_started] or rows


def _last(
  rows: Sequence[OpenRow], is_fit: Callable[[OpenRow], bool]
) -> OpenRow | None:
  return next((row for row in reversed(rows) if is_fit(row)), None)


def _unable(row, verb, flag):
  if row is None:
    return f'no row of this run {verb}s'
  return f"row '{row.name}' does not {verb}: name another --{flag}"
