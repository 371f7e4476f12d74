import numpy as np
import pytest

from pixelda_tf.rendering.streets import (
  assembly,
  greenery,
  layout,
  materials,
  people,
  plan,
  shapes,
  styles,
  textures,
  vehicles,
)


def extent(shape):
  corners = shape.triangles.reshape(-1, 3)
  return corners.min(axis=0), corners.max(axis=0)


def area(shape):
  a, b, c = shape.triangles.transpose(1, 0, 2)
  return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_a_box_has_five_sides():
  """1 x 2 x 3: sides of 2 * 3 twice, 1 * 3 twice and the top of 2."""
  box = shapes.boxes([(0, 0, 0)], [(1, 2, 3)], 'brick')
  np.testing.assert_allclose(area(box), 20)
  np.testing.assert_array_equal(extent(box), [(0, 0, 0), (1, 2, 3)])


def test_a_tube_of_many_sides_is_a_cylinder():
  tube = shapes.tubes([(1, 0, 0)], [(1, 0, 2)], 0.5, 0.5, 'steel', 100)
  np.testing.assert_allclose(area(tube), 2 * np.pi, rtol=1e-3)
  np.testing.assert_allclose(
    extent(tube), [(0.5, -0.5, 0), (1.5, 0.5, 2)], atol=1e-3
  )


def test_a_loft_of_a_square_is_a_box():
  """Around 2 x 1 x 4 of length 1 along y and z, flanks of 1 each."""
  profile = [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
  np.testing.assert_allclose(area(shapes.loft(profile, 'paint')), 2 * 4 + 2)


def test_moves_scale_then_turn_then_shift():
  point = shapes.triangles([[(1, 0, 0)] * 3], 'brick')
  moved = shapes.move(point, (5, 6, 7), turn=np.pi / 2, scale=(2, 3, 4))
  np.testing.assert_allclose(moved.triangles[0, 0], (5, 8, 7), atol=1e-6)


@pytest.mark.parametrize('name', vehicles.NAMES)
def test_vehicles_stand_on_the_road(name):
  low, high = extent(vehicles.load(name))
  np.testing.assert_allclose(low[2], 0, atol=0.03)
  np.testing.assert_allclose(high[1] - low[1], vehicles.length(name), rtol=0.03)
  assert -low[0] == pytest.approx(high[0])
  assert 1.3 < high[2] < 4.5


@pytest.mark.parametrize('kind', greenery.KINDS)
def test_trees_differ(kind):
  trees = [greenery.load(kind, index) for index in range(greenery.TREES)]
  for tree in trees:
    low, high = extent(tree)
    assert -0.1 < low[2] < 0.01 and 0.7 < high[2] < 1.5
  assert len({tree.triangles.tobytes() for tree in trees}) == greenery.TREES


def test_people_are_as_tall_as_people():
  for shape in (*map(people.load, range(people.POSES)), people.rider(0)):
    low, high = extent(shape)
    assert -0.05 < low[2] < 0.06 and 1.7 < high[2] < 1.9


def test_vehicles_have_shares():
  assert vehicles.SHARES.sum() == pytest.approx(1)
  assert len(vehicles.SHARES) == len(vehicles.NAMES)


def test_things_have_surfaces_of_their_own():
  """Two houses and a car's glass: four; parts added as the same thing share."""
  made = assembly.Assembly()
  wall = shapes.upright(0, 1, 0, 1, 0, 'brick')
  both = shapes.join([wall, shapes.upright(0, 1, 0, 1, 0, 'glass')])
  made.add(both, 'building')
  made.add(wall, 'building', same=True)
  made.add(wall, 'building', at=(1, 0, 0))
  made.add(wall, 'void')
  geometry = made.geometry()
  brick, glass = materials.INDEX['brick'], materials.INDEX['glass']
  assert sorted(geometry.kinds) == sorted([brick, glass, brick, brick])
  surfaces = geometry.surfaces.reshape(-1, 2)
  assert (surfaces[:, 0] == surfaces[:, 1]).all()
  first, pane, same, second, third = surfaces[:, 0]
  assert first == same and len({first, pane, second, third}) == 4
  assert geometry.labels.tolist() == [1] * 8 + [255] * 2


def test_streets_bend():
  street = plan.draw(np.random.default_rng(0))._replace(bend=2.0, hill=3.0)
  np.testing.assert_allclose(
    street.warp(np.array([[1.0, 200.0, 0.5], [1.0, 0.0, 0.5]])),
    [[9.0, 200.0, 6.5], [1.0, 0.0, 0.5]],
  )


@pytest.mark.parametrize('seed', range(3))
def test_a_street_has_no_holes(seed):
  """Road from kerb to kerb, all along; nothing is where nobody can see it."""
  scene = layout.build(np.random.default_rng(seed), styles.STYLES['day'].trees)
  geometry = scene.geometry
  assert np.isfinite(geometry.triangles).all()
  assert geometry.triangles.dtype == np.float32
  road = geometry.labels == assembly.LABELS['road']
  along = geometry.triangles[road][..., 1]
  assert along.min() < -plan.HALF and along.max() > plan.HALF
  assert set(np.unique(geometry.labels)) == set(assembly.LABELS.values()) - {0}
  assert len(geometry.lamps) > 4


def test_textures_are_factors_of_mean_one():
  atlas = textures.atlas().reshape(len(textures.TEXTURES), textures.LENGTH)
  first = atlas[:, : textures.SIZE**2]
  np.testing.assert_allclose(first.mean(axis=1), 1, rtol=1e-5)
  assert (atlas > 0).all()


def test_a_texture_far_away_is_its_mean():
  places = np.linspace(0, 50, 100, dtype=np.float32)
  which = np.full(100, textures.INDEX['bricks'], np.int32)
  near, far = (
    textures.sample(which, places, places, np.full(100, footprint, np.float32))
    for footprint in (0.001, 100.0)
  )
  assert near.std() > 0.05
  np.testing.assert_allclose(far, 1, atol=0.05)


def test_a_texture_repeats_after_8_metres():
  places = np.arange(100, dtype=np.float32) / 16
  which = np.full(100, textures.INDEX['bricks'], np.int32)
  fine = np.full(100, 0.001, np.float32)
  np.testing.assert_array_equal(
    textures.sample(which, places, places, fine),
    textures.sample(which, places + 8, places - 8, fine),
  )


def test_noise_falls_as_photographs_do():
  """Amplitudes at twice the frequency are half of what they were."""
  made = textures.noise(256, np.random.default_rng(0))
  amplitude = np.abs(np.fft.fft2(made))
  radius = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(256, 1 / 256)]))
  rings = [amplitude[np.rint(radius) == r].mean() for r in (16, 32, 64)]
  np.testing.assert_allclose(np.divide(rings[:-1], rings[1:]), 2, rtol=0.15)


def test_paint_has_a_surfaces_colour():
  kinds = np.full(2000, materials.INDEX['yellow_plate'])
  colours, glow = materials.paint(kinds, np.random.default_rng(0))
  np.testing.assert_allclose(
    np.median(colours, axis=0), (0.55, 0.42, 0.05), rtol=0.02
  )
  assert not glow.any()
  lamps = np.full(2000, materials.INDEX['headlamp'])
  _, glow = materials.paint(lamps, np.random.default_rng(0))
  assert np.mean(glow > 0) == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize('kind', greenery.KINDS)
def test_far_trees_have_fewer_triangles_of_the_same_area(kind):
  near, far = (greenery.load(kind, 0, far=far) for far in (False, True))
  assert len(far.materials) < 0.65 * len(near.materials)
  assert area(far) == pytest.approx(area(near), rel=0.15)
