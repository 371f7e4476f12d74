import numpy as np
import pytest

from pixelda_tf.rendering.streets import (
  assembly,
  camera,
  light,
  renderer,
  shapes,
  styles,
)

SIZE = (30, 40)
# 10 m before the camera, over all of the picture but the upper half.
WALL = shapes.upright(-50, 50, -50, 0, 10.0, 'plaster')


def sight(**changes):
  return camera.Camera(
    np.zeros(3, np.float32), np.eye(3, dtype=np.float32), 1.0, 0.0
  )._replace(**changes)


def sun(direction=(0.0, -1.0, 0.0), strength=1.0):
  return light.Light(
    direction=np.array(direction, np.float32),
    sun=np.full(3, strength, np.float32),
    zenith=np.zeros(3, np.float32),
    horizon=np.zeros(3, np.float32),
    cloud=np.zeros(3, np.float32),
    cover=0.0,
    drift=np.zeros(2, np.float32),
    haze=1e9,
    night=0.0,
  )


def trace(things, *, at=None, by=None, size=SIZE):
  made = assembly.Assembly()
  for shape, name in things:
    made.add(shape, name)
  return renderer.Renderer(made.geometry()).trace(
    at or sight(),
    by or sun(),
    styles.STYLES['day'],
    size,
    np.random.default_rng(0),
  )


def test_rays_of_a_pixel_meet_its_corners():
  """4 x 2 pixels: x is (-1.5 to 1.5)/4, z 0.5/4 and -0.5/4; focal length 2."""
  rays = sight(focal=2.0).rays(2, 4, 1).reshape(2, 4, 3)
  np.testing.assert_allclose(
    rays[0, :, 0], np.array([-1.5, -0.5, 0.5, 1.5]) / 8
  )
  np.testing.assert_allclose(rays[:, 0, 2], np.array([0.5, -0.5]) / 8)
  assert (rays[..., 1] == 1).all()
  finer = sight(focal=2.0).rays(2, 4, 2).reshape(2, 4, 4, 3)
  np.testing.assert_allclose(finer.mean(axis=2), rays, atol=1e-7)


def test_distortion_bends_rays_outwards():
  """The corner's x is -0.375, its z 0.125: squares' sum 0.15625."""
  bent = sight(distortion=2.0).rays(2, 4, 1)[0]
  np.testing.assert_allclose(
    bent, [-0.375 * 1.3125, 1, 0.125 * 1.3125], atol=1e-6
  )


def test_labels_are_those_of_what_is_hit():
  traced = trace([(WALL, 'building')])
  expected = np.zeros(SIZE, np.uint8)
  expected[15:] = assembly.LABELS['building']
  np.testing.assert_array_equal(traced.labels, expected)


def test_the_nearer_hides_the_farther():
  sign = shapes.upright(-1, 1, -1, 1, 5.0, 'sign_blue')
  traced = trace([(WALL, 'building'), (sign, 'sign')])
  # 1 m at 5 m is 0.2 picture widths, 8 pixels.
  expected = np.zeros(SIZE, bool)
  expected[7:23, 12:28] = True
  np.testing.assert_array_equal(
    traced.labels == assembly.LABELS['sign'], expected
  )


def test_a_pixel_has_the_thinnest_class_of_its_rays():
  """A post that two of four rays meet: 3/4 of a pixel is 9.4 cm at 5 m."""
  post = shapes.upright(0.085, 0.1, -5, -0.5, 5.0, 'steel')
  traced = trace([(WALL, 'building'), (post, 'pole')])
  pole = traced.labels == assembly.LABELS['pole']
  assert pole[20:].sum(axis=1).tolist() == [1] * 10


@pytest.mark.parametrize('behind', [None, 'building', 'car'])
def test_gaps_in_a_crown_are_tree(behind):
  left = shapes.upright([-1.0, 0.04], [-0.04, 1.0], 0.2, 2, 5.0, 'leaf')
  things = [(left, 'tree')]
  if behind:
    things.append((shapes.upright(-9, 9, -9, 9, 10.0, 'brick'), behind))
  traced = trace(things, size=(180, 240))
  # 48 pixels a metre: the gap of 8 cm is 4 wide, and has rays' classes within.
  seen = assembly.LABELS['car' if behind == 'car' else 'tree']
  assert (traced.labels[30:70, 119:121] == seen).all()


def test_lambert():
  """A wall that faces the sun gets twice what one at 60 degrees does."""
  facing = trace([(WALL, 'building')])
  turned = trace([(WALL, 'building')], by=sun((np.sqrt(0.75), -0.5, 0.0)))
  ratio = turned.radiance[16:] / facing.radiance[16:]
  # The ground below has sunlight to give back in neither.
  np.testing.assert_allclose(ratio, 0.5, rtol=1e-5)


def test_sun_behind_a_wall_does_not_light_it():
  traced = trace([(WALL, 'building')], by=sun((0.0, 1.0, 0.0)))
  assert not traced.radiance[16:].any()


def test_shadows():
  """What stands between the sun, on the right, and the left half's wall."""
  blind = shapes.quads(
    [[(0.5, 8, -9), (0.5, 9.9, -9), (0.5, 9.9, 9), (0.5, 8, 9)]], 'steel'
  )
  direction = np.array([1.0, -1.0, 0.0]) / np.sqrt(2)
  traced = trace([(WALL, 'building'), (blind, 'pole')], by=sun(direction))
  lit = traced.radiance[20:, :, 1] > 0
  # The blind's edges, at 8 m and 9.9 m, throw shadows to x = -1.5 and 0.4 m.
  # At 10 m a pixel is 25 cm, and x = 0 between the 20th and the 21st.
  assert lit[:, :13].all() and lit[:, 25:].all()
  assert not lit[:, 15:21].any()


def test_haze_hides_what_is_far():
  misty = sun()._replace(haze=10.0, horizon=np.ones(3, np.float32))
  traced = trace([(WALL, 'building')], by=misty)
  clear = trace([(WALL, 'building')], by=misty._replace(haze=1e9))
  # Through the middle, at 10 m, exp(-1) of the wall is left.
  np.testing.assert_allclose(
    traced.radiance[15, 20],
    np.exp(-1) * clear.radiance[15, 20] + (1 - np.exp(-1)) * 0.8,
    rtol=2e-2,
  )


def test_a_pixel_is_the_mean_of_its_rays():
  """Behind haze a wall is 0.8 of the sky, which is 0.5 everywhere.

  At 10 m, rays are 12.5 cm apart: of the pixel right of the middle those at
  6.25 cm miss the wall, those at 18.75 cm meet it.
  """
  half = np.full(3, 0.5, np.float32)
  hazy = sun()._replace(
    haze=1e-3, cover=-9, zenith=half, horizon=half, cloud=half
  )
  wall = shapes.upright(0.1, 50, -50, 50, 10.0, 'plaster')
  traced = trace([(wall, 'building')], by=hazy)
  expected = np.full((*SIZE, 3), 0.5)
  expected[:, 20], expected[:, 21:] = 0.45, 0.4
  np.testing.assert_allclose(traced.radiance, expected, rtol=1e-6)


def test_one_ray_shows_a_pattern_as_well_as_four():
  """A wall whose pixels are of one triangle looks as one of narrow strips.

  At 8.7 m rays are 5.4 cm apart: each strip has one ray of a pixel above
  another, which are then shaded at places of their own in the pattern.
  """
  edges = np.arange(-460, 460) * 0.054375
  strips = shapes.upright(-50, 50, edges, edges + 0.054375, 8.7, 'brick')
  plain = shapes.upright(-50, 50, -25, 25, 8.7, 'brick')
  four, one = (
    trace([(wall, 'building')], size=(60, 80)).radiance
    for wall in (strips, plain)
  )
  np.testing.assert_allclose(one.mean(), four.mean(), rtol=0.01)
  np.testing.assert_allclose(one.std(), four.std(), rtol=0.1)
  assert np.corrcoef(one.ravel(), four.ravel())[0, 1] > 0.95
  assert not np.array_equal(one, four)


@pytest.mark.parametrize('exposure', [0.02, 0.2])
def test_exposure_is_chosen_for_the_ground(exposure):
  style = styles.STYLES['day']._replace(
    exposure=(exposure, exposure), warmth=0.0, vignette=0.0, noise=(0.0, 0.0)
  )
  radiance = np.full((30, 40, 3), 7.0, np.float32)
  radiance[:10] = 700
  ground = np.arange(30)[:, None] >= np.full(40, 10)
  image = camera.expose(radiance, ground, style, np.random.default_rng(0))
  assert (image[:8] == 255).all()
  np.testing.assert_allclose(image[14:], 255 * np.sqrt(exposure), atol=1)
