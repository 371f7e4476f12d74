"""Which values a user may give, and what is made of them.

Each is tried eagerly, in a graph that knows the shape, and in one that does
not.
"""

import re

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.fields import forms
from pixelda_tf.graph_errors import told

GREY = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1)
SIGNED = GREY / 127.5 - 1
MAP = np.array([[[[0], [2]]], [[[1], [255]]]])
NUMBERS = ['int8', 'uint8', 'uint16', 'int64', 'uint64', 'float16', 'float32']


@pytest.fixture(params=['eager', 'graph', 'graph of any shape'])
def take(request):
  """Function of a form, values and the number of classes to what is taken."""

  def call(form, values, n_classes=None):
    values = tf.constant(values)
    if request.param == 'eager':
      return form(values, n_classes, 'here: ')
    shape = None if request.param.endswith('shape') else values.shape
    function = tf.function(
      lambda values: form(values, n_classes, 'here: '),
      input_signature=[tf.TensorSpec(shape, values.dtype)],
      autograph=False,
    )
    with told():
      return function(values)

  return call


def refused(take, expected, *arguments):
  with pytest.raises(UserError, match=f'^here: {expected}'):
    take(*arguments)


@pytest.mark.parametrize('values', [GREY, SIGNED, SIGNED.astype('float16')])
def test_images_get_a_channel_and_keep_their_values(take, values):
  for given in (values, values[..., 0]):
    taken = take(forms.images, given)
    assert taken.dtype == values.dtype
    np.testing.assert_array_equal(taken, values)


def test_images_may_be_off_by_rounding(take):
  rounded = GREY * np.float32(1 / 127.5) - np.float32(1)
  rounded[0, 0, 0] = 1.0000002
  np.testing.assert_array_equal(take(forms.images, rounded), rounded)


@pytest.mark.parametrize(
  ('values', 'found'),
  [
    (GREY.astype('float32'), r'float32 in \[0, 31\]; of what is in \[0, 255\]'),
    (SIGNED * 1.5, r'float64 in \[-1.5, -1.13[0-9]*\]'),
    (np.where(GREY == 3, np.nan, SIGNED), 'float64, 1 values .* NaN or inf'),
    (np.where(GREY < 2, np.inf, SIGNED), 'float64, 2 values'),
    (np.where(GREY < 3, -np.inf, SIGNED), 'float64, 3 values'),
    (GREY > 7, 'bool'),
    (GREY.astype('uint16'), 'uint16: make uint8'),
    (GREY.astype('int8'), 'int8'),
    (GREY.astype('int32'), 'int32'),
    (GREY.astype('int64'), 'int64'),
    (GREY.astype('complex64'), 'complex64'),
    (GREY.astype(str), 'string'),
  ],
)
def test_other_images_are_refused_with_what_was_found(take, values, found):
  expected = r'images must be uint8, or float in \[-1, 1\]; these are '
  refused(take, expected + found, forms.images, values)


@pytest.mark.parametrize('shape', [(), (16,), (4, 8), (2, 2, 4, 4, 3)])
def test_images_of_another_rank_are_refused(take, shape):
  images = np.zeros(shape, np.uint8)
  sides = r'[ ,]+'.join(map(str, shape))
  expected = rf'images must be \[n, .*, these are uint8 \[{sides}\]'
  refused(take, expected, forms.images, images)


def test_one_image_is_not_taken_for_many():
  with pytest.raises(UserError, match=r'\[28, 32, 3\], which looks like one'):
    forms.images(tf.zeros([28, 32, 3], tf.uint8), None)


def test_images_without_pixels_are_refused():
  with pytest.raises(UserError, match=r'images \[2, 0, 4, 1\] have no pixel'):
    forms.images(tf.zeros([2, 0, 4, 1], tf.uint8), None)


@pytest.mark.parametrize('dtype', NUMBERS)
def test_labels_of_every_type_become_int32(take, dtype):
  labels = np.array([3, 0, 2], dtype)
  for given in (labels, labels[:, None]):
    taken = take(forms.labels, given, 4)
    assert taken.dtype == tf.int32
    np.testing.assert_array_equal(taken, [3, 0, 2])


@pytest.mark.parametrize(
  ('values', 'n_classes', 'found'),
  [
    ([0, 4, 1], 4, r'label 4 of example 1 must be in 0..3'),
    ([0, 2, -1], 4, 'label -1 of example 2 must be in 0..3'),
    ([0, -3], None, 'label -3 of example 1 must be 0 or more'),
    ([0, 2 + 2**32], 4, 'label 4294967298 of example 1 must be in 0..3'),
    ([0, 2 + 2**32], None, 'label 4294967298 of example 1 must be 0 or more'),
    ([1, 4, 2], 4, r'labels are in 1..4, of 4 classes they must be in 0..3'),
    ([2.0, 4.0], 4, 'labels are in 2..4, .* where they count from 1, subtract'),
    ([0, 1.7], 4, 'label 1.7 of example 1 must be an integer'),
    ([np.nan, 1], 4, 'label nan of example 0 must be an integer'),
    ([0, np.inf], 4, 'label inf of example 1 must be in 0..3'),
    (np.eye(3), 3, r'labels must be .*, these are float64 \[3[ ,]+3\]; of one'),
    (np.eye(3, dtype=int)[:, None], 3, r'labels .* int64 \[3[ ,]+1[ ,]+3\]'),
    ([True, False], 2, 'labels must be integers .* these are bool'),
    (['a', 'b'], 2, 'labels must be integers .* these are string'),
  ],
)
def test_other_labels_are_refused(take, values, n_classes, found):
  refused(take, found, forms.labels, np.array(values), n_classes)


@pytest.mark.parametrize('dtype', ['bool', *NUMBERS])
@pytest.mark.parametrize('high', [1, 255])
def test_masks_of_two_values_are_taken(take, dtype, high):
  if dtype == 'int8' and high == 255:
    pytest.skip('has no 255')
  masks = (high * (GREY > 7)).astype(dtype)
  for given in (masks, masks[..., 0], 0 * masks):
    taken = take(forms.masks, given)
    np.testing.assert_array_equal(taken, given.reshape(GREY.shape))


@pytest.mark.parametrize(
  ('values', 'found'),
  [
    (GREY, 'have two values, 0 and 1 or 0 and 255; these have .0 1 2 '),
    (2 * (GREY > 7), r'have two values, .*; these have \[0 2\]'),
    (np.where(GREY > 7, 255, GREY == 3), r'.* these have \[0 1 255\]'),
    (-1 * (GREY > 7), r'.* these have \[0 -1\]'),
    (np.where(GREY > 7, np.nan, 0), r'.* these have \[0 nan'),
    (np.repeat(GREY > 7, 3, -1), r'be .* bool \[2[ ,]+4[ ,]+4[ ,]+3\]'),
    (GREY.astype(str), 'be integers .* or bool, these are string'),
  ],
)
def test_other_masks_are_refused(take, values, found):
  refused(take, f'masks must {found}', forms.masks, values)


@pytest.mark.parametrize('dtype', NUMBERS)
def test_label_maps_of_every_type_are_taken(take, dtype):
  maps = MAP if dtype != 'int8' else np.minimum(MAP, 2)
  for given in (maps.astype(dtype), maps.astype(dtype)[..., 0]):
    np.testing.assert_array_equal(take(forms.label_maps, given, 3), maps)


@pytest.mark.parametrize(
  ('values', 'n_classes', 'found'),
  [
    (MAP, 2, 'label 2 in the label map of example 0 must be in 0..1, or 255'),
    (-MAP, None, 'label -2 in the label map .* 0 must be in 0..254, or 255'),
    (MAP + 2**32, 3, 'label 4294967296 in the label map of example 0'),
    (MAP / 2, 3, 'label 0.5 in the label map of example 1 must be an integer'),
    (np.repeat(MAP, 3, -1), 3, r'label maps must be .* \[2[ ,]+1[ ,]+2[ ,]+3'),
    (MAP > 0, 3, 'label maps must be integers .*, these are bool'),
  ],
)
def test_other_label_maps_are_refused(take, values, n_classes, found):
  refused(take, found, forms.label_maps, values, n_classes)


def test_no_text_has_a_line_break(take):
  with pytest.raises(UserError) as error:
    take(forms.images, np.full([9, 9, 9, 3], 255.0))
  assert not re.search(r'\n|\{|\}', error.value.message)
