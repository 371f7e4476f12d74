"""Label maps: losses, predictions and scores, against loops over pixels."""

import functools
import json
import types

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.data import pair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.methods import SourceOnly
from pixelda_tf.networks import unet_segmenter
from pixelda_tf.problems import Segmentation

NAMES = ('sky', 'road', 'car')


def random_batch(n=3, size=(5, 4), n_classes=3, seed=0):
  """Examples, of which a fifth of the pixels is ignored, and outputs."""
  random = np.random.default_rng(seed)
  maps = random.integers(n_classes, size=(n, *size, 1), dtype=np.int32)
  maps[random.random(maps.shape) < 0.2] = IGNORE
  logits = random.normal(size=(n, *size, n_classes)).astype(np.float32)
  return {'segmentation': maps}, {'logits': logits}


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
def test_losses_are_means_over_the_counted_pixels_of_each_image(weights):
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
def test_ignored_pixels_get_no_gradient_and_an_image_of_them_no_loss(weights):
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


def test_pseudo_labels_and_predictions():
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


def scored(maps, labels, batch=2, names=NAMES, images=None, **options):
  """Returns a scorer that has seen maps `[n, h, w]` in batches."""
  problem = Segmentation(scored=options.pop('scored', None))
  scorer = problem.scorer(names, **options)
  if images is None:
    images = np.zeros((*maps.shape, 3), np.uint8)
  for start in range(0, len(maps), batch):
    part = slice(start, start + batch)
    scorer.update(
      {'image': images[part], 'segmentation': maps[part, ..., np.newaxis]},
      {'labels': labels[part].astype(np.uint8)},
    )
  return scorer


def looped_scores(maps, labels, classes):
  """IoU a class, and the metrics over `classes`, pixel by pixel."""
  iou, pixels, right = {}, {}, {}
  for label in range(len(NAMES)):
    both = either = 0
    pixels[label] = 0
    for true, found in zip(maps.ravel(), labels.ravel(), strict=True):
      if true == IGNORE:
        continue
      both += true == label and found == label
      either += true == label or found == label
      pixels[label] += true == label
    right[label] = both
    iou[label] = both / either if either else None
  there = [label for label in classes if iou[label] is not None]
  total = sum(pixels[label] for label in classes)
  return {
    'mean_iou': sum(iou[label] for label in there) / len(there),
    'frequency_weighted_iou': sum(pixels[label] * iou[label] for label in there)
    / total,
    'pixel_accuracy': sum(right[label] for label in classes) / total,
    'count': len(maps),
    'pixels': total,
    'per_class_iou': list(iou.values()),
    'per_class_pixels': list(pixels.values()),
  }


@pytest.mark.parametrize('batch', [1, 2, 5])
@pytest.mark.parametrize('names', [None, ('car', 'sky')])
def test_scores_equal_a_loop_over_pixels(batch, names):
  maps = random_batch(5)[0]['segmentation'][..., 0]
  labels = np.random.default_rng(1).integers(3, size=maps.shape)
  scorer = scored(maps, labels, batch, scored=names)
  result = scorer.result()
  assert json.loads(json.dumps(result)) == result
  expected = looped_scores(maps, labels, [0, 2] if names else [0, 1, 2])
  assert result.keys() == expected.keys()
  for key, value in expected.items():
    np.testing.assert_allclose(result[key], value, rtol=1e-12, err_msg=key)


def test_scores_and_lines_by_hand():
  """Of 10 pixels 2 are ignored, 6 sky, of which 3 are said to be road, 2 road.

  IoU: sky 3/6, road 2/5; cars are nowhere.
  """
  maps = np.array([[[0] * 6 + [1, 1, IGNORE, IGNORE]]])
  labels = np.array([[[0] * 3 + [1] * 3 + [1, 1, 0, 2]]])
  scorer = scored(maps, labels)
  assert scorer.result() == {
    'mean_iou': pytest.approx(0.45),
    'frequency_weighted_iou': pytest.approx((6 * 0.5 + 2 * 0.4) / 8),
    'pixel_accuracy': 5 / 8,
    'count': 1,
    'pixels': 8,
    'per_class_iou': [0.5, 0.4, None],
    'per_class_pixels': [6, 2, 0],
  }
  assert scorer.lines() == [
    '1 images, 8 pixels that count',
    'mIoU 45.0%, frequency-weighted IoU 47.5%, pixel accuracy 62.5%',
    'class      IoU   of pixels',
    'sky      50.0%      75.00%',
    'road     40.0%      25.00%',
    'car          -       0.00%   in neither truth nor prediction: in no mean',
  ]
  subset = scored(maps, labels, scored=['road'])
  assert subset.result()['mean_iou'] == pytest.approx(0.4)
  assert subset.result()['pixel_accuracy'] == 1
  assert subset.lines()[3].endswith('75.00%   not scored')


def test_a_class_that_is_only_predicted_has_an_iou_of_0():
  result = scored(np.array([[[0, 0]]]), np.array([[[0, 2]]])).result()
  assert result['per_class_iou'] == [0.5, None, 0.0]
  assert result['mean_iou'] == 0.25


@pytest.mark.parametrize('batch', [1, 2, 4])
def test_the_worst_images_have_the_largest_share_of_wrong_pixels(batch):
  """Wrong: 1 of 4, 1 of 2, none, 0 of 0, 2 of 3 pixels that count."""
  maps = np.array(
    [[0, 0, 0, 0], [1, 1, 255, 255], [2, 2, 2, 2], [255] * 4, [0, 1, 1, 255]]
  )[:, np.newaxis]
  labels = np.array(
    [[0, 0, 0, 1], [0, 1, 0, 0], [2, 2, 2, 2], [0] * 4, [0, 2, 2, 1]]
  )[:, np.newaxis]
  images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones(
    (1, 1, 4, 3), np.uint8
  )
  scorer = scored(maps, labels, batch, images=images, n_worst=3)
  worst = scorer.worst()
  assert [case.image[0, 0, 0] for case in worst] == [4, 1, 0]
  assert [case.texts for case in worst] == [
    ('67% wrong; 67% is road, said car',),
    ('50% wrong; 50% is road, said sky',),
    ('25% wrong; 25% is sky, said road',),
  ]
  found, true = worst[0].label_maps
  np.testing.assert_array_equal(found, labels[4])
  np.testing.assert_array_equal(true, maps[4])
  assert found.dtype == true.dtype == np.uint8
  assert len(scored(maps, labels, batch, n_worst=9).worst()) == 3
  only = scored(maps, labels, batch, n_worst=9, scored=['car'])
  assert only.worst() == []


def test_what_is_kept_of_large_images_is_small():
  """Every third pixel of 1,200; of the batch nothing else stays in memory."""
  maps = np.zeros((1, 1200, 600), np.int64)
  (case,) = scored(maps, maps + 1, n_worst=1).worst()
  for kept in (case.image, *case.label_maps):
    assert kept.shape[:2] == (400, 200) and kept.base is None


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


@pytest.mark.parametrize(
  ('maps', 'labels', 'part'),
  [
    ([[[0, 3]]], [[[0, 0]]], 'a label map has label 3, the data set 3 classes'),
    ([[[0, 1]]], [[[0, 7]]], 'the model has label 7, the data set 3 classes'),
  ],
)
def test_labels_that_the_data_set_has_not_are_told(maps, labels, part):
  with pytest.raises(UserError, match=part):
    scored(np.array(maps), np.array(labels))


@pytest.mark.parametrize('labels', [[0, IGNORE], [IGNORE, IGNORE]])
def test_a_split_without_a_scored_pixel_has_no_metrics(labels):
  """Such as a split without label maps, all of whose pixels are ignored."""
  maps = np.array([[labels]])
  scorer = scored(maps, maps * 0, scored=['road'], n_worst=2)
  result = scorer.result()
  assert not {metric.key for metric in Segmentation.metrics} & set(result)
  assert (result['count'], result['pixels']) == (1, 0)
  assert columns.text(Segmentation(), result) == 'images 1'
  assert 'nothing to score' in scorer.lines()[-1]
  assert scorer.worst() == []


def test_the_keras_metric_is_the_mean_iou():
  examples, outputs = random_batch()
  (metric,) = Segmentation().keras_metrics(3)
  metric.update_state(examples['segmentation'], outputs['logits'])
  expected = scored(
    examples['segmentation'][..., 0], outputs['logits'].argmax(-1)
  ).result()
  assert metric.name == 'mean_iou'
  np.testing.assert_allclose(metric.result(), expected['mean_iou'], rtol=1e-5)


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
