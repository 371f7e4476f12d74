"""Evaluation over the exact count of examples, once."""

import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import metrics


def compiled_predictions(method):
  """Returns `method.predictions`, traced once for batches of any size."""
  images = tf.TensorSpec([None, *method.image_shape], tf.float32)
  return tf.function(method.predictions, input_signature=[images])


def evaluate(predict, batches, n_classes):
  """Evaluates a classifier.

  Args:
    predict: function of images to a dict with 'probabilities'
      `[batch, n_classes]`: of a method, see `compiled_predictions`, or of an
      export.
    batches: finite data set of {'image', 'label'} batches.
    n_classes: number of classes.

  Returns:
    {'accuracy': float in [0, 1], 'count': int, 'correct': int,
    'per_class_accuracy': list of n_classes floats, None without examples}.

  Raises:
    UserError: the model has another number of classes.
  """
  labels, predicted = [], []
  for batch in batches:
    probabilities = predict(batch['image'])['probabilities']
    if probabilities.shape[-1] != n_classes:
      raise UserError(
        f'the model has {probabilities.shape[-1]} classes, the data set '
        f'{n_classes}: name a data set with the classes it was trained on'
      )
    labels.append(batch['label'].numpy())
    predicted.append(np.argmax(probabilities.numpy(), axis=-1))
  labels, predicted = np.concatenate(labels), np.concatenate(predicted)
  per_class = metrics.per_class_accuracy(labels, predicted, n_classes)
  return {
    'accuracy': metrics.accuracy(labels, predicted),
    'count': len(labels),
    'correct': int(np.sum(labels == predicted)),
    'per_class_accuracy': [
      None if np.isnan(value) else float(value) for value in per_class
    ],
  }


def lines(result, class_names):
  """Returns the result of `evaluate` as lines of text, a line a class."""
  per_class = [
    f'  {name}: {"no examples" if value is None else f"{value:.2%}"}'
    for name, value in zip(
      class_names, result['per_class_accuracy'], strict=True
    )
  ]
  head = (
    f'{result["accuracy"]:.2%} ({result["correct"]:,} of {result["count"]:,})'
  )
  return [head, *per_class]
