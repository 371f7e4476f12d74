"""What `fit`, `evaluate` and `predict` take, and what they refuse.

The network gives the images' mean brightness as logits, -m and m, so that a
right answer depends on the images' range.
"""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf import data
from pixelda_tf.errors import UserError
from pixelda_tf.methods import SourceOnly
from pixelda_tf.problems import Segmentation

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (20, 6, 6, 1), np.uint8)
SIGNED = IMAGES / 127.5 - 1
MEANS = SIGNED.mean((1, 2, 3))
# Of the first five the answer is wrong.
LABELS = (MEANS > 0) ^ (np.arange(20) < 5)
LABELS = LABELS.astype(np.int64)
RIGHT = 0.75
as_set = tf.data.Dataset.from_tensor_slices


def brightness(image_shape, n_classes):
  del n_classes
  images = tf.keras.Input(image_shape)
  mean = tf.keras.layers.GlobalAveragePooling2D()(images)
  weights = tf.keras.initializers.Constant([[-1.0, 1.0]])
  logits = tf.keras.layers.Dense(2, kernel_initializer=weights)(mean)
  return tf.keras.Model(images, {'logits': logits})


@pytest.fixture(scope='module')
def method():
  method = SourceOnly(image_shape=(6, 6, 1), n_classes=2, task=brightness)
  method.compile(tf.keras.optimizers.SGD(0.0))
  return method


class Batches(tf.keras.utils.Sequence):
  def __init__(self, images, labels):
    self.parts = images, labels

  def __len__(self):
    return 4

  def __getitem__(self, number):
    return tuple(part[5 * number : 5 * number + 5] for part in self.parts)


def generated(images, labels):
  batches = Batches(images, labels)
  return (batches[number] for number in range(len(batches)))


FORMS = {
  'arrays': lambda images, labels: (images, labels),
  'a dict': lambda images, labels: ({'image': images, 'label': labels},),
  'a data set': lambda *parts: (as_set(parts).batch(8),),
  'a data set of dicts': lambda images, labels: (
    as_set({'image': images, 'label': labels}).batch(8),
  ),
  'a data set of any shape': lambda *parts: (
    tf.data.Dataset.from_generator(
      lambda: generated(*parts),
      tuple(tf.as_dtype(np.asarray(part).dtype) for part in parts),
    ),
  ),
  'a sequence': lambda *parts: (Batches(*parts),),
  'a generator': lambda *parts: (generated(*parts),),
}


@pytest.mark.parametrize('form', FORMS)
def test_what_can_be_taken_gets_the_same_answers(form, method):
  """With and without a channel, in any order, of any range that is known."""
  shares = 1 / (1 + np.exp(-2 * MEANS))
  for images, labels in (
    (IMAGES, LABELS[:, None]),
    (IMAGES[..., 0], LABELS),
    (SIGNED, LABELS.astype('f4')),
  ):
    found = method.evaluate(*FORMS[form](images, labels), verbose=0)
    assert found == RIGHT
  for images in (SIGNED[..., 0], IMAGES):
    data = FORMS[form](images, labels)[0]
    found = method.predict(data, verbose=0)['probabilities']
    np.testing.assert_allclose(found[:, 1], shares, atol=1e-5)


@pytest.mark.parametrize('form', ['arrays', 'a data set of dicts'])
@pytest.mark.parametrize(
  ('images', 'labels', 'expected'),
  [
    (
      IMAGES.astype('f4'),
      LABELS,
      'images must .* float32 in .*; of what is in',
    ),
    (IMAGES.astype('i8'), LABELS, 'images must .* these are int64'),
    (np.where(IMAGES > 250, np.nan, SIGNED), LABELS, '.* NaN or infinite'),
    (SIGNED, 1 + LABELS, 'label.* must be in 0..1'),
    (SIGNED, -LABELS, 'label -1 of example . must be in 0..1'),
    (SIGNED, LABELS / 2, 'label 0.5 of example . must be an integer'),
    (SIGNED, LABELS + 2**32, 'label 42949672.. of example 0 must be in 0..1'),
    (
      SIGNED,
      np.eye(2)[LABELS],
      r'labels must be integers .n., .* one number a',
    ),
  ],
)
def test_what_cannot_is_told_in_a_line(form, images, labels, expected, method):
  with pytest.raises(UserError, match=f'^evaluate: {expected}') as error:
    method.evaluate(*FORMS[form](images, labels), verbose=0)
  assert '\n' not in error.value.message
  if labels is LABELS:
    with pytest.raises(UserError, match=f'^predict: {expected}'):
      method.predict(FORMS[form](images, labels)[0], verbose=0)


@pytest.mark.parametrize('form', sorted(FORMS))
def test_every_form_is_checked(form, method):
  with pytest.raises(UserError, match='^evaluate: images must be uint8'):
    method.evaluate(*FORMS[form](1.0 * IMAGES, LABELS), verbose=0)


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    (
      (IMAGES,),
      r'no labels: give \(images, labels\), or a dict with image and',
    ),
    (({'label': LABELS},), 'no images: .* the keys here are label'),
    ((IMAGES, LABELS[:9]), "different lengths: {'image': 20, 'label': 9}"),
    ((IMAGES[0], LABELS[:1]), 'looks like one image: write image.np.newaxis.'),
    ((IMAGES[:0], LABELS[:0]), 'there are no images'),
    ((np.zeros((9, 6, 6, 2), np.uint8), LABELS[:9]), 'images of 2 channels'),
    ((as_set((IMAGES, LABELS)),), 'a data set must be batched'),
    ((as_set({'images': IMAGES}).batch(8),), "key 'images' is unknown: name"),
  ],
)
def test_what_is_no_labelled_batch_is_told(data, expected, method):
  with pytest.raises(UserError, match=f'^evaluate: .*{expected}'):
    method.evaluate(*data, verbose=0)


def test_other_sizes_and_channels_are_converted_as_exports_do(method):
  """Each pixel doubled: the mean stays, of grey as of RGB that is grey."""
  large = np.repeat(IMAGES.repeat(2, 1).repeat(2, 2), 3, -1)
  assert method.evaluate(large, LABELS, verbose=0) == RIGHT
  found = method.predict(large, verbose=0)['probabilities']
  expected = method.predict(IMAGES, verbose=0)['probabilities']
  np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize('form', ['arrays', 'a data set', 'a generator'])
def test_0_to_1_warns_once(form, method):
  with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter('always')
    method.evaluate(*FORMS[form](IMAGES / 255, LABELS), verbose=0)
  assert [w.category for w in found] == [UserWarning]
  assert 'images are float in [0, 1]' in str(found[0].message)


def test_single_batches_are_checked_too(method):
  assert method.test_on_batch(IMAGES[..., 0], LABELS) == RIGHT
  answers = method.predict_on_batch(IMAGES)['probabilities']
  np.testing.assert_array_equal(answers.argmax(-1), MEANS > 0)
  with pytest.raises(UserError, match='evaluate: images must'):
    method.test_on_batch(1.0 * IMAGES, LABELS)
  with pytest.raises(UserError, match='predict: images must'):
    method.predict_on_batch(1.0 * IMAGES)


def test_a_call_takes_stored_images_and_adds_a_channel(method):
  for images in (SIGNED, IMAGES, IMAGES[..., 0], tf.constant(IMAGES)):
    found = method(images)['logits'][:, 1]
    np.testing.assert_allclose(found, MEANS, atol=1e-5)
  with pytest.raises(UserError, match='images must .* these are int64'):
    method(IMAGES.astype(int))


def test_weights_count(method):
  """The five wrong ones with weight 3: 15 right of 30."""
  weights = np.where(np.arange(20) < 5, 3.0, 1.0)
  batches = as_set((IMAGES, LABELS, weights)).batch(8)
  assert method.evaluate(batches, verbose=0) == pytest.approx(0.5)


def fit(method, source, target=IMAGES, **options):
  batches = as_set({'source': source, 'target': {'image': target}})
  method.fit(batches.batch(8).repeat(), steps_per_epoch=3, verbose=0, **options)


def test_fit_takes_stored_images(method):
  before = int(method.step)
  fit(method, {'image': IMAGES[..., 0], 'label': LABELS[:, None]})
  assert int(method.step) == before + 3


@pytest.mark.parametrize(
  ('source', 'expected'),
  [
    ({'image': 1.0 * IMAGES, 'label': LABELS}, 'images must be uint8, or'),
    ({'image': IMAGES, 'label': LABELS + 1}, 'label.* must be in 0..1'),
    ({'image': IMAGES, 'label': LABELS + 0.5}, 'label .* must be an integer'),
    (
      {'image': IMAGES.repeat(2, 1), 'label': LABELS},
      r'.* \[12, 6, 1\], ',
    ),
  ],
)
def test_fit_checks_batches_of_its_own(source, expected, method):
  with pytest.raises(UserError, match=f'^source: {expected}'):
    fit(method, source)


def test_networks_of_any_size_fit_on_images_of_any_size():
  method = SourceOnly(
    image_shape=(6, 6, 1), train_shape=(4, 4, 1), n_classes=2, task=brightness
  )
  method.compile(tf.keras.optimizers.SGD(0.0))
  fit(method, {'image': IMAGES.repeat(2, 1), 'label': LABELS})
  assert int(method.step) == 3


def test_fit_knows_the_classes_that_pair_was_not_told(method):
  batches = data.pair((IMAGES, LABELS + 1), IMAGES, batch_size=4)
  with pytest.raises(UserError, match='^source: label.* must be in 0..1'):
    method.fit(batches, steps_per_epoch=5, verbose=0)


@pytest.mark.parametrize('form', ['arrays', 'a data set', 'a sequence'])
def test_validation_data_are_checked(form, method):
  validation = FORMS[form](1.0 * IMAGES, LABELS)
  source = {'image': IMAGES, 'label': LABELS}
  validation = validation if form == 'arrays' else validation[0]
  with pytest.raises(UserError, match='^evaluate: images must be uint8, or'):
    fit(method, source, validation_data=validation)


def map_of_pixels(image_shape, n_classes):
  del n_classes
  images = tf.keras.Input(image_shape)
  return tf.keras.Model(
    images, {'logits': tf.concat([-images, images], axis=-1)}
  )


@pytest.mark.parametrize('form', ['arrays', 'a data set'])
def test_maps_are_compared_in_their_own_size(form):
  """Pixels of one sign, doubled: resized answers still are all right."""
  method = SourceOnly(
    image_shape=(6, 6, 1),
    n_classes=2,
    task=map_of_pixels,
    problem=Segmentation(),
  )
  method.compile(tf.keras.optimizers.SGD(0.0))
  bright = np.arange(20) % 2
  images = np.broadcast_to(bright[:, None, None], (20, 12, 12))
  maps = images.astype(np.uint8)
  for labels in (maps, maps[..., None], maps.astype(np.int64)):
    found = method.evaluate(*FORMS[form](255 * maps, labels), verbose=0)
    assert found == 1.0
  with pytest.raises(UserError, match='label 2 in the label map of example 1'):
    method.evaluate(*FORMS[form](maps, 2 * maps), verbose=0)
  answers = method.predict(FORMS[form](255 * maps, maps)[0], verbose=0)
  np.testing.assert_array_equal(answers['labels'], maps)


@pytest.mark.parametrize('dtype', [np.uint8, np.int64, np.float32])
def test_the_loss_of_label_maps_is_that_of_their_classes(dtype):
  """Whatever their type, without a channel, and with what is ignored: scores
  of -1 and 1 for the class give log(1 + e^-2) where right, that + 2 where not.
  """
  method = SourceOnly(
    image_shape=(6, 6, 1),
    n_classes=2,
    task=map_of_pixels,
    problem=Segmentation(),
  )
  images = np.full((2, 6, 6, 1), 255, np.uint8)
  maps = np.ones((2, 6, 6), dtype)
  maps[1, :3], maps[1, 3] = 0, 255  # 18 wrong, 12 right, 6 ignored.
  _, labels = method._labelled_batch(True, images, maps)
  results = method.test_step((tf.constant(images), labels))
  loss = np.log1p(np.exp(-2)) + 2 * np.mean([0, 18 / 30])
  np.testing.assert_allclose(results['loss'], loss, rtol=1e-5)
