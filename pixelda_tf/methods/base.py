"""What a method predicts, and the only train step."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf.methods.keras_model import KerasModel
from pixelda_tf.methods.player import Batch, Player, Step, Tensors, mean_terms
from pixelda_tf.networks import ImageShape, TaskBuilder, mnist_classifier
from pixelda_tf.problems import Classification, Problem


class Method(KerasModel):
  """A domain adaptation method: networks, players and a problem to solve.

  A subclass says who plays (`players`), what they share in a step (`shared`),
  what it predicts of target images (`task`, or `call`) and, if it can, how
  source images are translated (`translate`). Steps, precision, distribution and
  logging are here, once.

  A subclass's constructor names its own options and passes others on: its
  signature has them all, with their defaults, as gin's checks and records do.

  Attributes:
    adapts: whether the method learns from unlabelled target images.
    predicts: whether it has a task network.
    translates: whether `translate` works, from source to target.
    translates_back: whether `translate_back` works, from target to source.
    needs: names of its networks that have to come from another row, trained.
    role: which batches it trains on, see `OpenPair.train_batches`.
    strong_view: whether they have a second view of target images.
    image_shape: (height, width, channels) of whole images.
    train_shape: that of images in training batches, which may be crops.
    network_shape: that with which networks are built.
    n_classes: number of classes.
    problem: what its task networks learn.
    step: int64 variable, the number of train steps taken.
  """

  adapts = True
  predicts = True
  translates = True
  translates_back = False
  needs: tuple[str, ...] = ()
  role = 'unsupervised'
  strong_view = False

  def __init__(
    self,
    *,
    image_shape: ImageShape,
    n_classes: int,
    train_shape: ImageShape | None = None,
    problem: Problem | None = None,
    task: TaskBuilder = mnist_classifier,
    seed: int = 0,
  ):
    """Builds what all methods have; networks are the subclass's to build.

    Args:
      image_shape: (height, width, channels) of both domains' images; sides may
        be None.
      n_classes: number of classes.
      train_shape: that of images in training batches; None for `image_shape`.
        Where they differ, networks are built for images of any size.
      problem: what is learnt; None for `Classification`.
      task: builder of T, called with (image_shape, n_classes).
      seed: start of the method's random stream.
    """
    super().__init__()
    height, width, channels = image_shape
    self.image_shape: ImageShape = (height, width, channels)
    height, width, _ = train_shape or image_shape
    self.train_shape: ImageShape = (height, width, channels)
    crops = self.train_shape != self.image_shape
    self.network_shape = (None, None, channels) if crops else self.image_shape
    self.n_classes = n_classes
    self.problem = problem or Classification()
    self._seed = seed
    self.build_task = functools.partial(task, self.network_shape, n_classes)
    self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name='step')
    self.random = tf.random.Generator.from_seed(seed)
    self.test_metrics = self.problem.keras_metrics(n_classes)

  def __init_subclass__(cls, **kwargs):
    """Completes the constructor's signature."""
    super().__init_subclass__(**kwargs)
    signature = _whole_signature(cls)
    cls.__init__.__signature__ = signature  # type: ignore[attr-defined]

  def players(self) -> tuple[Player, ...]:
    """Returns the players in the order in which they move."""
    raise NotImplementedError

  def shared(self, batch: Batch) -> Any:
    """Returns what all players reuse in this step; computed once."""
    del batch

  def noise(
    self, count: int | tf.Tensor, seed: int | None = None
  ) -> tf.Tensor | None:
    """Returns what `translate` draws a style from; None without noise.

    Args:
      count: number of images.
      seed: gives the same noise for the same seed; None takes the next of the
        method's own random stream.
    """
    del count, seed
    return None

  def translate(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """Translates source images to the target's style.

    Args:
      images: float32 `[batch, height, width, channels]` in [-1, 1].
      noise: what the method draws its style from; None draws it.

    Returns:
      float32 images of the same shape and range.
    """
    raise NotImplementedError(f'{type(self).__name__} does not translate')

  def translate_back(
    self, images: tf.Tensor, noise: tf.Tensor | None = None
  ) -> tf.Tensor:
    """Translates target images to the source's style, as `translate`."""
    raise NotImplementedError(f'{type(self).__name__} does not translate back')

  def after_step(self) -> None:
    """Moves what no player does, such as a teacher by moving average.

    Called once a step, after all players, outside the tape; on several devices
    by each, for its own copies of the variables. A checkpoint holds what it
    moves if the method holds it as an attribute.
    """

  def stopped(self) -> str | None:
    """Returns why training ends before its last step, or None."""

  def select_without_labels(
    self, target_images: Callable[[int], Iterable[np.ndarray]]
  ) -> dict[str, float]:
    """Chooses, after the last step, what is chosen without target labels.

    Args:
      target_images: function of n to batches of the first n training images of
        the target, float32 `[..., height, width, channels]` in [-1, 1]; one
        batch is in memory at a time.

    Returns:
      dict of what was chosen, for the row's result; empty here.
    """
    del target_images
    return {}

  def call(self, images: tf.Tensor, training: bool = False) -> Tensors:
    """Returns T's outputs on target images, as the problem takes them."""
    return self.task(images, training=training)

  def predictions(
    self, images: tf.Tensor, size: tf.Tensor | None = None
  ) -> Tensors:
    """Returns `Problem.default_predictions` of images: what users get."""
    return self.problem.default_predictions(self(images), size)

  def task_terms(
    self,
    task: tf.keras.Model,
    images: tf.Tensor,
    examples: Mapping[str, tf.Tensor],
    weight: float = 1.0,
    prefix: str = '',
  ) -> Tensors:
    """Returns L_task, the problem's losses of a task network in training.

    Args:
      task: the network.
      images: float32 `[batch, height, width, channels]` in [-1, 1].
      examples: what is true of them.
      weight: of all terms.
      prefix: of their names.
    """
    outputs = task(images, training=True)
    return mean_terms(self.problem.losses(examples, outputs), weight, prefix)

  def take_step(self, batch: Batch) -> Step:
    """Moves every player, in order.

    What is shared is computed once and differentiated by whoever reaches it;
    each later player sees the earlier ones' new weights.

    Args:
      batch: see `OpenPair.train_batches`.
    """
    tape = tf.GradientTape(persistent=True)
    with tape:
      shared = self.shared(batch)
    logs, all_moves = {}, {}
    for player in self.players():
      optimizers = self.player_optimizers
      moves = [player.move(batch, shared, tape, optimizers)]
      for _ in range(player.repeats - 1):
        fresh_tape = tf.GradientTape(persistent=True)
        with fresh_tape:
          fresh = self.shared(batch)
        moves.append(player.move(batch, fresh, fresh_tape, optimizers))
      for name in moves[0].logs:
        values = [move.logs[name] for move in moves]
        logs[f'{player.name}/{name}'] = tf.add_n(values) / len(values)
      all_moves[player.name] = moves
    self.after_step()
    # Not of a batch that there was none of: data may end within a step.
    with tf.control_dependencies(list(logs.values())[:1]):
      self.step.assign_add(1)
    return Step(logs, all_moves)

  def test_step(self, data: Any) -> Tensors:
    """Returns metrics, updated by (images, labels) or a dict of fields.

    Maps of pixels are compared in the labels' size. Where there is all that is
    learnt, T's 'loss' is among them.
    """
    learnt = self.problem.targets
    images, labels, weights = tf.keras.utils.unpack_x_y_sample_weight(data)
    given = images if labels is None else {'image': images, learnt[0]: labels}
    truth = self.prepared_truth(given)
    labels = truth[learnt[0]]
    outputs = self(self.prepared(given['image']))
    if outputs['logits'].shape.rank == 4:
      size = tf.shape(labels)[1:3]
      outputs |= {'logits': tf.image.resize(outputs['logits'], size)}
    for metric in self.test_metrics:
      metric.update_state(labels, outputs['logits'], weights)
    results = {metric.name: metric.result() for metric in self.test_metrics}
    if set(learnt) <= set(truth):
      losses = self.problem.losses(truth, outputs).values()
      results |= self._means.update({'loss': tf.add_n(list(losses))}, weights)
    return results

  def predict_step(self, data: Any) -> Tensors:
    """Returns `predictions` of images, maps of pixels in the images' size."""
    images, _, _ = tf.keras.utils.unpack_x_y_sample_weight(data)
    return self.predictions(self.prepared(images), tf.shape(images)[1:3])

  def finalize(self) -> None:
    """Puts averaged weights in place where an optimizer keeps averages."""
    for player in self.players():
      for name, variables in player.parts().items():
        optimizer = self.player_optimizers[name]
        if optimizer.use_ema:
          optimizer.finalize_variable_values(variables)


def _whole_signature(method):
  """Returns a constructor's signature with what it passes on in its place."""
  own = inspect.signature(method.__init__).parameters
  passes_on = any(p.kind == p.VAR_KEYWORD for p in own.values())
  if not passes_on:
    return inspect.Signature(list(own.values()))
  parent = inspect.signature(method.__mro__[1].__init__).parameters
  return inspect.Signature(
    [p for p in (parent | own).values() if p.kind != p.VAR_KEYWORD]
  )
