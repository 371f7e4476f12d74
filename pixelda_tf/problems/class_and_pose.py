"""One object an image: its class and its 3D pose."""

from collections.abc import Sequence
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation.metrics import rotation_error_degrees
from pixelda_tf.losses.task import quaternion_log_loss
from pixelda_tf.problems.base import Arrays, Metric, Tensors
from pixelda_tf.problems.classification import (
  Classification,
  ClassificationScorer,
)


@gin.register
class ClassAndPose(Classification):
  """Images of one object each; the network gives 'logits' and a unit 'pose'."""

  targets = ('label', 'pose')
  outputs = ('probabilities', 'pose')
  metrics = (
    *Classification.metrics,
    Metric('mean_angle_error', 'mean angle error', '{:.2f} deg', False),
  )

  def __init__(self, *, pose_weight: float):
    """Keeps xi of Eq. 6 of PixelDA, the weight of the pose beside the class."""
    self.pose_weight = pose_weight

  def losses(self, examples: Tensors, outputs: Tensors) -> dict[str, tf.Tensor]:
    """The terms of Eq. 6 of PixelDA.

    Args:
      examples: 'label', and 'pose', float32 `[batch, 4]`, unit quaternions.
      outputs: of the task network, 'logits' and 'pose'.

    Returns:
      {'class': float32 `[batch]`, 'pose': float32 `[batch]`}.

    Raises:
      UserError: the examples have no poses.
    """
    if 'pose' not in examples:
      raise UserError(
        'the problem is ClassAndPose, but the source has no poses: choose '
        'Classification, or prepare the data with poses'
      )
    pose = quaternion_log_loss(examples['pose'], outputs['pose'])
    return super().losses(examples, outputs) | {'pose': self.pose_weight * pose}

  def pseudo_labels(
    self, outputs: Tensors, sure: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """{'label': int32 `[batch]`, 'pose': float32 `[batch, 4]`}."""
    return super().pseudo_labels(outputs, sure) | {'pose': outputs['pose']}

  def predictions(
    self, outputs: Tensors, size: tf.Tensor | None = None
  ) -> dict[str, tf.Tensor]:
    """Class and pose.

    Returns:
      {'probabilities': float32 `[batch, n_classes]`, 'pose': float32 `[batch,
      4]`, unit quaternions (w, x, y, z) with w >= 0}.
    """
    pose = outputs['pose']
    pose = tf.where(pose[:, :1] < 0, -pose, pose)
    return super().predictions(outputs, size) | {'pose': pose}

  @classmethod
  def of_export(cls) -> 'ClassAndPose':
    """See the base class."""
    return cls(pose_weight=1.0)

  def scorer(
    self, class_names: Sequence[str], n_worst: int = 0
  ) -> 'ClassAndPoseScorer':
    """Returns a `ClassAndPoseScorer`."""
    return ClassAndPoseScorer(class_names, n_worst)


class ClassAndPoseScorer(ClassificationScorer):
  """Angles too, where the data have poses; the worst are the farthest off.

  The errors are kept, a number an example: a median needs them all.
  """

  def __init__(self, class_names: Sequence[str], n_worst: int = 0):
    """See `Problem.scorer`."""
    super().__init__(class_names, n_worst)
    self._labels: list[np.ndarray] = []
    self._errors: list[np.ndarray] = []

  def compare(
    self, examples: Arrays, predictions: Arrays
  ) -> dict[str, np.ndarray]:
    """With 'rotation_error', float `[batch]`, degrees."""
    compared = super().compare(examples, predictions)
    if 'pose' in examples:
      compared['rotation_error'] = rotation_error_degrees(
        examples['pose'], predictions['pose']
      )
    return compared

  def count(self, compared: Arrays) -> None:
    """See the base class."""
    super().count(compared)
    if 'rotation_error' in compared:
      self._labels.append(compared['label'])
      self._errors.append(compared['rotation_error'])

  def badness(self, compared: Arrays) -> np.ndarray:
    """See the base class."""
    if 'rotation_error' in compared:
      return compared['rotation_error']
    return super().badness(compared)

  def texts(self, compared: Arrays, index: int) -> tuple[str, ...]:
    """See the base class."""
    texts = super().texts(compared, index)
    if 'rotation_error' in compared:
      texts += (f'{compared["rotation_error"][index]:.1f} deg off',)
    return texts

  def result(self) -> dict[str, Any]:
    """Adds the angles, degrees.

    Returns:
      As `ClassificationScorer`; where the data have poses, also
      'mean_angle_error' and 'median_angle_error', over all examples, rightly
      named or not, and lists of them a class, None without examples,
      'per_class_mean_angle_error' and 'per_class_median_angle_error'.
    """
    result = super().result()
    if not self._errors:
      return result
    labels, errors = np.concatenate(self._labels), np.concatenate(self._errors)
    by_class = [errors[labels == n] for n in range(len(self.class_names))]
    for name, statistic in (('mean', np.mean), ('median', np.median)):
      result[f'{name}_angle_error'] = float(statistic(errors))
      result[f'per_class_{name}_angle_error'] = [
        float(statistic(of_class)) if len(of_class) else None
        for of_class in by_class
      ]
    return result

  def columns(self, row: dict[str, Any]) -> str:
    """See the base class."""
    text = super().columns(row)
    if row['accuracy'] is None or 'mean_angle_error' not in row:
      return text
    return (
      f'{text}   mean {row["mean_angle_error"]:6.2f} deg'
      f'   median {row["median_angle_error"]:6.2f} deg'
    )
