"""Finds what would end a run before it begins: its rows are built, and let go.

Else a mistake in a later row is found when the earlier ones are trained, and
the directory is that of a config which cannot be.
"""

from collections.abc import Sequence

from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.runs import (
  checkpoints,
  disk_space,
  distribution,
  looked_at,
  row_networks,
  translated_source,
)
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
      fit; a split that is tested on is not there, or has no example of a class
      of the source; or there is no room for checkpoints.
  """
  rows = [row for row in rows if not row.result()]
  is_chief = distribution.is_chief(common.strategy)
  coming: dict[str, row_networks.About] = {}
  needs: list[disk_space.Need] = []
  fed: set[tuple] = set()
  for row in rows:
    coming[row.name], need, batches = _left(row, coming, common, fed)
    needs.append(need)
    fed.add(batches)
  if rows and is_chief:
    _check_splits(rows)
    _check_tests(common.pair)
    disk_space.check(common.directory.path, needs)


def _left(row, coming, common, fed):
  """Returns what a row leaves, what that needs of the disk, and its batches.

  It starts from what is there or coming. Batches are asked for if they are none
  of those that were. The method is gone with this: the memory is for one at a
  time.
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
  looked_at.check(method, row.settings, common.validators)
  batches = row.original, method.role, method.strong_view
  if batches not in fed:
    common.feed(method, row.original)
  need = disk_space.need(
    checkpoints.size(checkpoints.RowState(method)),
    saved=checkpoints.steps(row.directory.checkpoints),
    steps=row.settings.steps,
    every=common.checkpoint_every,
    keep=row.settings.keep,
  )
  return row_networks.about(method, class_names), need, batches


def _check_splits(rows):
  """Asks for what is looked at beside training."""
  for pair in dict.fromkeys(row.original for row in rows):
    pair.test_batches()
    pair.validation_batches()
  for row in rows:
    if row.settings.chosen_by and row.original.source.validation:
      row.original.test_batches('source', row.original.source.validation)


def _check_tests(pair: OpenPair) -> None:
  """Checks that there are examples to test on, where there are labels."""
  for split, batches in (
    (pair.target.test, pair.test_batches()),
    (pair.target.validation, pair.validation_batches()),
  ):
    if batches is not None and next(iter(batches), None) is None:
      raise UserError(
        f'target {pair.target.name}: split {split!r} has no example of a class '
        f'of source {pair.source.name}: there is nothing to test on'
      )
