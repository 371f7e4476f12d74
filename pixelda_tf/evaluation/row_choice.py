"""Which rows of a run an analysis compares."""

from typing import Any, NamedTuple

from pixelda_tf.errors import UserError

_UNADAPTED = 'source_only'


class Rows(NamedTuple):
  """Rows by what they are for, each an `experiment.Row` or None.

  Attributes:
    before: of the unadapted task model.
    after: of the adapted task model.
    translator: of the method that translates.
  """

  before: Any
  after: Any
  translator: Any


def choose(run, *, before=None, after=None, translator=None):
  """Takes the rows that are named, and trained ones for those that are not.

  Args:
    run: an `Experiment`.
    before: name; else 'source_only', if it is trained and not `after`.
    after: name; else the last row that adapts and answers, or the last that
      answers.
    translator: name; else the first of: `after` if it translates both ways, the
      last row that does, `after` if it translates, the last row that does.

  Returns:
    `Rows`; None where no row is fit. A row that was named may be untrained.

  Raises:
    UserError: there is no row of a name, it cannot do what it is named for, or
      nothing is trained.
  """
  trained = run.started_rows()
  if not trained:
    raise UserError(
      f'{run.run_dir}: no row has a checkpoint; train the run first'
    )
  answering = [row for row in trained if row.method.predicts]
  adapting = [row for row in answering if row.method.adapts]
  after = _named(run, 'row', after, 'predicts') or _last(adapting or answering)
  unadapted = [
    row for row in answering if row.name == _UNADAPTED and row is not after
  ]
  before = _named(run, 'before', before, 'predicts') or _last(unadapted)
  # The adapted row's own translations are those that its task network knows.
  order = [*trained, after] if after in trained else trained
  translator = (
    _named(run, 'translator', translator, 'translates')
    or _last_able(run, order, 'translates', 'translates_back')
    or _last_able(run, order, 'translates')
  )
  return Rows(before, after, translator)


def _named(run, flag, name, ability):
  """Returns the row of a name if it is able; None without a name."""
  if name is None:
    return None
  row = run.row(name)
  if not _is_able(run, row, ability):
    verb = ability.removesuffix('s')
    raise UserError(
      f"{run.run_dir}: row '{name}' does not {verb}: name another --{flag}"
    )
  return row


def _last_able(run, rows, *abilities):
  for row in reversed(rows):
    if all(_is_able(run, row, ability) for ability in abilities):
      return row
  return None


def _is_able(run, row, ability):
  """Whether a method has an ability, which its settings may take away."""
  return getattr(row.method, ability) and getattr(run.build(row), ability)


def _last(rows):
  return rows[-1] if rows else None
