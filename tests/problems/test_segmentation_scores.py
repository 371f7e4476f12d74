"""Scores of label maps, and the worst images."""

import json

import numpy as np
import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.problems import Segmentation

NAMES = ('sky', 'road', 'car')


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
def test_scores_equal_a_loop_over_pixels(batch, names, random_batch):
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


def test_the_keras_metric_is_the_mean_iou(random_batch):
  examples, outputs = random_batch()
  (metric,) = Segmentation().keras_metrics(3)
  metric.update_state(examples['segmentation'], outputs['logits'])
  expected = scored(
    examples['segmentation'][..., 0], outputs['logits'].argmax(-1)
  ).result()
  assert metric.name == 'mean_iou'
  np.testing.assert_allclose(metric.result(), expected['mean_iou'], rtol=1e-5)
