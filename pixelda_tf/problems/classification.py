"""One class an image."""

from collections.abc import Sequence
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.evaluation import pictures
from pixelda_tf.evaluation.metrics import confusion
from pixelda_tf.losses.task import cross_entropy, patch_cross_entropy
from pixelda_tf.problems.base import (
  Arrays,
  Case,
  Metric,
  Problem,
  Scorer,
  Tensors,
)


@gin.register
class Classification(Problem):
  """Images of one class each; the task network gives 'logits'."""

  targets: tuple[str, ...] = ('label',)
  outputs: tuple[str, ...] = ('probabilities',)
  metrics: tuple[Metric, ...] = (
    Metric('accuracy', 'accuracy', '{:.2%}', True),
  )
  counts = ('right / count', '{correct:,} / {count:,}')

  def losses(self, examples: Tensors, outputs: Tensors) -> dict[str, tf.Tensor]:
    """The terms of Eq. 3 of PixelDA: {'class': float32 `[batch]`}."""
    return {'class': cross_entropy(examples['label'], outputs['logits'])}

  def head_losses(self, examples: Tensors, logits: tf.Tensor) -> tf.Tensor:
    """All patches of an image have its label."""
    return patch_cross_entropy(examples['label'], logits)

  def pseudo_labels(
    self, outputs: Tensors, sure: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """{'label': int32 `[batch]`}."""
    del sure
    return {'label': tf.argmax(outputs['logits'], -1, output_type=tf.int32)}

  def probabilities(self, outputs: Tensors) -> tf.Tensor:
    """float32 `[batch, n_classes]`."""
    return tf.nn.softmax(outputs['logits'])

  def predictions(
    self, outputs: Tensors, size: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """{'probabilities': float32 `[batch, n_classes]`}."""
    del size
    return {'probabilities': self.probabilities(outputs)}

  def keras_metrics(self, n_classes: int) -> list[tf.keras.metrics.Metric]:
    """Accuracy."""
    del n_classes
    return [tf.keras.metrics.SparseCategoricalAccuracy('accuracy')]

  def scorer(
    self, class_names: Sequence[str], n_worst: int = 0
  ) -> 'ClassificationScorer':
    """Returns a `ClassificationScorer`."""
    return ClassificationScorer(class_names, n_worst)


class ClassificationScorer(Scorer):
  """Counts right classes; the worst are wrong ones that it was surest of."""

  def __init__(self, class_names: Sequence[str], n_worst: int = 0):
    """See `Problem.scorer`."""
    super().__init__(class_names, n_worst)
    n = len(self.class_names)
    self.confusion = np.zeros((n, n), np.int64)

  def update(self, examples: Arrays, predictions: Arrays) -> None:
    """See `Scorer`: of 'image' and 'label', and 'probabilities'."""
    self._check_classes(predictions['probabilities'].shape[-1])
    compared = self.compare(examples, predictions)
    self.count(compared)
    self._worst.add(
      self.badness(compared),
      lambda index: Case(
        pictures.to_rgb(examples['image'][index]), self.texts(compared, index)
      ),
    )

  def compare(
    self, examples: Arrays, predictions: Arrays
  ) -> dict[str, np.ndarray]:
    """Returns arrays `[batch]`: 'label', 'predicted_label', 'confidence'."""
    probabilities = predictions['probabilities']
    return {
      'label': examples['label'],
      'predicted_label': probabilities.argmax(-1),
      'confidence': probabilities.max(-1),
    }

  def count(self, compared: Arrays) -> None:
    """Adds a batch, as `compare` returned it."""
    self.confusion += confusion(
      compared['label'], compared['predicted_label'], len(self.class_names)
    )

  def badness(self, compared: Arrays) -> np.ndarray:
    """Returns float `[batch]`, by which the worst examples are found."""
    wrong = compared['label'] != compared['predicted_label']
    return np.where(wrong, compared['confidence'], -np.inf)

  def texts(self, compared: Arrays, index: int) -> tuple[str, ...]:
    """Returns the lines below an example's image."""
    said = self.class_names[compared['predicted_label'][index]]
    return (
      f'is {self.class_names[compared["label"][index]]}',
      f'said {said} {compared["confidence"][index]:.0%}',
    )

  def result(self) -> dict[str, Any]:
    """Accuracy in [0, 1], counts, and accuracy a class.

    Returns:
      {'accuracy': float, 'count': int, 'correct': int, 'per_class_accuracy':
      list of n_classes floats, None without examples}.
    """
    right, counts = np.diagonal(self.confusion), self.confusion.sum(axis=1)
    return {
      'accuracy': float(right.sum() / counts.sum()),
      'count': int(counts.sum()),
      'correct': int(right.sum()),
      'per_class_accuracy': [
        float(fraction) if count else None
        for fraction, count in zip(
          right / np.maximum(counts, 1), counts, strict=True
        )
      ],
    }

  def lines(self) -> list[str]:
    """See `Scorer`: of all examples, then of each class."""
    result = self.result()
    names = [f'{result["correct"]:,} of {result["count"]:,}', *self.class_names]
    width = max(map(len, names))
    rows = [result]
    for label in range(len(self.class_names)):
      rows.append(
        {
          key.removeprefix('per_class_'): values[label]
          for key, values in result.items()
          if key.startswith('per_class_')
        }
      )
    return [
      f'{name:<{width}}{self.columns(row)}'
      for name, row in zip(names, rows, strict=True)
    ]

  def columns(self, row: dict[str, Any]) -> str:
    """Returns the metrics of all examples, or of a class, as text."""
    if row['accuracy'] is None:
      return '  no examples'
    return f'{row["accuracy"]:>9.2%}'
