"""A run: one pair of domains, some methods, one table."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import gin
import tensorflow as tf
from absl import logging

from pixelda_tf import atomic, config, parameter_types, serving
from pixelda_tf.data import Pair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import nearest, pictures
from pixelda_tf.evaluation.translation import translate
from pixelda_tf.problems import Classification, Problem
from pixelda_tf.runs import (
  checking,
  choosing,
  claiming,
  distribution,
  known_data,
  looked_at,
  results,
)
from pixelda_tf.runs import precision as policies
from pixelda_tf.runs.directory import RunDirectory
from pixelda_tf.runs.row import OpenRow
from pixelda_tf.runs.row_settings import Common, Row, check_order

_IMAGES_SHOWN = 12


@gin.configurable
class Experiment:
  """A run and its rows.

  Attributes:
    directory: its `RunDirectory`.
    pair: the opened pair of domains.
    rows: `OpenRow`s, in order.
    seed: of initial weights, noise, and the order of the data.
    precision: Keras's policy.
    strategy: where it trains.
  """

  def __init__(
    self,
    run_dir: str,
    data_dir: str,
    skip_corrupt: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    *,
    pair: Pair,
    rows: Sequence[Row],
    problem: Problem | None = None,
    validators: Sequence[str] = (),
    seed: int = 0,
    precision: str = 'float32',
    deterministic: bool = True,
    log_every: int = 50,
    picture_every: int = 500,
    checkpoint_every: int = 500,
  ):
    """Opens the data; trains nothing.

    Args:
      run_dir: directory of the run.
      data_dir: directory of the prepared data sets.
      skip_corrupt: whether corrupt records are counted and skipped.
      strategy: where it trains, see `distribution`; None for one device.
      pair: the source and target.
      rows: what it trains.
      problem: what is learnt; None for `Classification`.
      validators: names of those that score rows as they train, every
        `picture_every` steps, see `looked_at`.
      seed: of initial weights, noise, and the order of the data.
      precision: 'float32', 'mixed_bfloat16' or 'auto', see `precision`.
      deterministic: whether equal runs give equal bits, see `train`.
      log_every: steps between lines of metrics.
      picture_every: steps between pictures and histograms.
      checkpoint_every: steps between checkpoints, a multiple of `log_every`.

    Raises:
      UserError: the data or a setting is not usable, or the run began with
        other data.
    """
    parameter_types.check_whole('Experiment.seed', seed, 0)
    parameter_types.check_switch('Experiment.deterministic', deterministic)
    parameter_types.check_intervals(log_every, picture_every, checkpoint_every)
    check_order(rows)
    self.directory = RunDirectory(run_dir)
    problem = problem or Classification()
    self._data = functools.partial(pair.identities, data_dir, problem=problem)
    check_data = functools.partial(known_data.check, self.directory, self._data)
    check_data()  # Before they are opened: others need not fit each other.
    self.pair = pair.open(data_dir, skip_corrupt, problem=problem)
    looked_at.prepare(self.pair, rows, validators)
    self.seed = seed
    self.precision, self._precision_reason = policies.policy(precision)
    self.strategy = strategy or distribution.strategy('one')
    self._deterministic = deterministic
    self._common = Common(
      directory=self.directory,
      pair=self.pair,
      problem=problem,
      seed=seed,
      policy=self.precision,
      strategy=self.strategy,
      log_every=log_every,
      picture_every=picture_every,
      checkpoint_every=checkpoint_every,
      check_data=check_data,
      validators=tuple(validators),
    )
    self._is_claimed = False
    self.rows: list[OpenRow] = []
    for row in rows:
      others = (
        None if by is None else self.row(by)
        for by in (row.translated_by, row.counted_by)
      )
      self.rows.append(OpenRow(row, self._common, *others))

  def row(self, name: str) -> OpenRow:
    """Returns the row of a name.

    Raises:
      UserError: there is none.
    """
    return choosing.named(self.rows, name)

  def chosen(self, only: Sequence[str] | None = None) -> list[OpenRow]:
    """Returns the rows of these names, in order, which can be trained.

    Args:
      only: names; None for all rows.

    Raises:
      UserError: there is no row of such a name, or the domains lack what it
        learns from.
    """
    named = self.rows if only is None else [self.row(name) for name in only]
    rows = [row for row in self.rows if row in named]
    for row in rows:
      try:
        row.original.check(row.settings.method.role)
      except UserError as error:
        raise UserError(f"row '{row.name}': {error.message}") from error
    return rows

  def check(self, only: Sequence[str] | None = None) -> None:
    """Checks all that can be before the first row trains; see `checking`.

    Args:
      only: as `train`.

    Raises:
      UserError: as `chosen`, or `train` would come to a mistake.
    """
    checking.check(self.chosen(only), self._common)

  @contextlib.contextmanager
  def claimed(
    self,
    only: Sequence[str] | None = None,
    configs: tuple[str, str] | None = None,
  ) -> Iterator[None]:
    """Makes the directory that of this run, for this process alone in a block.

    Args:
      only: as `train`; its rows are checked before, by `check`.
      configs: see `claiming.claimed`, also for what is raised.
    """
    if self._is_claimed:
      yield
      return
    check = functools.partial(self.check, only)
    with claiming.claimed(
      self.directory, self._data, self.strategy, check, configs
    ):
      self._is_claimed = True
      try:
        yield
      finally:
        self._is_claimed = False

  def train(self, only: Sequence[str] | None = None) -> dict[str, Any] | None:
    """Trains rows that are not finished, and writes table and export.

    The directory is `claimed` for it, if it is not yet. All hosts call it, the
    chief alone writes. Where `deterministic`, this switches TensorFlow's
    determinism on, which is the process's and stays on.

    Args:
      only: names of the rows to train; None for all. Of the others, those that
        were finished before are in the table too.

    Returns:
      The content of `result.json`; None on other hosts than the chief.

    Raises:
      UserError: as `claimed`, or the data were replaced meanwhile.
    """
    with self.claimed(only):
      return self._train(self.chosen(only))

  def _train(self, chosen):
    """Trains these rows."""
    logging.info('precision: %s, %s', self.precision, self._precision_reason)
    if self._deterministic:
      tf.config.experimental.enable_op_determinism()
    for row in chosen:
      for other in self.rows:
        other.release()  # The memory is for one method at a time.
      try:
        row.train()
      except tf.errors.OpError:
        self._common.check_data()  # Files that went meanwhile are told.
        raise
    result = self._finish() if distribution.is_chief(self.strategy) else None
    distribution.barrier(self.strategy)
    return result

  def _finish(self):
    """Writes what is made of all finished rows, and returns the result."""
    finished = [row.result() for row in self.rows]
    result = results.content(
      self.pair,
      known_data.read(self.directory) or self._data(),
      [row for row in finished if row],
      seed=self.seed,
      precision=self.precision,
    )
    row = choosing.last_predicting(self.rows)
    if row:
      serving.export(
        row.trained(), self.directory.export, self.pair.class_names
      )
    row = choosing.last_translating(self.rows)
    if row:
      self._draw(row)
    atomic.write_json(self.directory.result, result)
    return result

  def _draw(self, row):
    """Draws the picture source | translated | nearest target image."""
    source = self.pair.gallery('source', _IMAGES_SHOWN)
    translated = translate(row.trained(), source, self.seed)
    candidates = self.pair.image_batches('target', nearest.AMONG)
    closest = nearest.find(translated, candidates)
    pictures.save(
      self.directory.picture,
      pictures.grid([source, translated, closest.shown]),
      scale=3,
    )


def reopen(
  run_dir: str, data_dir: str, skip_corrupt: bool = False
) -> Experiment:
  """Returns the `Experiment` of an existing run directory.

  It is as it was when the run began: where a default has changed since, the
  earlier one is taken, and a line is logged.

  Args:
    run_dir: written by `Experiment.train`.
    data_dir: directory of the prepared data sets.
    skip_corrupt: as `Experiment`.

  Raises:
    UserError: no run is there, or its config or data are not usable.
  """
  directory = RunDirectory(run_dir)
  directory.check_is_run()
  known_data.log_unknown(directory)
  trains = directory.trained_by()
  if trains:
    logging.info(
      '%s: %s trains there: what it has saved by now is read', run_dir, trains
    )
  try:
    config.parse([directory.config], allow_unused=True)
    changes = directory.changed_defaults(config.operative('Experiment'))
    if changes:
      earlier = [f'{change.parameter} = {change.old!r}' for change in changes]
      logging.info('%s: as it began: %s', run_dir, ', '.join(earlier))
      config.parse([directory.config], earlier, allow_unused=True)
  except UserError as error:
    raise UserError(
      f'{error.message.rstrip(".")}: this run is of another version of '
      'pixelda_tf; read it with that one, or train it anew in another --run_dir'
    ) from error
  # gin gives the rest.
  return Experiment(run_dir, data_dir, skip_corrupt)  # type: ignore[call-arg]
