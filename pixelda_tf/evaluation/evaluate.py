"""Scores over the exact count of examples, once."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import at_once

# Of images and the (height, width) that maps of pixels are wanted in.
Predict = Callable[[tf.Tensor, tf.Tensor], Mapping[str, tf.Tensor]]


def compiled_predictions(method: Any) -> Predict:
  """Returns `method.predictions`, traced once for batches of any size."""
  images = tf.TensorSpec([None, *method.image_shape], tf.float32)
  size = tf.TensorSpec([2], tf.int32)
  return tf.function(
    method.predictions, input_signature=[images, size], autograph=False
  )


def predict_all(predict: Predict, images: np.ndarray) -> dict[str, np.ndarray]:
  """Returns the predictions of some images, in their size, some at a time.

  Args:
    predict: see `score`.
    images: float32 `[n, height, width, channels]` in [-1, 1].
  """
  size = tf.constant(images.shape[1:3])
  step = at_once(images.shape[1:])
  parts = [
    predict(tf.constant(images[start : start + step]), size)
    for start in range(0, len(images), step)
  ]
  return {
    name: np.concatenate([part[name].numpy() for part in parts])
    for name in parts[0]
  }


def score(predict: Predict, batches: tf.data.Dataset, scorer: Any) -> Any:
  """Scores what a model predicts for every example, batch by batch.

  Args:
    predict: function of images and the size of what is true to predictions:
      of a method, see `compiled_predictions`, or of an export.
    batches: finite data set of {'image', ...} batches with what is true.
    scorer: a `problems.Scorer`.

  Returns:
    The scorer.

  Raises:
    UserError: there is no example, or the model is of other classes.
  """
  count = 0
  for batch in batches:
    predictions = predict(batch['image'], fields.map_size(batch))
    scorer.update(
      {name: values.numpy() for name, values in batch.items()},
      {name: values.numpy() for name, values in predictions.items()},
    )
    count += len(batch['image'])
  if not count:
    raise UserError(
      'there is no example to evaluate: the split has none of the classes'
    )
  return scorer
