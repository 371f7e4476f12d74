"""Evaluation over the exact count of examples, once."""

import numpy as np
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import metrics


def compiled_predictions(method):
  """Returns `method.predictions`, traced once for batches of any size."""
  images = tf.TensorSpec([None, *method.image_shape], tf.float32)
  return tf.function(method.predictions, input_signature=[images])


def answers(predict, batches, n_classes):
  """Collects what a model answers to every example, beside what is true.

  Args:
    predict: function of images to a dict with 'probabilities'
      `[batch, n_classes]` and maybe 'pose' `[batch, 4]`: of a method, see
      `compiled_predictions`, or of an export.
    batches: finite data set of {'image', 'label'[, 'pose']} batches.
    n_classes: number of classes.

  Returns:
    dict of arrays of n examples: 'label' and 'predicted_label' int,
    'confidence' float, the predicted class's probability; where both the data
    and the model have poses, 'rotation_error' float, degrees.

  Raises:
    UserError: the model has another number of classes, or there are no
      examples.
  """
  names = ('label', 'predicted_label', 'confidence', 'rotation_error')
  columns = {name: [] for name in names}
  for batch in batches:
    answer = predict(batch['image'])
    probabilities = answer['probabilities']
    if probabilities.shape[-1] != n_classes:
      raise UserError(
        f'the model has {probabilities.shape[-1]} classes, the data set '
        f'{n_classes}: name a data set with the classes it was trained on'
      )
    probabilities = probabilities.numpy()
    columns['label'].append(batch['label'].numpy())
    columns['predicted_label'].append(np.argmax(probabilities, axis=-1))
    columns['confidence'].append(np.max(probabilities, axis=-1))
    if 'pose' in batch and 'pose' in answer:
      columns['rotation_error'].append(
        metrics.rotation_error_degrees(batch['pose'], answer['pose'])
      )
  if not columns['label']:
    raise UserError(
      'there is no example to evaluate: the split has none of the classes'
    )
  return {
    name: np.concatenate(parts) for name, parts in columns.items() if parts
  }


def evaluate(predict, batches, n_classes):
  """Evaluates a model of classes, and of poses where there are any.

  Args:
    predict: as `answers`.
    batches: as `answers`.
    n_classes: number of classes.

  Returns:
    As `summary`.

  Raises:
    UserError: as `answers`.
  """
  return summary(answers(predict, batches, n_classes), n_classes)


def summary(answered, n_classes):
  """Returns the metrics of what `answers` collected.

  Args:
    answered: as returned by `answers`.
    n_classes: number of classes.

  Returns:
    {'accuracy': float in [0, 1], 'count': int, 'correct': int,
    'per_class_accuracy': list of n_classes floats, None without examples}.
    With poses also 'mean_angle_error' and 'median_angle_error', degrees over
    all examples, rightly named or not, and lists of them a class,
    'per_class_mean_angle_error' and 'per_class_median_angle_error'.
  """
  labels, predicted = answered['label'], answered['predicted_label']
  per_class = metrics.per_class_accuracy(labels, predicted, n_classes)
  result = {
    'accuracy': metrics.accuracy(labels, predicted),
    'count': len(labels),
    'correct': int(np.sum(labels == predicted)),
    'per_class_accuracy': [
      None if np.isnan(value) else float(value) for value in per_class
    ],
  }
  if 'rotation_error' not in answered:
    return result
  errors = answered['rotation_error']
  by_class = [errors[labels == label] for label in range(n_classes)]
  for name, statistic in (('mean', np.mean), ('median', np.median)):
    result[f'{name}_angle_error'] = float(statistic(errors))
    result[f'per_class_{name}_angle_error'] = [
      float(statistic(of_class)) if len(of_class) else None
      for of_class in by_class
    ]
  return result


def lines(result, class_names):
  """Returns the result of `evaluate` as lines of text, a line a class."""
  overall = f'{result["correct"]:,} of {result["count"]:,}'
  rows = [(overall, *(result[name] for name in _columns(result)))]
  per_class = [result[f'per_class_{name}'] for name in _columns(result)]
  rows += zip(class_names, *per_class, strict=True)
  width = max(len(row[0]) for row in rows)
  return [f'{row[0]:<{width}}{_values(row[1:])}' for row in rows]


def _columns(result):
  columns = ['accuracy', 'mean_angle_error', 'median_angle_error']
  return [name for name in columns if name in result]


def _values(values):
  if values[0] is None:
    return '  no examples'
  text = f'{values[0]:>9.2%}'
  if values[1:]:
    text += f'   mean {values[1]:6.2f} deg   median {values[2]:6.2f} deg'
  return text
