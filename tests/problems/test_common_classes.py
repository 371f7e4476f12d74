"""Scores over the classes that a model and a data set share."""

import pathlib

import numpy as np
import pytest

from pixelda_tf import config
from pixelda_tf.datasets.segmentation import classes
from pixelda_tf.errors import UserError
from pixelda_tf.fields.label_maps import IGNORE
from pixelda_tf.problems import CommonClasses, CommonClassesScorer

FILE = 'gin/classes/synthia_and_camvid.gin'
MODEL = ('sky', 'sidewalk', 'person', 'rider', 'bus')
DATA = ('car', 'cyclist', 'pavement', 'sky', 'pedestrian')
COMMON = {
  'sky': 'sky',
  'sidewalk': 'pavement',
  'person': 'pedestrian',
  'bus': 'car',
}
COLOURS = [(label, 0, 0) for label in range(1, 6)]


def scorer(model=MODEL, data=DATA, n_worst=0):
  common = CommonClasses(classes=COMMON)
  common.check(model, data, 'camvid')
  return CommonClassesScorer(common, model, data, n_worst)


def update(scorer, true, predicted):
  """Takes names of a row of pixels, of true classes None for none."""
  maps = [IGNORE if name is None else DATA.index(name) for name in true]
  labels = [MODEL.index(name) for name in predicted]
  scorer.update(
    {
      'image': np.zeros((1, 1, len(maps), 3), np.uint8),
      'segmentation': np.array(maps, np.uint8).reshape(1, 1, -1, 1),
    },
    {'labels': np.array(labels, np.uint8).reshape(1, 1, -1)},
  )


def test_scores_by_hand():
  """Of 10 pixels 2 are cyclists and 1 has no class: 7 count.

  sky: 2 of 3 found, a pavement is said to be sky: 2/4. Pavement: 1 of 2 found:
  1/2. Pedestrian: one of one, and the car, which is said to be one: 1/2; 0/1.
  The third sky is said to be a rider: missed, and nobody's false alarm.
  """
  found = scorer(n_worst=1)
  update(
    found,
    ['sky', 'sky', 'sky', 'pavement', 'pavement', 'pedestrian', 'car']
    + ['cyclist', 'cyclist', None],
    ['sky', 'sky', 'rider', 'sidewalk', 'sky', 'person', 'person']
    + ['rider', 'bus', 'sky'],
  )
  result = found.result()
  assert result.pop('frequency_weighted_iou') == pytest.approx(
    (3 * 2 / 4 + 2 * 1 / 2 + 1 / 2 + 0) / 7
  )
  assert result == {
    'mean_iou': pytest.approx((2 / 4 + 1 / 2 + 1 / 2 + 0) / 4),
    'pixel_accuracy': pytest.approx(4 / 7),
    'count': 1,
    'pixels': 7,
    'per_class_iou': [0.5, 0.5, 0.5, 0.0, 0.0],
    'per_class_pixels': [3, 2, 1, 1, 0],
    'pixels_left_out': {'cyclist': 2},
    'pixels_ignored': 1,
    'pixels_of_other': 1,
  }
  lines = found.lines()
  assert lines[0] == '1 images, 7 pixels that count'
  assert lines[3].split() == ['sky', '50.0%', '42.86%']
  assert lines[7].split() == [
    *('none', 'of', 'these', '0.0%', '0.00%', 'not', 'scored')
  ]
  assert lines[8:] == [
    '4 classes are common. Left out, of 9 pixels with a class: cyclist 2. '
    'Ignored, without one: 1',
    'said to be none of these (by the model rider): 14.29% of the pixels that '
    'count; they are missed',
  ]
  (case,) = found.worst()
  said, true = case.label_maps
  assert true.tolist() == [[0, 0, 0, 1, 1, 2, 3, IGNORE, IGNORE, IGNORE]]
  assert said.tolist() == [[0, 0, 4, 1, 0, 2, 2, 4, 3, 0]]
  assert case.texts[0].startswith('43% wrong')


def test_batches_add_up():
  whole, parts = scorer(), scorer()
  true = ['sky', 'cyclist', None, 'car', 'cyclist']
  said = ['sky', 'rider', 'bus', 'bus', 'person']
  update(whole, true, said)
  for one in zip(true, said, strict=True):
    update(parts, *([name] for name in one))
  assert parts.result() == whole.result() | {'count': 5}
  assert whole.result()['pixels_left_out'] == {'cyclist': 2}


def test_where_all_is_common_that_is_said():
  found = scorer(
    ('sky', 'sidewalk', 'person', 'bus'),
    ('car', 'pavement', 'sky', 'pedestrian'),
  )
  found.update(
    {
      'image': np.zeros((1, 1, 1, 3), np.uint8),
      'segmentation': np.array([[[[2]]]], np.uint8),
    },
    {'labels': np.array([[[0]]], np.uint8)},
  )
  left_out, of_other = found.lines()[-2:]
  assert 'Left out, of 1 pixels with a class: none. Ignored' in left_out
  assert '(by the model nothing): 0.00%' in of_other
  assert found.result()['mean_iou'] == 1


def test_labels_and_colours_of_common_classes():
  """A class with the name of a common one is that, unless the map differs."""
  common = CommonClasses(classes=COMMON | {'road': 'pavement', 'car': 'sky'})
  assert common.names == ('sky', 'pavement', 'pedestrian', 'car')
  names = ('road', 'pavement', 'car', 'sky', 'x', 'bus')
  assert common.labels(names) == [1, 1, 0, 0, -1, 3]
  common = CommonClasses(classes=COMMON)
  assert common.colours(DATA, COLOURS) == [
    COLOURS[3],
    COLOURS[2],
    COLOURS[4],
    COLOURS[0],
    (255, 0, 255),
  ]


@pytest.mark.parametrize(
  ('change', 'parts'),
  [
    ({'lamp': 'sky', 'fog': 'sky'}, ['neither has a class lamp, fog:', *MODEL]),
    ({'rider': 'cyclists'}, ['no class of camvid is cyclists: name one']),
    ({'cyclist': 'rider', 'rider': 'x'}, ['no class of the model is rider']),
  ],
)
def test_a_map_that_is_of_other_classes_is_told(change, parts):
  common = CommonClasses(classes=COMMON | change)
  with pytest.raises(UserError, match=r'^CommonClasses.classes: ') as error:
    common.check(MODEL, DATA, 'camvid')
  for part in (*parts, 'the model has sky', 'camvid has car, cyclist'):
    assert part in error.value.message


@pytest.mark.parametrize('wrong', [{}, ['sky'], 'sky', {'sky': 1}])
def test_what_is_no_map_is_told(wrong):
  with pytest.raises(UserError, match='CommonClasses.classes.*common class'):
    CommonClasses(classes=wrong)


@pytest.mark.parametrize(
  ('maps', 'labels', 'message'),
  [
    (5, 0, 'a label map has label 5, the data set 5 classes'),
    (0, 5, 'the model has label 5, the data set 5 classes'),
  ],
)
def test_labels_without_a_class_are_told(maps, labels, message):
  with pytest.raises(UserError, match=message):
    scorer().update(
      {'segmentation': np.full((1, 1, 1, 1), maps, np.uint8)},
      {'labels': np.full((1, 1, 1), labels, np.uint8)},
    )


def test_synthia_and_camvid_share_ten_classes():
  """All of CamVid's but cyclists; of SYNTHIA 13 of 16 are of one of them."""
  config.parse([FILE])
  assert config.bound() == {'CommonClasses'}
  common = CommonClasses()
  synthia = tuple(classes.SYNTHIA_IDS.values())
  common.check(synthia, classes.CAMVID, 'camvid')
  assert set(common.names) == set(classes.CAMVID) - {'cyclist'}
  left_out = [
    name
    for name, label in zip(synthia, common.labels(synthia), strict=True)
    if label < 0
  ]
  assert left_out == ['rider', 'motorcycle', 'bicycle']
  assert (pathlib.Path(__file__).parents[2] / FILE).is_file()
