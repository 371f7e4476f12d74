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


def test_lines_by_hand():
  result = {
    'accuracy': 0.5,
    'count': 2000,
    'correct': 1000,
    'per_class_accuracy': [0.25, None],
  }
  assert evaluate.lines(result, ('cat', 'dog')) == [
    '50.00% (1,000 of 2,000)',
    '  cat: 25.00%',
    '  dog: no examples',
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
