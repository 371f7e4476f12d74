"""Training of one row of a run, from where it stands to its result."""

import os
import time

import tensorflow as tf
from absl import logging

from pixelda_tf import atomic, config
from pixelda_tf.errors import UserError
from pixelda_tf.runs import (
  checkpoints,
  distribution,
  handover,
  loop,
  monitoring,
  translated_source,
)


class State(tf.train.Checkpoint):
  """All that a resumed row needs: its method and the seconds it has taken."""

  def __init__(self, method):
    """Of a method as it was built."""
    seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
    super().__init__(method=method, wall_seconds=seconds)


def train(run, row):
  """Trains a row that is not finished, and writes its result.

  All hosts call it. What they read in the run's directory, they read before a
  barrier that the chief passes before it writes: so they all see the same.

  Args:
    run: an `Experiment`.
    row: one of its rows.

  Raises:
    UserError: what the row starts from is not there, or it cannot be trained.
    Interrupted: after Ctrl-C; the steps that were taken are saved.
  """
  if run.result(row):
    logging.info('%s: finished before', row.name)
    return
  chief = distribution.is_chief(run.strategy)
  pair = pair_of(run, row)
  with run.strategy.scope():
    method = run.build(row)
  state = State(method)
  directory = run.directory(row, 'checkpoints')
  start = checkpoints.restore(directory, state)
  if start is None:
    handover.load(method, pair.class_names, row.initial_networks, run.run_dir)
    with run.strategy.scope():
      # Again: averages start from the initial networks.
      method.compile(row.optimizer)
  else:
    logging.info('%s: goes on from step %s', row.name, f'{start:,}')
    written_by = checkpoints.written_by(directory, start)
    if written_by not in (None, tf.__version__):
      logging.info(
        'TensorFlow %s took the steps so far, %s goes on: results are equal to '
        'rounding, not to the bit',
        written_by,
        tf.__version__,
      )
  distribution.barrier(run.strategy)
  started = time.monotonic() - float(state.wall_seconds)

  def save():
    state.wall_seconds.assign(time.monotonic() - started)
    if chief:
      checkpoints.save(directory, int(method.step.numpy()), state)
    else:
      checkpoints.take_part_in_save(state)

  def save_sometimes(step, logs):
    del logs
    last = step == row.steps or method.stopped()
    if last or step % run.checkpoint_every == 0:
      save()

  def batches(step):
    return distribution.feed(
      run.strategy,
      pair.batch_size,
      lambda host, hosts: pair.train_batches(
        run.seed, step, method.role, host, hosts
      ),
    )

  try:
    loop.run(
      method,
      batches,
      steps=row.steps,
      log_every=run.log_every,
      hooks=[*_monitor(run, row, pair, method), save_sometimes],
      strategy=run.strategy,
      title=row.name,
    )
  except loop.Interrupted as error:
    save()
    raise loop.Interrupted(
      f'{error}; saved in {directory}, the same command goes on from there'
    ) from None
  if chief:
    _finish(run, row, pair)
  distribution.barrier(run.strategy)


def pair_of(run, row):
  """Returns the pair that a row trains on."""
  if row.translated_by is None:
    return run.pair
  by = run.row(row.translated_by)

  def translator():
    path = run.directory(by, 'result.json')
    if not os.path.exists(path):
      raise UserError(
        f"{path}: not there; train row '{by.name}' to its end first, which "
        f"translates for '{row.name}'"
      )
    method = run.restore(by)
    if not method.translates:  # Its settings took that away.
      raise UserError(
        f"Row.translated_by of '{row.name}': row '{by.name}' does not "
        'translate; name one that does'
      )
    return method

  if distribution.is_chief(run.strategy):
    translated_source.store(run.pair, run.directory(by), translator, run.seed)
  distribution.barrier(run.strategy)
  return translated_source.pair(run.pair, run.directory(by))


def _monitor(run, row, pair, method):
  """Returns the hooks that write what there is to see of a method."""
  hooks, shown = [], method
  if run.strategy.num_replicas_in_sync > 1:
    shown = run.build(row)
    distribution.copy(method, shown)
    hooks = [lambda step, logs: distribution.copy(method, shown)]
  if distribution.is_chief(run.strategy):
    hooks.append(
      monitoring.Monitor(
        run.directory(row),
        shown,
        method.player_optimizers,
        pair,
        picture_every=run.picture_every,
        config=config.text(),
      )
    )
  return hooks


def _finish(run, row, pair):
  """Writes the result and the networks of a row's newest checkpoint."""
  method = run.build(row)
  state = State(method)
  directory = run.directory(row, 'checkpoints')
  step = checkpoints.restore(directory, state)
  method.finalize()
  selected = method.select_without_labels(
    lambda count: pair.images('target', count)
  )
  if selected:
    checkpoints.save(directory, step, state)
  result = {
    'method': row.name,
    'steps': step,
    'wall_seconds': round(float(state.wall_seconds), 1),
    'answers': method.predicts,
    'target_test': run.evaluate(method),
    'note': row.note,
  }
  if method.stopped():
    result['stopped'] = method.stopped()
  handover.save(method, pair.class_names, run.directory(row))
  atomic.write_json(run.directory(row, 'result.json'), result | selected)
