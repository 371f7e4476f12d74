"""What `pair` finds in data sets, batch by batch; arrays are beside it."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import pair
from pixelda_tf.errors import UserError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (12, 4, 4, 1), np.uint8)
LABELS = np.arange(12) % 3
SIGNED = IMAGES / 127.5 - 1
UNSIGNED = IMAGES / 255
as_set = tf.data.Dataset.from_tensor_slices


def batches(source, target=IMAGES, count=3, **options):
  """The first batches, of 4 examples."""
  paired = pair(source, target, batch_size=4, **options)
  return [
    tf.nest.map_structure(np.array, batch)
    for batch in paired.take(count).as_numpy_iterator()
  ]


def told(source, target=IMAGES, **options):
  """The line in which it is told what is wrong with a batch of three."""
  with pytest.raises(UserError) as error:
    batches(source, target, **options)
  return error.value.message


def spoilt(values, wrong):
  """Values of which the sixth example is wrong."""
  changed = values.astype(np.result_type(values, np.asarray(wrong)))
  changed[5] = wrong
  return changed


@pytest.mark.parametrize(
  ('images', 'labels'),
  [
    (IMAGES[..., 0], LABELS),
    (IMAGES, LABELS[:, None]),
    (IMAGES, LABELS.astype(np.float32)),
    (SIGNED, LABELS.astype(np.uint8)),
  ],
)
def test_what_can_be_taken_is_the_same_in_every_form(images, labels):
  for batch in batches(as_set((images, labels)), n_classes=3):
    source = batch['source']
    assert source['image'].dtype == np.float32
    assert source['label'].dtype == np.int32 and source['label'].shape == (4,)
  np.testing.assert_allclose(source['image'], SIGNED[8:], atol=1e-6)
  np.testing.assert_array_equal(source['label'], LABELS[8:])


@pytest.mark.parametrize(
  ('images', 'labels', 'expected'),
  [
    (
      IMAGES.astype('f4'),
      LABELS,
      'images must be uint8, or float in [-1, 1]; ',
    ),
    (IMAGES.astype('i4'), LABELS, 'these are int32'),
    (IMAGES.astype('u2'), LABELS, 'these are uint16'),
    (IMAGES > 99, LABELS, 'these are bool'),
    (spoilt(SIGNED, np.nan), LABELS, '16 values of them NaN or infinite'),
    (spoilt(SIGNED, 1.1), LABELS, ', 1.1]; of what is in [0, 255] make uint8'),
    (IMAGES, spoilt(LABELS, -1), 'label -1 of example 1 must be in 0..2'),
    (IMAGES, spoilt(LABELS, 3), 'label 3 of example 1 must be in 0..2'),
    (IMAGES, spoilt(LABELS, 2**32), 'label 4294967296 of example 1'),
    (IMAGES, spoilt(LABELS, 0.7), 'label 0.7 of example 1 must be an integer'),
    (IMAGES, 1 + LABELS, 'labels are in 1..3, of 3 classes'),
    (IMAGES, np.eye(3)[LABELS], 'these are float64 [4, 3]; of one number'),
    (IMAGES, LABELS.astype(str), 'these are string'),
  ],
)
def test_what_is_wrong_is_told_in_the_batch_that_has_it(
  images, labels, expected
):
  message = told(as_set((images, labels)), n_classes=3)
  assert message.startswith('source: ') and expected in message
  assert '\n' not in message


def test_the_target_is_checked_too():
  message = told((IMAGES, LABELS), as_set(spoilt(SIGNED, 7)))
  assert message.startswith('target: images must be uint8, or float in [-1, 1]')


def test_labels_of_the_target_are_not_looked_at():
  unknown = np.full(12, -1)
  assert len(batches((IMAGES, LABELS), (IMAGES, unknown))) == 3
  assert len(batches((IMAGES, LABELS), as_set((IMAGES, unknown)))) == 3


@pytest.mark.parametrize('form', [np.asarray, as_set], ids=['arrays', 'sets'])
@pytest.mark.parametrize('other', [IMAGES, SIGNED], ids=['uint8', 'float'])
@pytest.mark.parametrize('kind', [np.asarray, as_set], ids=['array', 'set'])
def test_0_to_1_beside_another_range_is_told(form, other, kind):
  source = (UNSIGNED, LABELS) if form is np.asarray else None
  message = told(source or as_set((UNSIGNED, LABELS)), kind(other))
  assert message.startswith('source: images are float in [0, 1], those of the ')
  labelled = (other, LABELS) if form is np.asarray else as_set((other, LABELS))
  message = told(labelled, kind(UNSIGNED))
  assert message.startswith('target: images are float in [0, 1], those of the ')


@pytest.mark.parametrize('form', ['arrays', 'sets', 'both'])
def test_0_to_1_of_both_warns_once(form):
  source, target = (UNSIGNED, LABELS), UNSIGNED
  if form != 'arrays':
    source = as_set(source)
  if form == 'sets':
    target = as_set(target)
  with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter('always')
    assert len(batches(source, target)) == 3
  assert [w.category for w in found] == [UserWarning]
  assert 'images are float in [0, 1]' in str(found[0].message)


def test_a_later_batch_may_be_bright():
  bright = SIGNED.copy()
  bright[4:8] = abs(bright[4:8])
  assert len(batches(as_set((bright, LABELS)))) == 3


@pytest.mark.parametrize('shape', [(12, 4, 4, 1), (12, 4, 4)])
@pytest.mark.parametrize('form', ['arrays', 'sets'])
@pytest.mark.parametrize(
  'kind', [bool, lambda m: 1 * m, lambda m: np.uint8(255) * m]
)
def test_masks_have_one_form(shape, form, kind):
  is_object = IMAGES > 99
  mask = kind(is_object) if kind is not bool else is_object
  source = {
    'image': IMAGES,
    'label': np.arange(12),
    'mask': mask.reshape(shape),
  }
  for batch in batches(source if form == 'arrays' else as_set(source)):
    found = batch['source']['mask']
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, is_object[batch['source']['label']])


@pytest.mark.parametrize(
  ('source', 'expected'),
  [
    (as_set({'images': IMAGES, 'labels': LABELS}), "'images' is unknown: name"),
    (as_set({'image': IMAGES, 'labels': LABELS}), "'labels' is unknown: name"),
    ({'image': IMAGES, 'label': LABELS, 'masks': IMAGES}, "'masks' is unknown"),
    ({'x': IMAGES, 'y': LABELS}, 'no images: .* the keys here are x, y'),
    (as_set((IMAGES, LABELS, LABELS)), 'expected, these are 3 parts'),
    (as_set((IMAGES, LABELS)).take(0), 'the data set has no example'),
    (as_set((IMAGES, LABELS)).filter(lambda *_: False), 'has no example'),
    (
      (IMAGES.tolist()[:5] + [[1]], LABELS),
      'images must be numbers, in an arr',
    ),
    ((IMAGES[:0], LABELS[:0]), 'there are no images'),
    ((5, LABELS), 'images must be .*, this is one value'),
  ],
)
def test_what_is_no_labelled_domain_is_told(source, expected):
  with pytest.raises(UserError, match=f'^source: .*{expected}'):
    batches(source)
