"""A row of a run: built, trained from where it stands, and used."""

import functools
from typing import Any

import tensorflow as tf
from absl import logging

from pixelda_tf import atomic, config, validators
from pixelda_tf.data.pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.evaluate import score
from pixelda_tf.methods.base import Method
from pixelda_tf.runs import (
  checkpoints,
  choice,
  distribution,
  drawn_source,
  loop,
  monitoring,
  precision,
  row_networks,
  translated_source,
)
from pixelda_tf.runs.directory import read_json
from pixelda_tf.runs.own_method import OwnMethod
from pixelda_tf.runs.row_settings import Common, Row


class OpenRow:
  """A row in its run.

  The method that this host has for itself is kept, see `OwnMethod`.

  Attributes:
    settings: its `Row`.
    name: of the row.
    directory: its `RowDirectory`.
    original: the run's pair with what the row has of its own.
    translator: the row that translates its source, see `Row.translated_by`.
  """

  def __init__(
    self,
    settings: Row,
    common: Common,
    translator: 'OpenRow | None' = None,
    counter: 'OpenRow | None' = None,
  ):
    """Builds nothing.

    Args:
      settings: what the config says of it.
      common: what the run's rows share.
      translator: see the attribute.
      counter: the row of `Row.counted_by`.

    Raises:
      UserError: its sizes do not fit the images.
    """
    self.settings = settings
    self.name = settings.name
    self.directory = common.directory.row(settings.name)
    self._common = common
    self.original = settings.of_its_own(common.pair)
    self.translator = translator
    self._counter = counter
    if counter is not None:
      drawn_source.check(self.original, self.name)
    self._directions: tuple[bool, bool] | None = None  # Not built yet.
    checkpoints_there = self.directory.checkpoints
    self._own = OwnMethod(self.build, self.original, checkpoints_there)

  @property
  def predicts(self) -> bool:
    """Whether it has a task network."""
    return self.settings.method.predicts

  @property
  def adapts(self) -> bool:
    """Whether it learns from unlabelled target images."""
    return self.settings.method.adapts

  @property
  def translates(self) -> bool:
    """Whether it translates; settings may take that away from a method."""
    if self._directions is None and self.settings.method.translates:
      self._own.method()
    return bool(self._directions and self._directions[0])

  @property
  def translates_back(self) -> bool:
    """Whether it translates from the target to the source, too."""
    return self.translates and bool(self._directions and self._directions[1])

  @property
  def is_started(self) -> bool:
    """Whether it has a checkpoint."""
    return bool(checkpoints.steps(self.directory.checkpoints))

  def result(self) -> dict[str, Any] | None:
    """Returns what `result.json` has of it, None before it is finished."""
    return read_json(self.directory.result)

  def build(self) -> Method:
    """Returns a new method as it is before its first step.

    Under a strategy's scope, the method is that strategy's. The process's
    random seeds are set to the run's.

    Raises:
      UserError: the method cannot be built of such parts, or for such images.
    """
    tf.keras.utils.set_random_seed(self._common.seed)
    with precision.scope(self._common.policy):
      method = self.settings.build(self.original, self._common)
    self._directions = method.translates, method.translates_back
    return method

  def trained(self) -> Method:
    """Returns this host's method, as its newest checkpoint has it.

    Averaged weights are in place. It is read once, see `release`.

    Raises:
      UserError: the row has no checkpoint.
    """
    if not self._own.is_trained:
      self._own.restored()
    return self._own.method()

  def target_test(self) -> dict[str, Any] | None:
    """Returns metrics of that method on the target's test split, or None."""
    if not self.predicts:
      return None
    predict, batches = self._own.predictions(), self.original.test_batches()
    if predict is None or batches is None:
      return None
    scorer = self._common.problem.scorer(self.original.class_names)
    return score(predict, batches, scorer).result()

  def evidence(self) -> validators.Evidence:
    """Returns what validators know of that method, without target labels.

    Raises:
      UserError: the row has no checkpoint, or predicts nothing.
    """
    method, predict = self.trained(), self._own.predictions()
    if predict is None:
      raise UserError(f"row '{self.name}' predicts nothing to be scored by")
    answer = validators.compiled_answers(method)
    return self._own.looked_at().evidence(answer, predict)

  def release(self) -> None:
    """Forgets the method that was kept."""
    self._own.release()

  def train(self) -> None:
    """Trains it if it is not finished, and writes its result.

    All hosts call it. What they read in the run's directory, they read before a
    barrier that the chief passes before it writes: so they all see the same.

    Raises:
      UserError: what it starts from is not there, or it cannot be trained.
      Interrupted: after Ctrl-C; the steps that were taken are saved.
    """
    if self.result():
      logging.info('%s: finished before', self.name)
      return
    strategy = self._common.strategy
    pair = self.pair()
    self.release()
    with strategy.scope():
      method = self.build()
    if strategy.num_replicas_in_sync == 1:
      self._own.take(method)
    state = checkpoints.RowState(method)
    self._begin(state, pair)
    distribution.barrier(strategy)
    self._take_steps(state, pair)
    if distribution.is_chief(strategy):
      self._finish(pair)
    distribution.barrier(strategy)

  def pair(self) -> OpenPair:
    """Returns the pair that it trains on; all hosts call it.

    Raises:
      UserError: the row that translates its source is not finished, or the
        translated source is damaged.
    """
    pair = translated_source.of_row(
      self.original, self.translator, self.settings, self._common
    )
    if self._counter is not None:
      pair = drawn_source.pair(pair, self._counter, self.name)
    return pair

  def _begin(self, state, pair):
    """Puts a method where its newest checkpoint is, or where it starts."""
    start = checkpoints.restore(self.directory.checkpoints, state)
    if start is not None:
      logging.info('%s: goes on from step %s', self.name, f'{start:,}')
      checkpoints.log_other_writer(self.directory.checkpoints, start)
      return
    row_networks.load(
      state.method,
      pair.class_names,
      self.settings.initial_networks,
      self._common.directory.path,
    )
    if self.settings.initial_networks:
      with self._common.strategy.scope():
        # Again: averages start from the initial networks.
        state.method.compile(self.settings.optimizer)

  def _take_steps(self, state, pair):
    """Trains to the last step, with a checkpoint there."""
    common, method = self._common, state.method
    saver = checkpoints.Saver(
      self.directory.checkpoints,
      state,
      steps=self.settings.steps,
      every=common.checkpoint_every,
      is_chief=distribution.is_chief(common.strategy),
      keep=self.settings.keep,
    )
    try:
      loop.run(
        method,
        functools.partial(common.feed, method, pair),
        steps=self.settings.steps,
        log_every=common.log_every,
        hooks=[*self._monitor(method, pair), saver],
        strategy=common.strategy,
        title=self.name,
      )
    except loop.Interrupted as error:
      saver.save()
      raise loop.Interrupted(
        f'{error}; saved in {self.directory.checkpoints}, the same command '
        'goes on from there'
      ) from None

  def _monitor(self, method, pair):
    """Returns the hooks that write what there is to see of a method."""
    hooks: list[loop.Hook] = []
    own = self._own.method()
    if own is not method:
      distribution.copy(method, own)
      hooks.append(lambda step, logs: distribution.copy(method, own))
    if distribution.is_chief(self._common.strategy):
      hooks.append(
        monitoring.Monitor(
          self.directory,
          own,
          method.player_optimizers,
          pair,
          self._own.predictions(),
          scores=self._own.scores(self._common.validators),
          picture_every=self._common.picture_every,
          config=config.text(),
        )
      )
    return hooks

  def _finish(self, pair):
    """Writes the result and the networks of the newest checkpoint."""
    self._common.check_data()  # They may have been replaced meanwhile.
    method, state = self._own.restored()
    step = int(method.step.numpy())
    images = functools.partial(pair.image_batches, 'target')
    selected: dict[str, Any] = {}
    if by := self.settings.chosen_by:
      directory = self.directory.checkpoints
      selected = choice.choose(self._own, state, directory, self.original, by)
    selected |= method.select_without_labels(images)
    if selected:
      checkpoints.save(self.directory.checkpoints, step, state)
    result = {
      'method': self.name,
      'steps': step,
      'wall_seconds': round(float(state.wall_seconds), 1),
      'answers': method.predicts,
      'target_test': self.target_test(),
      'note': self.settings.note,
    }
    if method.stopped():
      result['stopped'] = method.stopped()
    row_networks.save(method, pair.class_names, self.directory.networks)
    atomic.write_json(self.directory.result, result | selected)
