"""A run: one pair of domains, some methods, one table."""

import os
import time

import gin
import tensorflow as tf
from absl import logging

from pixelda_tf import config, serving
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import pictures
from pixelda_tf.evaluation.evaluate import compiled_predictions, evaluate
from pixelda_tf.training import (
  checkpoints,
  distribution,
  handover,
  loop,
  monitoring,
  results,
  run_directory,
  translated_source,
)
from pixelda_tf.training.rows import check_order, last

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
    *,
    pair,
    rows,
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
      pair: the source and target, a `Pair`.
      rows: the methods, a list of `Row`.
      seed: of initial weights, noise, and the order of the data.
      precision: a Keras policy, 'float32' or 'mixed_bfloat16'.
      deterministic: whether equal runs give equal bits.
      log_every: steps between lines of metrics.
      picture_every: steps between pictures and histograms.
      checkpoint_every: steps between checkpoints, a multiple of `log_every`.

    Raises:
      UserError: the data or a setting is not usable.
    """
    if precision not in ('float32', 'mixed_bfloat16'):
      raise UserError(
        f"Experiment.precision is '{precision}': 'float32' or 'mixed_bfloat16'"
      )
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
    self.pair = pair.open(data_dir, skip_corrupt=skip_corrupt)
    self.rows = rows
    self.seed = seed
    self.precision = precision
    self.log_every = log_every
    self.picture_every = picture_every
    self.checkpoint_every = checkpoint_every
    self.strategy = distribution.strategy()
    tf.keras.mixed_precision.set_global_policy(precision)
    if deterministic:
      tf.config.experimental.enable_op_determinism()

  def train(self, only=None):
    """Trains rows that are not finished, and writes table and export.

    Args:
      only: names of the rows to train; None for all. Of the others, those that
        were finished before are in the table too.

    Returns:
      The content of `result.json`.

    Raises:
      UserError: there is no row of such a name, or what a row starts from is
        not there.
    """
    chosen = self.rows if only is None else [self.row(name) for name in only]
    finished = []
    for row in self.rows:
      done = self._train_row(row) if row in chosen else self._result(row)
      finished += [done] if done else []
    result = {
      'source': self.pair.source.name,
      'target': self.pair.target.name,
      'source_count': self.pair.source.count(self.pair.source.train),
      'target_count': self.pair.target.count(self.pair.target.train),
      'source_description': self.pair.source.description,
      'target_description': self.pair.target.description,
      'image_shape': list(self.pair.image_shape),
      'class_names': list(self.pair.class_names),
      'seed': self.seed,
      'precision': self.precision,
      'rows': finished,
    }
    row = self.row()
    if row.method.answers:
      serving.export(self.restore(row), os.path.join(self.run_dir, 'export'))
    self._translated_picture()
    results.write(os.path.join(self.run_dir, 'result.json'), result)
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
      return last(rows, lambda row: (row.method.answers, row.method.adapts))
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
      if checkpoints.steps(self._directory(row, 'checkpoints'))
    ]

  def build(self, row):
    """Returns a row's method as it is before its first step.

    Raises:
      UserError: the method cannot be built of such parts, or for such images.
    """
    tf.keras.utils.set_random_seed(self.seed)
    try:
      with self.strategy.scope():
        method = row.method(
          image_shape=self.pair.image_shape,
          n_classes=self.pair.n_classes,
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
    directory = self._directory(row, 'checkpoints')
    if checkpoints.restore(directory, _state(method)[0]) is None:
      raise UserError(f'{directory}: no checkpoint; train the run first')
    method.finalize()
    return method

  def evaluate(self, method):
    """Returns metrics on the target's test split.

    None where the target has no labels or the method does not answer.
    """
    batches = self.pair.test_batches()
    if batches is None or not method.answers:
      return None
    predict = compiled_predictions(method)
    return evaluate(predict, batches, self.pair.n_classes)

  def _train_row(self, row):
    finished = self._result(row)
    if finished:
      logging.info('%s: finished before', row.name)
      return finished
    pair = self._pair(row)
    method = self.build(row)
    state, wall_seconds = _state(method)
    directory = self._directory(row, 'checkpoints')
    start = checkpoints.restore(directory, state)
    if start is None:
      handover.load(method, self.pair.class_names, row.handed_on, self.run_dir)
      with self.strategy.scope():
        # Again: averages start from what was handed on.
        method.compile(row.optimizer)
    else:
      logging.info('%s: goes on from step %s', row.name, f'{start:,}')
    started = time.monotonic() - float(wall_seconds)

    def save():
      wall_seconds.assign(time.monotonic() - started)
      checkpoints.save(directory, int(method.step.numpy()), state)

    def save_sometimes(step, logs):
      del logs
      last = step == row.steps or method.stopped()
      if last or step % self.checkpoint_every == 0:
        save()

    monitor = monitoring.Monitor(
      self._directory(row),
      method,
      pair,
      picture_every=self.picture_every,
      config=config.text(),
    )
    try:
      loop.run(
        method,
        lambda step: pair.train_batches(self.seed, step, role=method.role),
        steps=row.steps,
        log_every=self.log_every,
        hooks=[monitor, save_sometimes],
        strategy=self.strategy,
        title=row.name,
      )
    except loop.Interrupted as error:
      save()
      raise loop.Interrupted(
        f'{error}; saved in {directory}, the same command goes on from there'
      ) from None
    method.finalize()
    settled = method.settle(lambda count: pair.images('target', count))
    if settled:
      save()
    result = {
      'method': row.name,
      'steps': int(method.step.numpy()),
      'wall_seconds': round(float(wall_seconds), 1),
      'answers': method.answers,
      'target_test': self.evaluate(method),
      'note': row.note,
    }
    if method.stopped():
      result['stopped'] = method.stopped()
    handover.save(method, self.pair.class_names, self._directory(row))
    results.write(self._directory(row, 'result.json'), result | settled)
    return result | settled

  def _result(self, row):
    return results.read(self._directory(row, 'result.json'))

  def _pair(self, row):
    """Returns the pair that a row trains on."""
    if row.translated_by is None:
      return self.pair
    by = self.row(row.translated_by)

    def translator():
      path = self._directory(by, 'result.json')
      if not os.path.exists(path):
        raise UserError(
          f"{path}: not there; train row '{by.name}' to its end first, which "
          f"translates for '{row.name}'"
        )
      method = self.restore(by)
      if not method.translates:  # Its settings took that away.
        raise UserError(
          f"Row.translated_by of '{row.name}': row '{by.name}' does not "
          'translate; name one that does'
        )
      return method

    return translated_source.pair(
      self.pair, self._directory(by), translator, self.seed
    )

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

  def _directory(self, row, *parts):
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


def _state(method):
  wall_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
  state = tf.train.Checkpoint(method=method, wall_seconds=wall_seconds)
  return state, wall_seconds
