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
  assert classes.translation(SOURCE, target, allow_mismatch=False) is None


def test_same_classes_in_another_order_are_matched_by_name():
  target = domain('scans', ('c', 'a', 'b'))
  labels = classes.translation(SOURCE, target, allow_mismatch=False)
  assert labels == (2, 0, 1)
  examples = tf.data.Dataset.from_tensor_slices({'label': [0, 1, 2]})
  translated = classes.translate(examples, labels).as_numpy_iterator()
  assert [example['label'] for example in translated] == [2, 0, 1]


def test_different_classes_are_told():
  target = domain('scans', ('b', 'x'))
  message = 'a, c only in photos, x only in scans; .*allow_class_mismatch'
  with pytest.raises(UserError, match=message):
    classes.translation(SOURCE, target, allow_mismatch=False)


def test_many_different_classes_are_shortened():
  target = domain('scans', tuple(str(n) for n in range(9)))
  with pytest.raises(UserError, match='0, 1, 2, 3, 4 and 4 more only in scans'):
    classes.translation(SOURCE, target, allow_mismatch=False)


def test_different_classes_are_matched_by_name_where_allowed(caplog):
  target = domain('scans', ('x', 'c', 'b'))
  labels = classes.translation(SOURCE, target, allow_mismatch=True)
  assert labels == (-1, 2, 1)
