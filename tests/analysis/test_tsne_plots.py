"""An analysis' plots of t-SNE: of pixels and of features."""

import numpy as np
import pytest
from made_up_adaptation import Method, adaptation, images

from pixelda_tf.analysis import plots, tsne
from pixelda_tf.analysis.adaptation import Model


def test_pixels_are_one_embedding(panels):
  plot = tsne.pixels(adaptation())
  assert panels['one_embedding']
  before, after = panels['panels'].values()
  assert [cloud.domain for cloud in before] == ['source', 'target']
  assert [cloud.domain for cloud in after] == ['translated', 'target']
  np.testing.assert_array_equal(before[1].points, after[1].points)
  assert [len(cloud.points) for cloud in before + after] == [14, 11, 14, 11]
  ((name, embedding),) = plot.embeddings.items()
  assert name == 'pixels'
  assert (
    embedding.domains == ['source'] * 14 + ['target'] * 11 + ['translated'] * 14
  )
  assert embedding.points.shape == (39, 39)
  expected = np.concatenate([images(14, 3, 0), images(11, 3, 1)])
  np.testing.assert_array_equal(embedding.images[:25], expected)
  np.testing.assert_array_equal(embedding.images[25:], -expected[:14])
  assert embedding.labels[:4] == ['cat', 'dog', 'cow', 'cat']


def test_features_are_those_of_translated_images_after(panels):
  plot = tsne.task_features(adaptation())
  assert not panels['one_embedding']
  assert list(panels['panels']) == [
    'before: plain, 100 steps',
    'after: adapted, 2,000 steps',
  ]
  before, after = panels['panels'].values()
  assert [cloud.domain for cloud in before] == ['source', 'target']
  assert [cloud.domain for cloud in after] == ['translated', 'target']
  features = plot.embeddings['features']
  shown = np.concatenate([-images(14, 3, 0), images(11, 3, 1)])
  np.testing.assert_array_equal(features.points, shown.reshape(25, -1)[:, :5])
  np.testing.assert_array_equal(features.images, shown)


FAULTS = {
  "gives no 'features': its task network has no output of that name": Method(
    with_features=False
  ),
  'gives features that are not finite: its training diverged': Method(
    scale=np.nan
  ),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_features_that_cannot_be_shown(fault, panels):
  broken = Model('broken', FAULTS[fault], 5)
  plot = tsne.task_features(adaptation(after=broken))
  assert plot.missing == [f"after: row 'broken' {fault}"]
  assert list(panels['panels']) == ['before: plain, 100 steps']
  assert plot.embeddings == {}
  with pytest.raises(plots.LeftOut, match='^before.*; after: row'):
    tsne.task_features(adaptation(before=broken, after=broken))


def test_features_that_are_all_the_same_are_one_point(panels):
  dead = Model('dead', Method(scale=0.0), 5)
  tsne.task_features(adaptation(after=dead))
  for cloud in panels['panels']['after: dead, 5 steps']:
    assert (cloud.points == 0).all()


def test_rows_side_by_side_are_of_images_as_they_are(panels):
  """Features are the first pixels, negated in the second row."""
  turned = Model('turned', Method(scale=-1.0), 7)
  broken = Model('broken', Method(with_features=False), 5)
  given = adaptation(side_by_side=[turned, broken, adaptation().before])
  plot = tsne.side_by_side(given)
  assert not panels['one_embedding']
  assert list(panels['panels']) == ['turned, 7 steps', 'plain, 100 steps']
  for clouds in panels['panels'].values():
    assert [cloud.domain for cloud in clouds] == ['source', 'target']
    assert [len(cloud.points) for cloud in clouds] == [14, 11]
  assert plot.missing == [f"row 'broken' {next(iter(FAULTS))}"]
  shown = np.concatenate([images(14, 3, 0), images(11, 3, 1)])
  points = -shown.reshape(25, -1)[:, :5]
  expected = tsne.embed(tsne.principal_components(points, 0), 0)
  found = [cloud.points for cloud in panels['panels']['turned, 7 steps']]
  np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-4)


def test_rows_of_which_none_has_features_are_left_out(panels):
  broken = Model('broken', Method(with_features=False), 5)
  with pytest.raises(plots.LeftOut, match="^row 'broken' gives no 'features'"):
    tsne.side_by_side(adaptation(side_by_side=[broken]))
