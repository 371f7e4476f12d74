"""What validators look at: what a method answers to some images, and features.

Of label maps an image's answers are those of some of its pixels, at places that
are drawn once: neighbouring pixels tell little more than one.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf.fields.images import at_once
from pixelda_tf.fields.label_maps import IGNORE

PIXELS = 64  # of an image


@dataclasses.dataclass(frozen=True)
class Answers:
  """Arrays of n images, or of n pixels of images.

  Attributes:
    probabilities: float32 `[n, n_classes]`.
    features: float32 `[n, d]`, the task network's last ones; None where it
      tells none.
    labels: int `[n]`, of source images alone; None where they are not known.
  """

  probabilities: np.ndarray
  features: Any  # An array or None, as the next.
  labels: Any = None

  @property
  def are_finite(self) -> bool:
    """Whether all probabilities and features are."""
    features = self.features is None or np.isfinite(self.features).all()
    return bool(np.isfinite(self.probabilities).all() and features)


@dataclasses.dataclass(frozen=True)
class Evidence:
  """What is known of a method without labels of the target.

  Attributes:
    target: images of the target's training split.
    source_train: images of the source's training split.
    source_validation: source images that are kept from training, with labels.
    source_score: the problem's first metric on all of these, turned so that
      higher is better.
  """

  target: Answers
  source_train: Any = None  # `Answers` or None, as the next.
  source_validation: Any = None
  source_score: Any = None


def compiled_answers(method: Any) -> Callable[[tf.Tensor], Any]:
  """Returns a function of images to a method's probabilities and features.

  It is traced once for batches of any size, whatever weights the method has
  later. Features are None where the task network tells none.
  """

  def answer(images):
    outputs = method(images)
    features = outputs.get('features')
    return (
      tf.cast(method.problem.probabilities(outputs), tf.float32),
      None if features is None else tf.cast(features, tf.float32),
    )

  images = tf.TensorSpec([None, *method.image_shape], tf.float32)
  return tf.function(answer, input_signature=[images], autograph=False)


def collect(
  answer: Callable[[tf.Tensor], Any],
  images: np.ndarray,
  labels: np.ndarray | None = None,
) -> Answers:
  """Returns what a method answers to images.

  Args:
    answer: of the method, see `compiled_answers`.
    images: float32 `[n, height, width, channels]` in [-1, 1].
    labels: int `[n]`, or maps `[n, height, width, 1]` of that size where a
      method answers maps, in which 255 is not known; None for none.

  Returns:
    `Answers`, of pixels that are known where there are maps.
  """
  size = at_once(images.shape[1:])
  parts = [
    answer(tf.constant(images[start : start + size]))
    for start in range(0, len(images), size)
  ]
  probabilities = np.concatenate([of_part.numpy() for of_part, _ in parts])
  features = None
  if parts[0][1] is not None:
    features = np.concatenate([of_part.numpy() for _, of_part in parts])
  if probabilities.ndim == 2:
    if features is not None:
      features = features.reshape(len(features), -1)
    return Answers(probabilities, features, labels)
  places = np.random.default_rng(0).uniform(size=(2, len(images), PIXELS))
  probabilities = _at(probabilities, places)
  if features is not None:
    features = _at(features, places)
  if labels is None:
    return Answers(probabilities, features)
  labels = _at(labels, places)[:, 0]
  known = labels != IGNORE
  return Answers(
    probabilities[known],
    None if features is None else features[known],
    labels[known],
  )


def _at(maps, places):
  """Returns what maps `[n, h, w, c]` have at places `[2, n, m]`: `[n m, c]`.

  Places are from 0 to 1, down and to the right.
  """
  size = np.array(maps.shape[1:3]).reshape(2, 1, 1)
  rows, columns = (places * size).astype(int)
  number = np.arange(len(maps))[:, np.newaxis]
  return maps[number, rows, columns].reshape(-1, maps.shape[-1])
