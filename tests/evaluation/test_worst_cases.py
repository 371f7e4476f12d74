import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.evaluation import pictures, worst_cases

NAMES = ('ape', 'cat')


def answered(labels, predicted, confidence, errors=None):
  columns = {
    'label': np.array(labels),
    'predicted_label': np.array(predicted),
    'confidence': np.array(confidence),
  }
  if errors is not None:
    columns['rotation_error'] = np.array(errors, np.float64)
  return columns


def batches(images, batch_size=3):
  return tf.data.Dataset.from_tensor_slices({'image': images}).batch(batch_size)


def test_with_poses_the_greatest_errors_come_first_right_or_wrong():
  answers = answered([0] * 5, [0, 1, 0, 0, 1], [0.9] * 5, [3, 50, 170, 3, 0])
  assert worst_cases.find(answers, 2).tolist() == [2, 1]
  assert worst_cases.find(answers, 9).tolist() == [2, 1, 0, 3, 4]


def test_without_poses_wrong_answers_come_the_surest_first():
  answers = answered(
    [0, 0, 1, 1, 0], [1, 0, 0, 1, 1], [0.6, 1.0, 0.9, 0.7, 0.6]
  )
  assert worst_cases.find(answers, 2).tolist() == [2, 0]
  assert worst_cases.find(answers, 9).tolist() == [2, 0, 4]


def test_nothing_is_drawn_where_nothing_is_wrong():
  answers = answered([0, 1], [0, 1], [0.6, 0.9])
  images = np.zeros((2, 4, 4, 3), np.uint8)
  assert worst_cases.picture(batches(images), answers, NAMES) is None


def tile(picture, position):
  """Returns the image that a case shows, at its original 4x4 pixels."""
  row, column = divmod(position, worst_cases.COLUMNS)
  height = picture.shape[0] // row_count(picture)
  top, left = row * height, column * 132
  found = picture[top : top + 128, left : left + 128]
  small = found[::32, ::32]
  np.testing.assert_array_equal(found, small.repeat(32, 0).repeat(32, 1))
  return small


def row_count(picture):
  return round(picture.shape[0] / 174)


RANDOM = np.random.default_rng(0).integers(
  256, size=(8, 4, 4, 4), dtype='uint8'
)
IMAGES = {
  'rgb': (RANDOM[..., :3], RANDOM[..., :3]),
  'rgb and depth': (RANDOM, RANDOM[..., :3]),
  'grey': (RANDOM[..., :1], RANDOM[..., [0, 0, 0]]),
  'float rgb': (
    (RANDOM[..., :3] / 127.5 - 1).astype(np.float32),
    RANDOM[..., :3],
  ),
  'float rgb and depth': (
    (RANDOM / 127.5 - 1).astype(np.float32),
    RANDOM[..., :3],
  ),
}


@pytest.mark.parametrize('name', IMAGES)
@pytest.mark.parametrize('n, rows', [(1, 1), (6, 1), (7, 2), (99, 2)])
def test_the_picture_shows_the_worst_images_in_order(name, n, rows):
  """Eight cases of 128 pixels, six in a row, three lines of text below."""
  images, shown = IMAGES[name]
  errors = [10, 80, 20, 70, 30, 60, 40, 50]
  answers = answered([0] * 8, [1] * 8, [0.5] * 8, errors)
  picture = worst_cases.picture(batches(images), answers, NAMES, n)
  assert picture.dtype == np.uint8
  assert picture.shape == (rows * 174, 6 * 132, 3)
  order = np.argsort(errors)[::-1][:n]
  for position, index in enumerate(order):
    np.testing.assert_array_equal(tile(picture, position), shown[index])
    row, column = divmod(position, 6)
    text = picture[row * 174 + 128 :][:46, column * 132 :][:, :132]
    assert text.min() < 50
  if rows * 6 > len(order):
    row, column = divmod(len(order), 6)
    assert (picture[row * 174 :, column * 132 :] == 255).all()


def test_the_texts_tell_truth_answer_and_angle():
  answers = answered([0, 1], [1, 1], [0.925, 1.0], [12.34, 180.0])
  assert worst_cases._texts(answers, 0, NAMES) == [
    'is ape',
    'said cat 92%',
    '12.3 deg off',
  ]
  del answers['rotation_error']
  assert worst_cases._texts(answers, 1, NAMES) == ['is cat', 'said cat 100%']


def test_a_grid_shows_depth_in_a_row_of_its_own():
  images = np.full((2, 3, 3, 4), -1.0)
  images[..., 3] = 1.0
  images[0, ..., 0] = 1.0
  below = np.zeros((2, 3, 3, 3))
  picture = pictures.grid([images, below], gap=0)
  red, black, white, grey = [255, 0, 0], [0] * 3, [255] * 3, [128] * 3
  corners = picture[::3, ::3]
  np.testing.assert_array_equal(
    corners, [[red, black], [white, white], [grey, grey]]
  )
