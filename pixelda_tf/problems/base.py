"""What a problem decides, and how its models are scored."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.columns import Metric
from pixelda_tf.fields import FIELDS

Tensors = Mapping[str, tf.Tensor]
Arrays = Mapping[str, np.ndarray]


class Case(NamedTuple):
  """An example and what a model made of it, to look at.

  Attributes:
    image: uint8 `[height, width, 3]`.
    texts: lines below it.
    label_maps: uint8 `[height, width]`, shown beside it: predicted, true.
  """

  image: np.ndarray
  texts: tuple[str, ...]
  label_maps: tuple[np.ndarray, ...] = ()


class Problem(ABC):
  """What models learn, and how they are scored.

  Attributes:
    targets: fields of an example that are learnt from, the first one above all:
      a domain without it cannot be tested on.
    outputs: names of what `predictions` returns.
    on_request: those of them that are too large to be returned unasked.
    maps: names of the field and of the output that have each pixel's class,
      which pictures show beside images; None where none do.
    scored: names of the classes that metrics are means over; None for all.
    metrics: the headline first. Tables, monitors and reports take their columns
      from it.
    counts: (title, format of `Scorer.result`) of what the metrics are over.
  """

  targets: tuple[str, ...]
  outputs: tuple[str, ...]
  on_request: tuple[str, ...] = ()
  maps: tuple[str, str] | None = None
  scored: Sequence[str] | None = None
  metrics: tuple[Metric, ...]
  counts: tuple[str, str] = ('count', '{count:,}')

  def check(self, domain: Any, role: str) -> None:
    """Checks that a domain has what is learnt from.

    Args:
      domain: an `OpenDomain`.
      role: 'source'; or 'target' or 'labelled_target', whose labels a method
        asks for.

    Raises:
      UserError: it lacks a field.
    """
    for name in self.targets:
      if name not in domain.fields:
        field = FIELDS[name]
        if role == 'source':
          raise UserError(
            f'source {domain.name} has no {field.noun}; {field.remedy}'
          )
        raise UserError(
          f'target {domain.name} has no {field.noun} to train on; leave '
          'methods out that learn from them'
        )

  @classmethod
  def can_test(cls, domain: Any) -> bool:
    """Returns whether an `OpenDomain` has what models are scored by."""
    return cls.targets[0] in domain.fields

  @abstractmethod
  def losses(self, examples: Tensors, outputs: Tensors) -> dict[str, tf.Tensor]:
    """Returns the loss of a task network's outputs, float32 `[batch]` by term.

    Raises:
      UserError: the examples lack a field.
    """

  @abstractmethod
  def head_losses(self, examples: Tensors, logits: tf.Tensor) -> tf.Tensor:
    """Returns the loss of a discriminator's class head.

    Args:
      examples: the images that it saw, with their fields.
      logits: float32 `[batch, rows, columns, n_classes]`, one a patch.

    Returns:
      float32 `[batch]`.
    """

  @abstractmethod
  def pseudo_labels(
    self, outputs: Tensors, sure: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """Returns the `targets` as a task network's outputs have them.

    Args:
      outputs: of a task network.
      sure: bool, of the shape of `probabilities` but for the classes: of maps
        of pixels, others are marked as not to be counted; of a whole image
        there is no such mark. None for all.
    """

  @abstractmethod
  def probabilities(self, outputs: Tensors) -> tf.Tensor:
    """Returns float32 `[..., n_classes]` that sum to 1."""

  @abstractmethod
  def predictions(
    self, outputs: Tensors, size: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """Returns what users get and scorers see, named as in `outputs`.

    Args:
      outputs: of a task network.
      size: (height, width) of the images that a user gave, which maps of pixels
        are brought to; None for that of the outputs.
    """

  def default_predictions(
    self, outputs: Tensors, size: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """Returns `predictions` without those that are only `on_request`."""
    predictions = self.predictions(outputs, size)
    return {
      name: values
      for name, values in predictions.items()
      if name not in self.on_request
    }

  @abstractmethod
  def keras_metrics(self, n_classes: int) -> list[tf.keras.metrics.Metric]:
    """Returns what Keras' `evaluate` shows.

    Each is updated with (the first of `targets`, outputs['logits']).
    """

  @classmethod
  def of_export(cls) -> 'Problem':
    """Returns a problem that scores an export; nobody asks for its losses."""
    return cls()

  @abstractmethod
  def scorer(self, class_names: Sequence[str], n_worst: int = 0) -> 'Scorer':
    """Returns a `Scorer` that has seen nothing yet.

    Args:
      class_names: by label.
      n_worst: how many of the worst examples it keeps.
    """


class Scorer(ABC):
  """Scores a model, batch by batch.

  Attributes:
    confusion: int64 `[n_classes, n_classes]`, counts of what `result` is over:
      row true, column predicted.
  """

  confusion: np.ndarray

  def __init__(self, class_names: Sequence[str], n_worst: int = 0):
    """See `Problem.scorer`."""
    self.class_names = tuple(class_names)
    self._worst = Worst(n_worst)

  @abstractmethod
  def update(self, examples: Arrays, predictions: Arrays) -> None:
    """Counts a batch.

    Args:
      examples: 'image', uint8 or float in [-1, 1], and the problem's targets.
      predictions: as `Problem.predictions`.

    Raises:
      UserError: the model is of other classes.
    """

  @abstractmethod
  def result(self) -> dict[str, Any]:
    """Returns all metrics, as JSON has them; 'count' is that of examples."""

  @abstractmethod
  def lines(self) -> list[str]:
    """Returns the result as lines of text, a line a class."""

  def worst(self) -> list[Case]:
    """Returns the worst examples, the worst first."""
    return self._worst.cases()

  def _check_classes(self, n_classes):
    if n_classes != len(self.class_names):
      raise UserError(
        f'the model has {n_classes} classes, the data set '
        f'{len(self.class_names)}: name a data set with the classes it was '
        'trained on'
      )


class Worst:
  """The n cases of the highest scores; of equal ones the first."""

  def __init__(self, n: int):
    """Keeps nothing yet."""
    self._n = n
    self._kept: list[Any] = []

  def add(self, scores: np.ndarray, case: Callable[[int], Case]) -> None:
    """Keeps the cases of a batch that are worse than what was kept.

    Args:
      scores: float `[batch]`; -inf is never kept.
      case: function of an index to its case; called for what is kept alone.
    """
    for index in np.argsort(-scores, kind='stable')[: self._n]:
      score = scores[index]
      full = len(self._kept) == self._n
      if score == -np.inf or (full and score <= self._kept[-1][0]):
        break
      self._kept.append((score, case(index)))
      self._kept.sort(key=lambda kept: -kept[0])  # Stable, as argsort.
      del self._kept[self._n :]

  def cases(self) -> list[Case]:
    """Returns what was kept, the highest score first."""
    return [case for _, case in self._kept]
