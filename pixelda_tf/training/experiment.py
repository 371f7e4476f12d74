"""A run: one pair of domains, some methods, one table."""

import dataclasses
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
  loop,
  monitoring,
  results,
  run_directory,
)

_NEAREST_AMONG = 10_000
_ROWS_SHOWN = 12


@gin.register
@dataclasses.dataclass(frozen=True)
class Row:
  """One method of a run, a row of its table.

  Attributes:
    name: of the row and its directory.
    method: function of (image_shape, n_classes, seed) to a `Method`.
    optimizer: a Keras optimizer for every player, or a dict by player.
    steps: number of train steps.
    note: what a reader of the row has to know, such as labels of the target
      that its settings were chosen by.
  """

  name: str
  method: type
  optimizer: object
  steps: int
  note: str = ''


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

  def train(self):
    """Trains every row that is not finished, and writes table and export.

    Returns:
      The content of `result.json`.
    """
    done = [self._train_row(row) for row in self.rows]
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
      'rows': done,
    }
    method = self.restore(self.row())
    serving.export(method, os.path.join(self.run_dir, 'export'))
    if method.adapts:
      self._translated_picture(method)
    results.write(os.path.join(self.run_dir, 'result.json'), result)
    return result

  def row(self, name=None):
    """Returns the row of a name, or the last that adapts (else the last).

    Raises:
      UserError: no row has that name.
    """
    if name is None:
      adapting = [row for row in self.rows if row.method.adapts]
      return (adapting or self.rows)[-1]
    for row in self.rows:
      if row.name == name:
        return row
    names = ', '.join(row.name for row in self.rows)
    raise UserError(f"{self.run_dir}: no row '{name}'; there are {names}")

  def build(self, row):
    """Returns a row's method as it is before its first step."""
    tf.keras.utils.set_random_seed(self.seed)
    with self.strategy.scope():
      method = row.method(
        image_shape=self.pair.image_shape,
        n_classes=self.pair.n_classes,
        seed=self.seed,
      )
      method.compile(row.optimizer)
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
    """Returns metrics on the target's test split, None without labels."""
    batches = self.pair.test_batches()
    if batches is None:
      return None
    predict = compiled_predictions(method)
    return evaluate(predict, batches, self.pair.n_classes)

  def _train_row(self, row):
    result_path = self._directory(row, 'result.json')
    finished = results.read(result_path)
    if finished:
      logging.info('%s: finished before, %s', row.name, result_path)
      return finished
    method = self.build(row)
    state, wall_seconds = _state(method)
    directory = self._directory(row, 'checkpoints')
    start = checkpoints.restore(directory, state)
    if start is not None:
      logging.info('%s: goes on from step %s', row.name, f'{start:,}')
    started = time.monotonic() - float(wall_seconds)

    def save(step, logs):
      del logs
      wall_seconds.assign(time.monotonic() - started)
      checkpoints.save(directory, step, state)

    def save_sometimes(step, logs):
      if step % self.checkpoint_every == 0 or step == row.steps:
        save(step, logs)

    monitor = monitoring.Monitor(
      self._directory(row),
      method,
      self.pair,
      picture_every=self.picture_every,
      config=config.text(),
    )
    try:
      loop.run(
        method,
        lambda step: self.pair.train_batches(self.seed, step, role=method.role),
        steps=row.steps,
        log_every=self.log_every,
        hooks=[monitor, save_sometimes],
        strategy=self.strategy,
        title=row.name,
      )
    except loop.Interrupted as error:
      save(int(method.step.numpy()), None)
      raise loop.Interrupted(
        f'{error}; saved in {directory}, the same command goes on from there'
      ) from None
    method.finalize()
    result = {
      'method': row.name,
      'steps': row.steps,
      'wall_seconds': round(float(wall_seconds), 1),
      'target_test': self.evaluate(method),
      'note': row.note,
    }
    results.write(result_path, result)
    return result

  def _translated_picture(self, method):
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
