"""The class of every pixel."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from pixelda_tf.datasets.names import nfc
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.losses.task import cross_entropy, mean_of_pixels
from pixelda_tf.problems.base import Metric, Problem, Tensors
from pixelda_tf.problems.segmentation_scores import (
  SegmentationScorer,
  scored_classes,
)

SQUARE_ROOT = 'square_root'


@gin.register
class Segmentation(Problem):
  """Label maps; the task network gives 'logits' of every pixel.

  Pixels of `label_maps.IGNORE` count nowhere.
  """

  targets = ('segmentation',)
  outputs = ('labels', 'probabilities')
  on_request = ('probabilities',)
  maps = ('segmentation', 'labels')
  metrics = (
    Metric('mean_iou', 'mIoU', '{:.1%}', True),
    Metric('frequency_weighted_iou', 'frequency-weighted IoU', '{:.1%}', True),
    Metric('pixel_accuracy', 'pixel accuracy', '{:.1%}', True),
  )
  counts = ('images', '{count:,}')

  def __init__(
    self,
    *,
    class_weights: str | Sequence[float] | None = None,
    scored: Sequence[str] | None = None,
  ):
    """Keeps the options.

    Args:
      class_weights: of a pixel's loss by its class: None for equal ones; a
        sequence, one by label; or 'square_root': 1 / sqrt(the class's fraction
        of the image's pixels), so that a class has the square root of its
        pixels to say. An image's weights are of that image alone: no statistics
        of a data set are needed, and a batch can be shared out. With any
        weights the loss is a weighted mean: they count relative to each other.
      scored: names of the classes that the metrics are means over; None for
        all. Pixels of others still count as wrongly found where a scored class
        is predicted for them.

    Raises:
      UserError: the weights are not such.
    """
    if not (
      class_weights is None
      or class_weights == SQUARE_ROOT
      or _are_weights(class_weights)
    ):
      raise UserError(
        f"Segmentation.class_weights is {class_weights!r}: '{SQUARE_ROOT}', or "
        'a number a class of at least 0 and not all 0, is needed'
      )
    self.class_weights = class_weights
    self.scored = nfc(scored)

  def check(self, domain: Any, role: str) -> None:
    """Also that the options are of the source's classes.

    Raises:
      UserError: the domain has no label maps, or they are not.
    """
    super().check(domain, role)
    if role != 'source':
      return
    scored_classes(domain.class_names, self.scored)
    weights = self.class_weights
    if isinstance(weights, list | tuple) and len(weights) != domain.n_classes:
      raise UserError(
        f'Segmentation.class_weights has {len(weights)} numbers, source '
        f'{domain.name} has {domain.n_classes} classes: give one a class'
      )

  def losses(self, examples: Tensors, outputs: Tensors) -> dict[str, tf.Tensor]:
    """Cross entropy a pixel, the mean over an image's counted pixels.

    Args:
      examples: 'segmentation', int32 `[batch, height, width, 1]`.
      outputs: of the task network, 'logits', float32 `[batch, height, width,
        n_classes]`.

    Returns:
      {'pixels': float32 `[batch]`}, 0 of an image without counted pixels.
    """
    labels = examples['segmentation'][..., 0]
    return {'pixels': self._mean_loss(labels, outputs['logits'], True)}

  def head_losses(self, examples: Tensors, logits: tf.Tensor) -> tf.Tensor:
    """A patch has the label of the pixel in its middle, if that counts."""
    labels = tf.image.resize(
      examples['segmentation'], tf.shape(logits)[1:3], 'nearest'
    )
    return self._mean_loss(labels[..., 0], logits, False)

  def pseudo_labels(
    self, outputs: Tensors, sure: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """{'segmentation': int32 `[batch, height, width, 1]`}."""
    labels = tf.argmax(outputs['logits'], -1, output_type=tf.int32)
    if sure is not None:
      labels = tf.where(sure, labels, IGNORE)
    return {'segmentation': labels[..., tf.newaxis]}

  def probabilities(self, outputs: Tensors) -> tf.Tensor:
    """float32 `[batch, height, width, n_classes]`."""
    return tf.nn.softmax(outputs['logits'])

  def predictions(
    self, outputs: Tensors, size: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """The likeliest class of every pixel, and how likely each is.

    Logits are brought to another size, bilinearly, not labels: edges between
    classes stay smooth.

    Returns:
      {'labels': uint8 `[batch, height, width]`, 'probabilities': float32
      `[batch, height, width, n_classes]`}.
    """
    logits = outputs['logits']
    if size is not None:
      logits = tf.image.resize(logits, size)
    return {
      'labels': tf.cast(tf.argmax(logits, -1), tf.uint8),
      'probabilities': tf.nn.softmax(logits),
    }

  def keras_metrics(self, n_classes: int) -> list[tf.keras.metrics.Metric]:
    """mIoU, over the classes that are there, true or predicted."""
    return [
      tf.keras.metrics.MeanIoU(
        n_classes, 'mean_iou', ignore_class=IGNORE, sparse_y_pred=False
      )
    ]

  def scorer(
    self, class_names: Sequence[str], n_worst: int = 0
  ) -> SegmentationScorer:
    """Returns a `SegmentationScorer` of the scored classes.

    Raises:
      UserError: there is no class of a scored name.
    """
    return SegmentationScorer(class_names, n_worst, self.scored)

  def _mean_loss(self, labels, logits, weighted):
    counted = labels != IGNORE
    labels = tf.where(counted, labels, 0)
    weights = tf.cast(counted, logits.dtype)
    if weighted and self.class_weights is not None:
      weights *= self._weights(labels, weights, logits.shape[-1])
    return mean_of_pixels(cross_entropy(labels, logits), weights)

  def _weights(self, labels, counted, n_classes):
    """Returns the weight of each pixel's loss, float32 `[batch, h, w]`."""
    if self.class_weights != SQUARE_ROOT:
      return tf.gather(tf.constant(self.class_weights, tf.float32), labels)
    batch = tf.shape(labels)[0]
    counts = tf.math.bincount(
      tf.reshape(labels, [batch, -1]),
      tf.reshape(counted, [batch, -1]),
      minlength=n_classes,
      maxlength=n_classes,
      axis=-1,
    )
    # The number of the image's pixels is in all weights: it cancels out.
    return tf.gather(
      tf.math.rsqrt(tf.maximum(counts, 1.0)), labels, batch_dims=1
    )


def _are_weights(values):
  return (
    isinstance(values, list | tuple)
    and all(isinstance(value, int | float) and value >= 0 for value in values)
    and any(values)
  )
