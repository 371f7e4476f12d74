"""A run: one pair of domains, some methods, one table."""

import os

import gin
import tensorflow as tf
from absl import logging

from pixelda_tf import atomic, config, serving
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns, pictures
from pixelda_tf.evaluation.evaluate import compiled_predictions, score
from pixelda_tf.problems import Classification
from pixelda_tf.runs import (
  checkpoints,
  distribution,
  monitoring,
  results,
  row_training,
  run_directory,
)
from pixelda_tf.runs import precision as policies
from pixelda_tf.runs.rows import check_order, last

_NEAREST_AMONG = 10_000
_ROWS_SHOWN = 12


@gin.configurable
class Experiment:
  """A run directory and what is trained in it."""

  def __init__(
    self,
    run_dir,
    data_dir,
    skip_corrupt=False,
    strategy=None,
    *,
    pair,
    rows,
    problem=None,
    seed=0,
    precision='float32',
    deterministic=True,
    log_every=50,
    picture_every=500,
    checkpoint_every=500,
  ):
    """Opens the data; trains nothing.

    Args:
      run_dir: directory of the run.
      data_dir: directory of the prepared data sets.
      skip_corrupt: whether corrupt records are counted and skipped.
      strategy: where it trains, see `distribution`; None for one device.
      pair: the source and target, a `Pair`.
      rows: the methods, a list of `Row`.
      problem: what is learnt, a `Problem`; None for `Classification`.
      seed: of initial weights, noise, and the order of the data.
      precision: 'float32', 'mixed_bfloat16' or 'auto', see `precision`.
      deterministic: whether equal runs give equal bits.
      log_every: steps between lines of metrics.
      picture_every: steps between pictures and histograms.
      checkpoint_every: steps between checkpoints, a multiple of `log_every`.

    Raises:
      UserError: the data or a setting is not usable.
    """
    if checkpoint_every % log_every:
      raise UserError(
        f'Experiment.checkpoint_every is {checkpoint_every}: a multiple of '
        f'log_every ({log_every}) is needed'
      )
    names = [row.name for row in rows]
    if len(set(names)) < len(names):
      raise UserError(f'Experiment.rows: two rows of one name in {names}')
    check_order(rows)
    self.run_dir = run_dir
    self.problem = problem or Classification()
    self.pair = pair.open(data_dir, skip_corrupt, problem=self.problem)
    self.rows = rows
    self.seed = seed
    self.precision, self._precision_reason = policies.policy(precision)
    self.log_every = log_every
    self.picture_every = picture_every
    self.checkpoint_every = checkpoint_every
    self.strategy = strategy or distribution.strategy('one')
    tf.keras.mixed_precision.set_global_policy(self.precision)
    if deterministic:
      tf.config.experimental.enable_op_determinism()

  def train(self, only=None):
    """Trains rows that are not finished, and writes table and export.

    All hosts call it, the chief alone writes.

    Args:
      only: names of the rows to train; None for all. Of the others, those that
        were finished before are in the table too.

    Returns:
      The content of `result.json`; None on other hosts than the chief.

    Raises:
      UserError: there is no row of such a name, or what a row starts from is
        not there.
    """
    chosen = self.rows if only is None else [self.row(name) for name in only]
    logging.info('precision: %s, %s', self.precision, self._precision_reason)
    for row in self.rows:
      if row in chosen:
        row_training.train(self, row)
    result = self._finish() if distribution.is_chief(self.strategy) else None
    distribution.barrier(self.strategy)
    return result

  def _finish(self):
    """Writes what is made of all finished rows, and returns the result."""
    finished = [self.result(row) for row in self.rows]
    result = {
      'source': self.pair.source.name,
      'target': self.pair.target.name,
      'source_count': self.pair.source.count(self.pair.source.train),
      'target_count': self.pair.target.count(self.pair.target.train),
      'source_description': self.pair.source.description,
      'target_description': self.pair.target.description,
      'image_shape': list(self.pair.image_shape),
      'class_names': list(self.pair.class_names),
      'problem': columns.describe(self.pair.problem),
      'seed': self.seed,
      'precision': self.precision,
      'rows': [row for row in finished if row],
    }
    row = self.row()
    if row.method.predicts:
      serving.export(self.restore(row), os.path.join(self.run_dir, 'export'))
    self._translated_picture()
    atomic.write_json(os.path.join(self.run_dir, 'result.json'), result)
    return result

  def row(self, name=None):
    """Returns the row of a name, or the one to use.

    That is the last of the rows with a checkpoint, or of all where none has
    one, that answers and adapts; the last that answers, or the last, where
    there is no such row.

    Raises:
      UserError: no row has that name.
    """
    if name is None:
      rows = self.started_rows() or self.rows
      return last(rows, lambda row: (row.method.predicts, row.method.adapts))
    for row in self.rows:
      if row.name == name:
        return row
    names = ', '.join(row.name for row in self.rows)
    raise UserError(f"{self.run_dir}: no row '{name}'; there are {names}")

  def translating_row(self, name=None):
    """Returns as `row` the last that translates, in place of answers."""
    if name is not None:
      return self.row(name)
    rows = self.started_rows() or self.rows
    return last(rows, self.translates)

  def translates(self, row):
    """Returns whether a row translates, which its settings may prevent."""
    return row.method.translates and self.build(row).translates

  def started_rows(self):
    """Returns the rows that have a checkpoint, in order."""
    return [
      row
      for row in self.rows
      if checkpoints.steps(self.directory(row, 'checkpoints'))
    ]

  def build(self, row):
    """Returns a row's method as it is before its first step.

    Under a strategy's scope, the method is that strategy's.

    Raises:
      UserError: the method cannot be built of such parts, or for such images.
    """
    tf.keras.utils.set_random_seed(self.seed)
    try:
      method = row.method(
        image_shape=self.pair.image_shape,
        n_classes=self.pair.n_classes,
        problem=self.problem,
        seed=self.seed,
      )
      method.compile(row.optimizer)
    except ValueError as error:
      reason = str(error).splitlines()[0]
      raise UserError(f"row '{row.name}' cannot be built: {reason}") from error
    return method

  def restore(self, row):
    """Returns a row's method as its newest checkpoint has it, final weights.

    Raises:
      UserError: the row has no checkpoint.
    """
    method = self.build(row)
    directory = self.directory(row, 'checkpoints')
    if checkpoints.restore(directory, row_training.State(method)) is None:
      raise UserError(f'{directory}: no checkpoint; train the run first')
    method.finalize()
    return method

  def evaluate(self, method):
    """Returns metrics on the target's test split.

    None where the target has no labels or the method does not predict.
    """
    batches = self.pair.test_batches()
    if batches is None or not method.predicts:
      return None
    scorer = self.pair.problem.scorer(self.pair.class_names)
    return score(compiled_predictions(method), batches, scorer).result()

  def result(self, row):
    """Returns what `result.json` has of a finished row, else None."""
    return results.read(self.directory(row, 'result.json'))

  def _translated_picture(self):
    method = self.restore(self.translating_row())
    if not method.translates:
      return
    source = self.pair.gallery('source', _ROWS_SHOWN)
    translated = monitoring.translate(method, source, self.seed)
    candidates = self.pair.images('target', _NEAREST_AMONG)
    indices, _ = pictures.nearest(translated, candidates)
    pictures.save(
      self.picture_path,
      pictures.grid([source, translated, candidates[indices]]),
      scale=3,
    )

  @property
  def picture_path(self):
    """Path of the picture source | translated | nearest target image."""
    return os.path.join(self.run_dir, 'translated.png')

  def directory(self, row, *parts):
    """Returns a row's directory, or the path of something in it."""
    return os.path.join(self.run_dir, row.name, *parts)


def reopen(run_dir, data_dir, skip_corrupt=False):
  """Returns the `Experiment` of an existing run directory.

  Args:
    run_dir: written by `Experiment.train`.
    data_dir: directory of the prepared data sets.
    skip_corrupt: as `Experiment`.

  Raises:
    UserError: no run is there, or its data are not.
  """
  config.parse([run_directory.read(run_dir)], allow_unused=True)
  return Experiment(run_dir, data_dir, skip_corrupt)
