"""Label maps: losses, predictions and scores, against loops over pixels."""

import functools
import types

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import pair
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.methods import SourceOnly
from pixelda_tf.networks import unet_segmenter
from pixelda_tf.problems import Segmentation

NAMES = ('sky', 'road', 'car')


def looped_loss(maps, logits, weight):
  """-log softmax, the weighted mean over an image's counted pixels.

  Args:
    maps: int `[height, width, 1]`.
    logits: `[height, width, n_classes]`.
    weight: function of a label to its weight.
  """
  total = of_all = 0.0
  for label, scores in zip(maps.ravel(), logits.reshape(-1, 3), strict=True):
    if label == IGNORE:
      continue
    scores = scores.astype(np.float64)
    loss = np.log(np.exp(scores).sum()) - scores[label]
    total += weight(label) * loss
    of_all += weight(label)
  return total / of_all


@pytest.mark.parametrize('weights', [None, (0.5, 0.0, 3.0), 'square_root'])
def test_losses_are_means_over_the_counted_pixels_of_each_image(
  weights, random_batch
):
  examples, outputs = random_batch()
  losses = Segmentation(class_weights=weights).losses(examples, outputs)
  assert set(losses) == {'pixels'} and losses['pixels'].shape == (3,)
  for loss, maps, logits in zip(
    losses['pixels'], examples['segmentation'], outputs['logits'], strict=True
  ):

    def weight(label, maps=maps):
      if weights == 'square_root':
        return 1 / np.sqrt(np.mean(maps[maps != IGNORE] == label))
      return 1.0 if weights is None else weights[label]

    np.testing.assert_allclose(
      loss, looped_loss(maps, logits, weight), rtol=1e-5
    )


@pytest.mark.parametrize('weights', [None, (1.0, 2.0, 3.0), 'square_root'])
def test_ignored_pixels_get_no_gradient_and_an_image_of_them_no_loss(
  weights, random_batch
):
  examples, outputs = random_batch()
  examples['segmentation'][1] = IGNORE
  logits = tf.Variable(outputs['logits'])
  with tf.GradientTape() as tape:
    losses = Segmentation(class_weights=weights).losses(
      examples, {'logits': logits}
    )['pixels']
  gradient = tape.gradient(losses, logits).numpy()
  counted = examples['segmentation'][..., 0] != IGNORE
  assert losses[1] == 0 and np.isfinite(gradient).all()
  np.testing.assert_array_equal(gradient.any(-1), counted)


def test_a_class_head_learns_the_label_in_the_middle_of_each_patch():
  """Patches of 2x2 pixels, whose middle is the lower right one: 1 and 0.

  The loss of even logits is log 2, of log 3 against 0 log(4 / 3) or log 4. Of
  the second image one patch is ignored, of the third all.
  """
  maps = np.full((3, 2, 4, 1), 1, np.int32)
  maps[0, 1, 1::2, 0] = 1, 0
  maps[1, 1, 1::2, 0] = IGNORE, 0
  maps[2, 1, 1::2] = IGNORE
  logits = np.zeros((3, 1, 2, 2), np.float32)
  logits[:2, 0, 1] = np.log(3), 0
  losses = Segmentation().head_losses({'segmentation': maps}, logits)
  expected = [(np.log(2) + np.log(4 / 3)) / 2, np.log(4 / 3), 0]
  np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_pseudo_labels_and_predictions(random_batch):
  problem = Segmentation()
  _, outputs = random_batch()
  expected = outputs['logits'].argmax(-1)
  labels = problem.pseudo_labels(outputs)['segmentation']
  assert labels.dtype == tf.int32 and labels.shape == (3, 5, 4, 1)
  np.testing.assert_array_equal(labels[..., 0], expected)
  predictions = problem.predictions(outputs)
  assert tuple(predictions) == problem.outputs
  assert predictions['labels'].dtype == tf.uint8
  np.testing.assert_array_equal(predictions['labels'], expected)
  probabilities = predictions['probabilities']
  np.testing.assert_allclose(probabilities.numpy().sum(-1), 1, rtol=1e-6)
  np.testing.assert_array_equal(probabilities.numpy().argmax(-1), expected)
  np.testing.assert_array_equal(problem.probabilities(outputs), probabilities)


def test_predictions_of_another_size_are_of_logits_between():
  """Of logits 0 and 4 for a class, 3 columns: 0, 2 and 4 against 1 and 2.5."""
  logits = np.zeros((1, 1, 2, 2), np.float32)
  logits[0, 0, :, 0] = 0, 4
  logits[0, 0, :, 1] = 1, 1
  size = tf.constant([2, 4])
  predictions = Segmentation().predictions({'logits': logits}, size)
  # 0, 1, 3, 4 in columns of half the width; the first of equal ones is taken.
  np.testing.assert_array_equal(predictions['labels'], [[[1, 0, 0, 0]] * 2])
  assert predictions['probabilities'].shape == (1, 2, 4, 2)


def domain(n_classes=3):
  return types.SimpleNamespace(
    name='streets',
    fields=('image', 'segmentation'),
    class_names=NAMES[:n_classes],
    n_classes=n_classes,
  )


@pytest.mark.parametrize(
  ('options', 'part'),
  [
    ({'class_weights': 'squares'}, "is 'squares': 'square_root', or a number"),
    ({'class_weights': (1, -1, 1)}, r'is \(1, -1, 1\)'),
    ({'class_weights': (0, 0, 0)}, 'not all 0'),
    ({'class_weights': ()}, 'a number a class'),
    ({'class_weights': (1, 2)}, 'has 2 numbers, source streets has 3 classes'),
    ({'scored': ('sky', 'sea')}, 'no class sea; there are sky, road, car'),
    ({'scored': ()}, 'no class is named; there are'),
    ({'scored': 'car'}, "'car' is one name; give a list of names"),
  ],
)
def test_options_that_fit_no_class_are_told_before_training(options, part):
  with pytest.raises(UserError, match=part):
    Segmentation(**options).check(domain(), 'source')


def test_options_that_fit_are_taken():
  problem = Segmentation(class_weights=[1, 0.5, 0], scored=['car'])
  problem.check(domain(), 'source')
  problem.check(domain(2), 'target')  # Of its own classes.


def test_a_domain_without_label_maps_is_told():
  photos = types.SimpleNamespace(name='photos', fields=('image', 'label'))
  with pytest.raises(UserError, match='source photos has no label maps; prep'):
    Segmentation().check(photos, 'source')


def test_arrays_and_keras():
  """`pair`, `fit`, `evaluate` and `predict` on arrays."""
  random = np.random.default_rng(0)
  maps = random.integers(3, size=(32, 8, 12, 1), dtype=np.uint8)
  images = np.array([[50, 50, 200], [100] * 3, [200, 50, 50]], np.uint8)[
    maps[..., 0]
  ]
  source = {'image': images, 'segmentation': maps}
  batches = pair(source, images, batch_size=8, n_classes=3)
  method = SourceOnly(
    image_shape=(8, 12, 3),
    n_classes=3,
    problem=Segmentation(),
    task=functools.partial(unet_segmenter, filters=4, levels=1),
  )
  method.compile(tf.keras.optimizers.Adam(3e-2))
  method.fit(batches, steps_per_epoch=40, verbose=0)
  floats = (images / 127.5 - 1).astype(np.float32)
  maps[:, 0] = IGNORE
  found = method.predict(floats, verbose=0)
  assert set(found) == {'labels'} and found['labels'].shape == (32, 8, 12)
  assert method.evaluate(floats, maps, verbose=0) > 0.5
