"""What a config says of rows, and what they take from each other."""

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import gin
import tensorflow as tf

from pixelda_tf import parameter_types, validators
from pixelda_tf.data.pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.methods.base import Method
from pixelda_tf.problems import Problem
from pixelda_tf.runs import checkpoints, distribution
from pixelda_tf.runs.directory import RunDirectory

Optimizer: TypeAlias = tf.keras.optimizers.Optimizer


@dataclasses.dataclass(frozen=True)
class Common:
  """What the rows of a run share; see `Experiment`.

  Attributes:
    directory: of the run.
    pair: the domains as they are; a row may train on translated ones.
    problem: what is learnt.
    seed: of initial weights, noise, and the order of the data.
    policy: Keras's policy of precision.
    strategy: where it trains.
    log_every, picture_every, checkpoint_every: steps.
    check_data: raises UserError where the stored data have changed.
    validators: that score rows as they train.
  """

  directory: RunDirectory
  pair: OpenPair
  problem: Problem
  seed: int
  policy: str
  strategy: tf.distribute.Strategy
  log_every: int
  picture_every: int
  checkpoint_every: int
  check_data: Callable[[], None]
  validators: Sequence[str] = ()

  def feed(self, method: Method, pair: OpenPair, step: int = 0) -> Iterable:
    """Returns the batches of a method, see `distribution.feed`.

    Args:
      method: that takes them.
      pair: that has them.
      step: number of the first one.

    Raises:
      UserError: the pair has no such batches, or none that replicas can share.
    """

    def batches(host, hosts):
      return pair.train_batches(
        self.seed, step, method.role, host, hosts, method.strong_view
      )

    return distribution.feed(self.strategy, pair.batch_size, batches)


@gin.register(denylist=['name'])
@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
  """One method of a run, a row of its table.

  Attributes:
    name: of the row and its directory; in gin that is its scope, as of
      `@source_only/Row()`.
    method: a subclass of `Method`, built of (image_shape, n_classes,
      train_shape, problem, seed) and what gin binds.
    optimizer: a Keras optimizer for every player, or a dict by player.
    steps: number of train steps, at most: a method may end before.
    initial_networks: networks that start with another row's weights, a dict of
      the method's network to `<row>/<network>`; see `row_networks.load`.
    translated_by: an earlier row; this one is trained on the source's training
      split as that row translates it, stored as a data set. None for the source
      as it is.
    with_source: whether it is trained on the source as it is, too: the two are
      stored together, as one source.
    counted_by: an earlier row, by whose answers the target's shares of classes
      are estimated: this one's source is drawn so, see `drawn_source`. None for
      the source's own shares.
    chosen_by: the validator by which it ends with the weights of one of its
      checkpoints, of which all are kept until then, see `choice`; None for the
      last step's.
    crop, batch_size, augmentation: in place of the pair's, see `Pair`; None for
      the pair's.
    image_size: in place of the pair's, of a row that translates and predicts
      nothing: what it translates is stored at that size. None for the pair's.
    note: what a reader of the row has to know, such as labels of the target
      that its settings were chosen by.
  """

  name: str = dataclasses.field(default_factory=gin.current_scope_str)
  method: type[Method]
  optimizer: Optimizer | Mapping[str, Optimizer]
  steps: int
  initial_networks: Mapping[str, str] = dataclasses.field(default_factory=dict)
  translated_by: str | None = None
  with_source: bool = False
  counted_by: str | None = None
  chosen_by: str | None = None
  crop: tuple[int, int] | None = None
  batch_size: int | None = None
  augmentation: Any = None
  image_size: tuple[int, int] | None = None
  note: str = ''

  def __post_init__(self):
    """Checks the name, the types, the size and the choice.

    Raises:
      UserError: a parameter is of another type, the name cannot be that of a
        directory, its images would not be of the size in which others predict,
        or it predicts nothing to choose by.
    """
    if not self.name or '/' in self.name:
      raise UserError(
        f"a row's name is '{self.name}': give it a scope of one word in gin, "
        'as @source_only/Row(), or a name in Python'
      )
    self._check_types()
    if self.image_size and self.method.predicts:
      raise UserError(
        f"Row.image_size of '{self.name}' is {self.image_size}: only a row "
        'that predicts nothing has a size of its own; leave it out, or set '
        'Pair.image_size for all'
      )
    if self.chosen_by is not None and not self.method.predicts:
      raise UserError(
        f"Row.chosen_by of '{self.name}': "
        f'{self.method.__name__} predicts nothing to choose by; leave it out'
      )

  @property
  def keep(self) -> int | None:
    """How many checkpoints stay, None for all."""
    return checkpoints.KEEP if self.chosen_by is None else None

  def _check_types(self):
    of = f"of '{self.name}'"
    parameter_types.check_whole(f'Row.steps {of}', self.steps, 0)
    if self.batch_size is not None:
      parameter_types.check_whole(f'Row.batch_size {of}', self.batch_size)
    parameter_types.check_switch(f'Row.with_source {of}', self.with_source)
    parameter_types.check_text(f'Row.note {of}', self.note)
    for name in ('translated_by', 'counted_by', 'chosen_by'):
      if (value := getattr(self, name)) is not None:
        parameter_types.check_text(f'Row.{name} {of}', value)
    if self.chosen_by is not None:
      validators.check_name(self.chosen_by, f'Row.chosen_by {of}')
    if not isinstance(self.initial_networks, Mapping):
      raise UserError(
        f'Row.initial_networks {of} is {self.initial_networks!r}: a dict of '
        "the method's networks to '<row>/<network>' is needed"
      )

  def build(self, pair: OpenPair, common: Common) -> Method:
    """Returns a new method with its optimizers.

    Args:
      pair: that the row trains on.
      common: what the run's rows share.

    Raises:
      UserError: the method cannot be built of such parts, or for such images.
    """
    try:
      # Called within gin, as the row was: its builders' numbers in the row's
      # scope are the row's. A name in Python may be none of a scope.
      is_scope = self.name.isidentifier() and self.name.isascii()
      with gin.config_scope(self.name if is_scope else None):
        method = self.method(
          image_shape=pair.image_shape,
          n_classes=pair.n_classes,
          train_shape=pair.train_shape,
          problem=common.problem,
          seed=common.seed,
        )
    except ValueError as error:
      reason = str(error).splitlines()[0]
      raise UserError(f"row '{self.name}' cannot be built: {reason}") from error
    try:
      method.compile(self.optimizer)
    except UserError as error:
      raise UserError(
        f"Row.optimizer of '{self.name}': {error.message}"
      ) from error
    return method

  def of_its_own(self, pair: OpenPair) -> OpenPair:
    """Returns a pair with what the row has in place of the pair's.

    Raises:
      UserError: its sizes do not fit the images.
    """
    names = ('crop', 'batch_size', 'augmentation', 'image_size')
    own = {name: getattr(self, name) for name in names}
    own = {name: value for name, value in own.items() if value is not None}
    try:
      return pair.changed(**own) if own else pair
    except UserError as error:
      names = ', '.join(f'Row.{name}' for name in own)
      raise UserError(
        f"row '{self.name}', which has a {names}: {error.message}"
      ) from error


def check_order(rows: Sequence[Row]) -> None:
  """Checks that rows have names of their own and start from earlier ones.

  Raises:
    UserError: they do not.
  """
  all_names = [row.name for row in rows]
  if len(set(all_names)) < len(all_names):
    raise UserError(f'Experiment.rows: two rows of one name in {all_names}')
  for number, row in enumerate(rows):
    earlier = {other.name: other for other in rows[:number]}
    names = ', '.join(earlier) or 'none'
    by = row.translated_by
    if row.with_source and by is None:
      raise UserError(
        f"Row.with_source of '{row.name}': name the row that translates in "
        'Row.translated_by, or leave it out'
      )
    if by is not None and by not in earlier:
      raise UserError(
        f"Row.translated_by of '{row.name}' is '{by}': name a row before it "
        f'({names})'
      )
    counter = row.counted_by
    if counter is not None and not (
      counter in earlier and earlier[counter].method.predicts
    ):
      raise UserError(
        f"Row.counted_by of '{row.name}' is '{counter}': name a row before it "
        f'that predicts ({names})'
      )
    if by is not None and not earlier[by].method.translates:
      raise UserError(
        f"Row.translated_by of '{row.name}' is '{by}', which does not "
        'translate; name one that does'
      )
    for network, origin in row.initial_networks.items():
      folder, name = os.path.split(origin)
      if not (folder and name):
        raise UserError(
          f"Row.initial_networks of '{row.name}': {network} is from '{origin}'"
          '; write <row>/<network>, or <run_dir>/<row>/<network> for another '
          'run'
        )
      if not os.path.dirname(folder) and folder not in earlier:
        raise UserError(
          f"Row.initial_networks of '{row.name}': {network} is from '{origin}'"
          f': name a row before it ({names}), or <run_dir>/<row>/<network> of '
          'another run'
        )
