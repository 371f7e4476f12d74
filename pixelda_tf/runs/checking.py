"""Finds what would end a run before it begins: its rows are built, and let go.

Else a mistake in a later row is found when the earlier ones are trained, and
the directory is that of a config which cannot be.
"""

from collections.abc import Sequence

from pixelda_tf.runs import distribution, row_networks, translated_source
from pixelda_tf.runs.row import OpenRow
from pixelda_tf.runs.row_settings import Common


def check(rows: Sequence[OpenRow], common: Common) -> None:
  """Builds each row that is not finished, on this host alone; trains nothing.

  Args:
    rows: those that are to be trained, in order.
    common: of the run, whose directory need not be there.

  Raises:
    UserError: a row cannot be built, there are no such batches for it, or what
      it starts from is not there, and no earlier row leaves it, or does not
      fit.
  """
  coming: dict[str, row_networks.About] = {}
  for row in rows:
    if not row.result():
      coming[row.name] = _left(row, coming, common)
      if distribution.is_chief(common.strategy):
        row.original.test_batches()
        row.original.validation_batches()


def _left(row, coming, common):
  """Returns what a row will leave, which starts from what is there or coming.

  The method is gone with this: the memory is for one at a time.
  """
  by = row.translator
  if by is not None:
    translated_source.check(by, row.name, is_coming=by.name in coming)
  method, class_names = row.build(), row.original.class_names
  row_networks.check(
    method,
    class_names,
    row.settings.initial_networks,
    common.directory.path,
    coming,
  )
  common.feed(method, row.original)
  return row_networks.about(method, class_names)
