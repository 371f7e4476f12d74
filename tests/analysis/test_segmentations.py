"""An analysis' plot of label maps, row by row."""

import types

import numpy as np
import pytest
import tensorflow as tf
from made_up_adaptation import Method, adaptation, images

from pixelda_tf.analysis import segmentations
from pixelda_tf.analysis.adaptation import Model
from pixelda_tf.evaluation import pictures
from pixelda_tf.problems import Segmentation

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


class Segmenter(Method):
  """Each pixel is of class 1 where it is positive, else 0."""

  def predictions(self, images, size):
    del size
    return {'labels': tf.cast(images[..., 0] > 0, tf.int32)}


@pytest.fixture
def rows(monkeypatch):
  """What the last picture was of: images by row."""
  drawn = {}
  labelled = pictures.labelled

  def note(groups, title):
    drawn.clear()
    drawn.update(dict(groups[0]))
    return labelled(groups, title)

  monkeypatch.setattr(pictures, 'labelled', note)
  return drawn


def given(back):
  """Of 8 images, whose label maps are all of class 2."""
  maps = np.full((8, 8, 8, 1), 2, np.uint8)
  shown = {'image': images(8, 3, 1), 'segmentation': maps}
  pair = types.SimpleNamespace(
    problem=Segmentation(),
    class_names=('sky', 'road', 'car'),
    image_shape=(8, 8, 3),
    source=types.SimpleNamespace(colours=COLOURS),
    target=types.SimpleNamespace(name='t', test='test', count=lambda split: 8),
    test_batches=lambda: tf.data.Dataset.from_tensors(shown),
  )
  models = {
    when: Model(when, Segmenter(back=back), 5)
    for when in ('before', 'after', 'translator')
  }
  return adaptation(pair=pair, **models), shown['image']


def painted(labels):
  return np.array(COLOURS)[labels] / 127.5 - 1.0


def test_rows_of_a_translator_that_goes_both_ways(rows):
  """Input, identity, translated, before, after, truth: Fig. 4 of I2I Adapt."""
  compared, shown = given(back=True)
  plot = segmentations.segmentations(compared)
  assert list(rows) == [
    'target',
    'identity: translator',
    'translated to source: translator',
    'before: before',
    'after: after',
    'truth',
  ]
  target, identity, translated, before, after, truth = rows.values()
  np.testing.assert_array_equal(target, shown)
  np.testing.assert_array_equal(identity, -shown)
  np.testing.assert_array_equal(translated, shown / 2)
  expected = painted((shown[..., 0] > 0).astype(int))
  np.testing.assert_allclose(before, expected, atol=1e-6)
  np.testing.assert_array_equal(after, before)
  np.testing.assert_allclose(truth, painted(np.full((8, 8, 8), 2)), atol=1e-6)
  assert not plot.missing


@pytest.mark.parametrize('translator', [True, False])
def test_rows_without_a_way_back(rows, translator):
  compared, _ = given(back=False)
  if not translator:
    compared = compared._replace(translator=None, translated=None)
  segmentations.segmentations(compared)
  assert list(rows) == ['target', 'before: before', 'after: after', 'truth']
