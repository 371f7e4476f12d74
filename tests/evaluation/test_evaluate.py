import json

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import evaluate


def pixel_is_the_class(images):
  """Certain of the class that an image's first pixel names, of three."""
  classes = tf.cast(images[:, 0, 0, 0], tf.int32)
  return {'probabilities': tf.one_hot(classes, 3)}


def batches(pixels, labels, batch_size):
  images = np.array(pixels, np.float32).reshape(-1, 1, 1, 1)
  examples = {'image': images, 'label': np.array(labels, np.int32)}
  return tf.data.Dataset.from_tensor_slices(examples).batch(batch_size)


@pytest.mark.parametrize('batch_size', [1, 2, 3, 5, 8])
def test_every_example_counts_once_whatever_the_batches(batch_size):
  """Right: 0, 0, 1; wrong: two of class 0. Class 2 has no examples."""
  result = evaluate.evaluate(
    pixel_is_the_class,
    batches([0, 0, 1, 2, 1], [0, 0, 1, 0, 0], batch_size),
    n_classes=3,
  )
  assert result == {
    'accuracy': 3 / 5,
    'count': 5,
    'correct': 3,
    'per_class_accuracy': [0.5, 1.0, None],
  }
  assert json.loads(json.dumps(result)) == result


def test_a_model_of_other_classes_is_a_mistake():
  with pytest.raises(UserError, match='model has 3 classes, the data set 10'):
    evaluate.evaluate(pixel_is_the_class, batches([0], [0], 1), n_classes=10)


def test_no_example_at_all_is_a_mistake():
  none = batches([0], [0], 1).filter(lambda batch: False)
  with pytest.raises(UserError, match='no example to evaluate: the split has'):
    evaluate.evaluate(pixel_is_the_class, none, n_classes=3)


def test_lines_by_hand():
  result = {
    'accuracy': 0.5,
    'count': 2000,
    'correct': 1000,
    'per_class_accuracy': [0.25, None, 1.0],
  }
  assert evaluate.lines(result, ('cat', 'dog', 'cow')) == [
    '1,000 of 2,000   50.00%',
    'cat              25.00%',
    'dog             no examples',
    'cow             100.00%',
  ]


def turn(degrees):
  """Quaternion of a turn about z, of either sign."""
  half = np.radians(degrees) / 2
  return np.array([np.cos(half), 0, 0, np.sin(half)], np.float32)


def pose_batches(pixels, labels, true, batch_size):
  images = np.array(pixels, np.float32).reshape(-1, 1, 1, 1)
  examples = {
    'image': images,
    'label': np.array(labels, np.int32),
    'pose': np.stack([turn(degrees) for degrees in true]),
  }
  return tf.data.Dataset.from_tensor_slices(examples).batch(batch_size)


def pixel_and_no_turn(images):
  """As `pixel_is_the_class`; every pose is the one without a turn, -1."""
  pose = tf.tile([[-1.0, 0.0, 0.0, 0.0]], [tf.shape(images)[0], 1])
  return pixel_is_the_class(images) | {'pose': pose}


@pytest.mark.parametrize('batch_size', [1, 2, 5])
def test_angle_errors_count_all_examples_rightly_named_or_not(batch_size):
  """Errors 10, 20, 60 of class 0, 30 and 90 of class 2; none of class 1."""
  result = evaluate.evaluate(
    pixel_and_no_turn,
    pose_batches(
      [0, 1, 0, 2, 2], [0, 0, 2, 0, 2], [10, -20, 30, 60, 90], batch_size
    ),
    n_classes=3,
  )
  assert json.loads(json.dumps(result)) == result
  assert (result['count'], result['correct']) == (5, 2)
  for name, expected in {
    'mean_angle_error': 42,
    'median_angle_error': 30,
    'per_class_mean_angle_error': [30, None, 60],
    'per_class_median_angle_error': [20, None, 60],
  }.items():
    found = result.pop(name)
    if isinstance(expected, list):
      assert found.pop(1) is expected.pop(1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, err_msg=name)
  assert set(result) == {'accuracy', 'count', 'correct', 'per_class_accuracy'}


@pytest.mark.parametrize('lacking', ['model', 'data'])
def test_without_poses_of_both_there_are_no_angles(lacking):
  if lacking == 'model':
    found = evaluate.answers(
      pixel_is_the_class, pose_batches([0, 1], [0, 0], [10, 20], 2), 3
    )
  else:
    found = evaluate.answers(pixel_and_no_turn, batches([0, 1], [0, 0], 2), 3)
  assert set(found) == {'label', 'predicted_label', 'confidence'}
  assert set(evaluate.summary(found, 3)) == {
    'accuracy',
    'count',
    'correct',
    'per_class_accuracy',
  }


def test_answers_are_in_the_order_of_the_examples():
  def unsure(images):
    share = images[:, 0, 0, 0]
    return {'probabilities': tf.stack([share, 1 - share], -1)}

  found = evaluate.answers(
    unsure, batches([0.75, 0.125, 0.5], [0, 0, 1], 2), n_classes=2
  )
  assert found['label'].tolist() == [0, 0, 1]
  assert found['predicted_label'].tolist() == [0, 1, 0]
  assert found['confidence'].tolist() == [0.75, 0.875, 0.5]


def test_lines_with_angles_by_hand():
  result = {
    'accuracy': 0.5,
    'count': 4,
    'correct': 2,
    'per_class_accuracy': [0.5, None],
    'mean_angle_error': 23.456,
    'median_angle_error': 5.0,
    'per_class_mean_angle_error': [123.456, None],
    'per_class_median_angle_error': [5.0, None],
  }
  assert evaluate.lines(result, ('benchvise', 'cat')) == [
    '2 of 4      50.00%   mean  23.46 deg   median   5.00 deg',
    'benchvise   50.00%   mean 123.46 deg   median   5.00 deg',
    'cat        no examples',
  ]


def test_predictions_are_traced_once_for_all_sizes_of_a_batch():
  traced = []

  class Method:
    image_shape = (1, 1, 1)

    def predictions(self, images):
      traced.append(images.shape)
      return pixel_is_the_class(images)

  predict = evaluate.compiled_predictions(Method())
  for count in (1, 4, 2):
    found = predict(np.full([count, 1, 1, 1], 2.0, np.float32))
    np.testing.assert_array_equal(found['probabilities'], [[0, 0, 1]] * count)
  assert len(traced) == 1
