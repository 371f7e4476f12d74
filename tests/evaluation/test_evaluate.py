import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import evaluate
from pixelda_tf.problems import Classification

NAMES = ('cat', 'dog', 'cow')


def pixel_is_the_class(images, size=None):
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
  given = batches([0, 0, 1, 2, 1], [0, 0, 1, 0, 0], batch_size)
  scorer = Classification().scorer(NAMES)
  assert evaluate.score(pixel_is_the_class, given, scorer) is scorer
  assert scorer.result() == {
    'accuracy': 3 / 5,
    'count': 5,
    'correct': 3,
    'per_class_accuracy': [0.5, 1.0, None],
  }


def test_a_model_of_other_classes_is_a_mistake():
  scorer = Classification().scorer(NAMES[:2])
  with pytest.raises(UserError, match='model has 3 classes, the data set 2'):
    evaluate.score(pixel_is_the_class, batches([0], [0], 1), scorer)


def test_no_example_at_all_is_a_mistake():
  none = batches([0], [0], 1).filter(lambda batch: False)
  scorer = Classification().scorer(NAMES)
  with pytest.raises(UserError, match='no example to evaluate: the split has'):
    evaluate.score(pixel_is_the_class, none, scorer)


def test_predictions_are_traced_once_for_all_sizes_of_a_batch():
  traced = []

  class Method:
    image_shape = (1, 1, 1)

    def predictions(self, images, size):
      traced.append(images.shape)
      assert size.shape == [2]
      return pixel_is_the_class(images)

  predict = evaluate.compiled_predictions(Method())
  for count in (1, 4, 2):
    images = np.full([count, 1, 1, 1], 2.0, np.float32)
    found = predict(images, np.array([count, 1], np.int32))
    np.testing.assert_array_equal(found['probabilities'], [[0, 0, 1]] * count)
  assert len(traced) == 1
