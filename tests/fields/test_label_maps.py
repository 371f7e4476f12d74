"""Label maps: relabelled, resized, moved, and what is wrong with them."""

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.errors import UserError
from pixelda_tf.fields import FIELDS, forms, label_maps


def test_relabelled_maps_ignore_what_has_no_new_label():
  values = tf.constant([[[[0], [1], [2], [255]]]])
  new = label_maps.relabel(values, (2, -1, 0))
  np.testing.assert_array_equal(new, [[[[2], [255], [0], [255]]]])


def test_resized_maps_have_no_labels_between():
  values = np.array([[[0], [10]]], np.uint8)
  prepared = FIELDS['segmentation'].prepare(tf.constant(values), (2, 4, 3))
  assert prepared.dtype == tf.int32
  np.testing.assert_array_equal(prepared[..., 0], [[0, 0, 10, 10]] * 2)


def test_what_comes_in_from_outside_is_ignored():
  batch = {
    'image': tf.zeros([1, 1, 3, 3]),
    'segmentation': tf.constant([[[[1], [2], [3]]]]),
  }
  # Each output pixel is the input's one to its right.
  transforms = tf.constant([[1.0, 0, 1, 0, 1, 0, 0, 0]])
  warped = fields.warp(batch, transforms, tf.zeros([1]), image_fill=0.0)
  np.testing.assert_array_equal(
    warped['segmentation'], [[[[2], [3], [label_maps.IGNORE]]]]
  )


@pytest.mark.parametrize(
  ('values', 'n_classes', 'part'),
  [
    (np.full((2, 3, 4, 1), 10, np.uint8), 11, None),
    (np.full((2, 3, 4, 1), 255, np.int32), 11, None),
    (np.full((2, 3, 4, 1), 254, np.uint8), None, None),
    (np.full((2, 3, 4, 1), 11, np.uint8), 11, 'label 11 .* 0 must be in 0..10'),
    (
      np.full((2, 3, 4, 1), -1, np.int32),
      None,
      'label -1 .* in 0..254, or 255',
    ),
    (np.zeros((2, 3, 4), np.uint8), 11, None),
    (np.zeros((2, 3, 4, 1)), 11, None),
    (np.full((2, 3, 4, 1), 0.5), 11, 'label 0.5 .* 0 must be an integer'),
    (np.zeros((2, 3, 4, 3), np.uint8), 11, r'these are uint8 \[2, 3, 4, 3\]'),
    (np.full((2, 3, 4), 'a'), 11, 'must be integers .* these are string'),
  ],
)
def test_what_is_taken_for_a_label_map(values, n_classes, part):
  if part is None:
    taken = forms.label_maps(tf.constant(values), n_classes)
    np.testing.assert_array_equal(taken, values.reshape(2, 3, 4, 1))
  else:
    with pytest.raises(UserError, match=part):
      forms.label_maps(tf.constant(values), n_classes)
