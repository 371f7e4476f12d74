"""What two domains have in common when a pair is opened."""

import numpy as np
import pytest

from pixelda_tf.errors import UserError


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({}, (6, 5, 3)),
    ({'image_size': (8, 9)}, (8, 9, 3)),
    ({'channels': 1}, (6, 5, 1)),
  ],
)
def test_image_shape(pair, options, expected, first):
  opened = pair(**options)
  assert opened.image_shape == expected
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['image'].shape[1:] == expected
  assert batch['target']['image'].shape[1:] == expected
  assert opened.images('source', 3).shape == (3, *expected)


def test_grey_source_becomes_rgb_of_the_targets_size(pair, first):
  (batch,) = first(pair().train_batches(0), 1)
  image = batch['source']['image']
  np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_target_labels_are_the_sources_by_name(pair, first):
  """Stored target labels 0, 1, 2 are c, a, b: the source's 2, 0, 1."""
  opened = pair(target={'class_names': ('c', 'a', 'b'), 'test': 6})
  (batch,) = first(opened.test_batches(), None)
  assert batch['label'].tolist() == [2, 0, 1, 2, 0, 1]
  (batch,) = first(opened.train_batches(0, role='supervised_target'), 1)
  numbers = np.round((batch['source']['image'][:, 0, 0, 0] + 1) * 127.5)
  np.testing.assert_array_equal(batch['source']['label'], (numbers - 1) % 3)


def test_different_classes_go_on_only_when_asked(pair, first):
  """Of the target's x, a, b only a and b are tested: 0 and 1."""
  different = {'class_names': ('x', 'a', 'b'), 'test': 6}
  with pytest.raises(UserError, match='classes of one and two differ'):
    pair(target=different)
  opened = pair(target=different, allow_class_mismatch=True)
  (batch,) = first(opened.test_batches(), None)
  assert batch['label'].tolist() == [0, 1, 0, 1]
  assert opened.class_names == ('a', 'b', 'c')
  with pytest.raises(UserError, match='classes that source one has not'):
    opened.train_batches(0, role='supervised_target')


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    ({'source': {'class_names': None}}, 'source one has no labels'),
    ({'batch_size': 0}, 'Pair.batch_size is 0'),
    ({'batch_size': {}}, 'Pair.batch_size is {}: a whole number'),
    ({'parts': 0}, 'Pair.parts is 0: a whole number'),
    (
      {'crop': (6, 6)},
      r'Pair.crop is \(6, 6\): a height and a width .* \(6, 5\)',
    ),
    ({'crop': (0, 2)}, r'Pair.crop is \(0, 2\): a height and a width'),
    ({'crop': (2,)}, r'Pair.crop is \(2,\): a height and a width'),
    ({'crop': 2}, r'Pair.crop is 2: a height and a width'),
    ({'crop': (2.0, 2)}, r'Pair.crop is \(2.0, 2\): a height and a width'),
    ({'image_size': 5}, r'Pair.image_size is 5: a height and a width'),
    ({'image_size': (0, 5)}, r'Pair.image_size is \(0, 5\): a height'),
    (
      {'source': {'shape': (4, 4, 3)}, 'target': {'shape': (4, 4, 4)}},
      '^one: images of 3 channels cannot become 4; set Pair.channels to 1 or 3',
    ),
    ({'channels': 4}, '^one: images of 1 channels cannot become 4; set Pair'),
    (
      {
        'labelled_target': {'shape': (4, 4, 4)},
        'source': {'shape': (4, 4, 4)},
      },
      '^two: images of 3 channels cannot become 4; set Pair.channels',
    ),
  ],
)
def test_what_does_not_fit_is_told_when_opened(pair, options, expected):
  with pytest.raises(UserError, match=expected) as error:
    pair(**options)
  assert '\n' not in error.value.message


def test_fewer_examples_than_a_batch_are_told(pair):
  opened = pair(batch_size=12)
  with pytest.raises(
    UserError, match=r"two: split 'train' has 11 .*Pair.batch_size \(12\)"
  ):
    opened.train_batches(0)


def numbers(images):
  return np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_depth_is_a_fourth_channel_where_all_have_it(pair, first):
  rgbd = {'shape': (4, 4, 4)}
  opened = pair(source=rgbd, target=rgbd)
  assert opened.image_shape == (4, 4, 4)
  (batch,) = first(opened.train_batches(0), 1)
  assert batch['source']['image'].shape == (4, 4, 4, 4)
  colours = pair(source=rgbd, target=rgbd, channels=3)
  (without,) = first(colours.train_batches(0), 1)
  np.testing.assert_array_equal(
    without['source']['image'], batch['source']['image'][..., :3]
  )
