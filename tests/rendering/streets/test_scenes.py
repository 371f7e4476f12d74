import numpy as np
import pytest

from pixelda_tf.fields import label_maps
from pixelda_tf.rendering.streets import assembly, scenes, styles

COUNTS = {'train': 1000, 'test': 1000}


def pictures(style='day', **options):
  return scenes.Streets(style, counts=COUNTS, **options)


@pytest.fixture(scope='module')
def made():
  """Ten pictures of five streets of each style, at a quarter of the size."""
  return {
    style: [
      pictures(style, size=(90, 120)).example('train', index)
      for index in range(0, 50, 5)
    ]
    for style in styles.STYLES
  }


def test_a_picture_depends_on_its_number_alone():
  first = pictures(size=(18, 24))
  several = [first.example('train', index) for index in (12, 0, 6)]
  again = pictures(size=(18, 24)).example('train', 6)
  np.testing.assert_array_equal(several[2]['image'], again['image'])
  np.testing.assert_array_equal(
    several[2]['segmentation'], again['segmentation']
  )
  others = [
    several[0],
    first.example('test', 6),
    pictures(size=(18, 24), seed=1).example('train', 6),
    pictures('camera', size=(18, 24)).example('train', 6),
  ]
  for other in others:
    assert not np.array_equal(other['segmentation'], again['segmentation'])


def test_forms(made):
  for style in made.values():
    for example in style:
      assert example['image'].shape == (90, 120, 3)
      assert example['image'].dtype == np.uint8
      assert example['segmentation'].shape == (90, 120, 1)
      assert example['segmentation'].dtype == np.uint8


@pytest.mark.parametrize('style', styles.STYLES)
def test_a_style_shows_all_classes(made, style):
  labels = np.concatenate(
    [each['segmentation'].ravel() for each in made[style]]
  )
  found = set(np.unique(labels))
  assert found >= set(range(9))
  assert found <= {*range(len(assembly.CLASSES)), label_maps.IGNORE}
  shares = np.bincount(labels, minlength=256) / len(labels)
  assert 0.1 < shares[assembly.LABELS['road']] < 0.5
  assert 0.02 < shares[assembly.LABELS['sky']] < 0.4


def test_the_sky_is_above_the_road(made):
  for style in made.values():
    labels = np.stack([each['segmentation'][..., 0] for each in style])
    rows = np.arange(90)[None, :, None] * np.ones(labels.shape)
    road, sky = (labels == assembly.LABELS[name] for name in ('road', 'sky'))
    assert rows[sky].mean() < 35 < 50 < rows[road].mean()


def mean(made, style, name):
  values = [
    each['image'][each['segmentation'][..., 0] == assembly.LABELS[name]]
    for each in made[style]
  ]
  return np.concatenate(values).mean(axis=0)


def test_seasons_and_hours_differ(made):
  """Snow is brighter than asphalt, autumn redder than summer, dusk dark."""
  assert (
    mean(made, 'winter', 'pavement').mean()
    > 1.2 * mean(made, 'day', 'pavement').mean()
  )
  red, green, _ = mean(made, 'fall', 'tree')
  assert red > green
  assert (
    mean(made, 'dusk', 'sky').mean() < 0.75 * mean(made, 'day', 'sky').mean()
  )


def test_views_are_free(made):
  """Nothing fills a picture: a camera is not inside of a vehicle."""
  for style in made.values():
    for example in style:
      assert (
        np.bincount(example['segmentation'].ravel()).max() < 0.75 * 90 * 120
      )
