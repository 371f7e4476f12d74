import numpy as np
import pytest
import trimesh

from pixelda_tf.errors import UserError
from pixelda_tf.rendering import meshes, render, views

IDENTITY = (1, 0, 0, 0)
FACING = render.Light(direction=(0, 0, -1), ambient=0.25, diffuse=0.5)


def painted(mesh, colour=(200, 100, 40)):
  mesh.visual.vertex_colors = np.tile(
    np.uint8([*colour, 255]), (len(mesh.vertices), 1)
  )
  return mesh


def renderer(mesh):
  return render.Renderer(meshes.from_trimesh(mesh))


def cube(side=0.06):
  return renderer(painted(trimesh.creation.box((side, side, side))))


@pytest.mark.parametrize('distance', [0.3, 0.65])
def test_sphere(distance):
  """A ray (x, y, 1), s = 1 + x² + y², meets the sphere about (0, 0, d).

  |t ray - (0, 0, d)| = r gives t = (d - sqrt(d² - s (d² - r²))) / s, which is
  the depth; it exists where s <= d² / (d² - r²).
  """
  radius = 0.05
  ball = renderer(trimesh.creation.icosphere(subdivisions=5, radius=radius))
  rendered = ball.render(IDENTITY, 64, position=(0, 0, distance))
  s = np.sum(render.pixel_rays(64) ** 2, axis=-1, dtype=np.float64)
  left = distance**2 - s * (distance**2 - radius**2)
  hit = left >= 0
  assert np.count_nonzero(rendered.mask != hit) <= 0.01 * np.count_nonzero(hit)
  both = rendered.mask & (left > 0.02 * radius**2)
  expected = (distance - np.sqrt(np.maximum(left, 0))) / s
  np.testing.assert_allclose(
    rendered.depth[both], expected[both], atol=0.02 * radius
  )
  centre = rendered.depth[31:33, 31:33]
  np.testing.assert_allclose(centre, distance - radius, atol=2e-4)
  assert not rendered.depth[~rendered.mask].any()
  assert rendered.coverage.sum() == pytest.approx(hit.sum(), rel=0.02)


def test_cube():
  """Its front face, 6 cm wide and 3 cm nearer, fills a square exactly.

  The face's depth is 62 cm; it covers |x| <= 3 / 62 of the rays (x, y, 1). The
  light falls at a right angle: colours are multiplied by 0.75.
  """
  rendered = cube().render(IDENTITY, 64, light=FACING)
  rays = render.pixel_rays(64)
  face = np.abs(rays[..., :2]).max(axis=-1) <= 0.03 / 0.62
  np.testing.assert_array_equal(rendered.mask, face)
  np.testing.assert_allclose(rendered.depth[face], 0.62, atol=1e-6)
  inner = np.abs(rays[..., :2]).max(axis=-1) <= 0.028 / 0.62
  assert (rendered.image[inner] == (150, 75, 30)).all()
  outer = np.abs(rays[..., :2]).max(axis=-1) >= 0.032 / 0.62
  assert not rendered.image[outer].any()


def test_side_away_from_the_light_has_the_ambient_share():
  light = FACING._replace(direction=(0, 0, 1), colour=(1, 0.4, 1))
  rendered = cube().render(IDENTITY, 8, position=(0, 0, 0.1), light=light)
  assert (rendered.image == (50, 10, 10)).all()


def test_light_colours_are_clipped():
  light = FACING._replace(ambient=5.0)
  assert (cube().render(IDENTITY, 8, light=light).image[3:5, 3:5] == 255).any()


def test_axes_are_opencv_s():
  """Model x is to the right of a picture, y down; z = 1 cm is farther away."""
  parts = []
  for place, colour in (
    ((0.05, 0, 0.01), (255, 0, 0)),
    ((0, 0.05, 0), (0, 255, 0)),
  ):
    part = painted(trimesh.creation.box((0.02, 0.02, 0.02)), colour)
    parts.append(part.apply_translation(place))
  rendered = renderer(trimesh.util.concatenate(parts)).render(IDENTITY, 64)
  # 5 cm of 19.5 cm is 16.4 pixels.
  assert rendered.image[32, 48].argmax() == 0
  assert rendered.image[48, 32].argmax() == 1
  assert not rendered.image[32, 16].any()
  farther = rendered.depth[32, 48] - rendered.depth[48, 32]
  assert farther == pytest.approx(0.01, abs=1e-6)


def test_position_moves_the_picture():
  """1 cm at the distance of 65 cm is 64 / 19.5 pixels; two such are 6.6."""
  moved = cube().render(IDENTITY, 64, position=(0.02, -0.01, render.DISTANCE))
  rows, columns = np.nonzero(moved.mask)
  assert columns.mean() - 31.5 == pytest.approx(6.6, abs=0.6)
  assert rows.mean() - 31.5 == pytest.approx(-3.3, abs=0.6)


def test_either_sign_of_a_quaternion_renders_alike():
  quaternion = views.sample(0, 1)
  for one, other in zip(
    cube().render(quaternion), cube().render(-quaternion), strict=True
  ):
    np.testing.assert_array_equal(one, other)


def test_depth_agrees_with_another_size():
  """A pixel's centre at 48 is a pixel's centre at 16, three times as large."""
  quaternion = views.sample(0, 2)
  large = cube().render(quaternion, 48).depth[1::3, 1::3]
  small = cube().render(quaternion, 16).depth
  np.testing.assert_allclose(large, small, atol=1e-6)


def test_colours_are_interpolated_between_vertices():
  """A triangle with a white corner and two black ones: white fades evenly."""
  triangle = meshes.Mesh(
    np.float32([[-0.05, -0.05, 0], [0.05, -0.05, 0], [-0.05, 0.05, 0]]),
    np.int32([[0, 1, 2]]),
    np.float32([[0, 0, 0], [1, 1, 1], [0, 0, 0]]),
  )
  light = render.Light(direction=(0, 0, -1), ambient=0.0, diffuse=1.0)
  colours, depth = render.Renderer(triangle).trace(IDENTITY, 65, light=light)
  x = (render.pixel_rays(65)[..., 0] * render.DISTANCE + 0.05) / 0.1
  np.testing.assert_allclose(
    colours[depth > 0], np.repeat(x[depth > 0][:, None], 3, 1), atol=1e-5
  )


def test_without_embreex(monkeypatch):
  monkeypatch.setattr(render, 'rtcore_scene', None)
  with pytest.raises(UserError, match='pip install embreex'):
    cube()
