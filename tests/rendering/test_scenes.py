import numpy as np
import pytest

from pixelda_tf.datasets.photos import load_sample
from pixelda_tf.rendering import photography, procedural, render, scenes, views


@pytest.fixture(scope='module')
def renderers():
  return [render.Renderer(procedural.load(name)) for name in procedural.OBJECTS]


@pytest.fixture(scope='module')
def photos():
  return load_sample()


def photograph(renderers, photos, index, label=2, seed=(0,)):
  return scenes.photograph(renderers, label, photos, seed=seed, index=index)


def test_a_scene_depends_on_seed_and_index_alone(renderers, photos):
  first = photograph(renderers, photos, 4)
  photograph(renderers, photos, 5)
  again = photograph(renderers, photos, 4)
  for one, other in zip(first, again, strict=True):
    np.testing.assert_array_equal(one, other)
  for other in (
    photograph(renderers, photos, 5),
    photograph(renderers, photos, 4, seed=(1,)),
  ):
    assert not np.array_equal(first.image, other.image)
    assert not np.array_equal(first.quaternion, other.quaternion)


def test_a_quarter_of_the_object_at_most_is_hidden(
  renderers, photos, monkeypatch
):
  """Against the same scene with neighbours that must hide nothing.

  The masks' pixels are at least half covered, which rounds by a few pixels.
  """
  shown = [photograph(renderers, photos, k).mask.sum() for k in range(25)]
  monkeypatch.setattr(scenes, 'LARGEST_OCCLUSION', 0.0)
  whole = [photograph(renderers, photos, k).mask.sum() for k in range(25)]
  shares = np.array(shown) / whole
  assert shares.min() > 0.72
  assert shares.max() <= 1
  assert (shares < 1).any()


def test_depth_belongs_to_the_object(renderers, photos):
  """It is within 10 cm of its centre; pixels of its edge may show others."""
  for index in range(10):
    scene = photograph(renderers, photos, index)
    measured = scene.depth[scene.mask & (scene.depth > 0)]
    assert np.quantile(np.abs(measured - scene.distance), 0.9) < 0.1
    assert (scene.depth == 0).any()


def test_mask_is_where_the_object_is_rendered(renderers, photos, monkeypatch):
  monkeypatch.setattr(scenes, 'MOST_NEIGHBOURS', 0)
  monkeypatch.setattr(scenes, 'BESIDE', 0)
  monkeypatch.setattr(scenes, 'ALONG', 0)
  scene = photograph(renderers, photos, 3)
  rendered = renderers[2].render(scene.quaternion)
  np.testing.assert_array_equal(scene.mask, rendered.coverage >= 0.5)
  viewpoint = -views.rotation_matrix(scene.quaternion)[2]
  assert viewpoint[2] >= 0


def test_table():
  """A table 10 cm below the axis: the ray (x, y, 1) meets it at 0.1 / y.

  The wall, 1.2 m away, hides it where y < 0.1 / 1.2.
  """
  depth = scenes._table(np.array([0, 0.1, 0.65]), np.array([0, -1.0, 0]), 64)
  y = render.pixel_rays(64)[..., 1]
  np.testing.assert_allclose(depth[y > 0.0834], 0.1 / y[y > 0.0834], rtol=1e-5)
  np.testing.assert_allclose(depth[y < 0.0833], scenes.WALL)


def test_paint():
  """Half grey: (0.8, 0.4, 0) has mean 0.4; then squared, times 2, clipped."""
  paint = photography.Paint(0.5, 2.0, np.array([2.0, 2.0, 1.0]))
  np.testing.assert_allclose(
    paint(np.array([[0.8, 0.4, 0.0]])), [[0.72, 0.32, 0.04]]
  )


def test_depth_is_lost_at_jumps_and_in_spots_only(monkeypatch):
  monkeypatch.setattr(photography, 'MOST_HOLES', 0)
  depth = np.full((32, 32), 0.5, np.float32)
  depth[:, 16:] = 0.9
  measured = photography.measure_depth(depth, np.random.default_rng(0))
  rows, columns = np.nonzero(measured == 0)
  assert set(columns) == {15, 16}
  assert 20 < len(rows) < 44
  error = (measured - depth)[measured > 0]
  assert error.std() == pytest.approx(photography.DEPTH_NOISE, rel=0.1)
