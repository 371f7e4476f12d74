import types

import pytest
import tensorflow as tf

from pixelda_tf.data import classes
from pixelda_tf.errors import UserError


def domain(name, class_names):
  n_classes = None if class_names is None else len(class_names)
  return types.SimpleNamespace(
    name=name, class_names=class_names, n_classes=n_classes
  )


SOURCE = domain('photos', ('a', 'b', 'c'))


@pytest.mark.parametrize('names', [None, ('a', 'b', 'c')])
def test_nothing_to_translate(names):
  target = domain('scans', names)
  assert classes.label_map(SOURCE, target, allow_mismatch=False) is None


def test_same_classes_in_another_order_are_matched_by_name():
  target = domain('scans', ('c', 'a', 'b'))
  labels = classes.label_map(SOURCE, target, allow_mismatch=False)
  assert labels == (2, 0, 1)
  given = {'label': [[0, 1], [2, 2]], 'pose': [[0.0], [1.0]]}
  batches = tf.data.Dataset.from_tensor_slices(given)
  first, second = classes.relabel(batches, labels).as_numpy_iterator()
  assert first['label'].tolist() == [2, 0]
  assert second['label'].tolist() == [1, 1]
  assert second['pose'].tolist() == [1.0]


def test_examples_of_unknown_classes_are_left_out():
  examples = tf.data.Dataset.from_tensor_slices({'label': [0, 1, 2, 1]})
  known = classes.known(examples, (2, -1, 0)).as_numpy_iterator()
  assert [example['label'] for example in known] == [0, 2]
  without = tf.data.Dataset.from_tensor_slices({'image': [0, 1]})
  assert classes.known(without, (-1,)) is without


def test_different_classes_are_told():
  target = domain('scans', ('b', 'x'))
  message = 'a, c only in photos, x only in scans; .*allow_class_mismatch'
  with pytest.raises(UserError, match=message):
    classes.label_map(SOURCE, target, allow_mismatch=False)


def test_many_different_classes_are_shortened():
  target = domain('scans', tuple(str(n) for n in range(9)))
  with pytest.raises(UserError, match='0, 1, 2, 3, 4 and 4 more only in scans'):
    classes.label_map(SOURCE, target, allow_mismatch=False)


def test_different_classes_are_matched_by_name_where_allowed(caplog):
  target = domain('scans', ('x', 'c', 'b'))
  labels = classes.label_map(SOURCE, target, allow_mismatch=True)
  assert labels == (-1, 2, 1)
