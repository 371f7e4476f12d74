import numpy as np

from pixelda_tf.datasets.pose import bop_crops

CAMERA = np.array([[200.0, 0, 79.3], [0, 210.0, 60.7], [0, 0, 1]])
HEIGHT, WIDTH = 120, 160


def test_crop_shows_a_square_of_metres_around_the_origin():
  """Of a picture whose red is the column and whose green is the row.

  0.16 m at 0.5 m are f * 0.16 / 0.5 pixels: 64 and 67.2, so that the steps are
  1 and 1.05. The middle of the crop's columns, 31.5, lies at fx * x / z + cx =
  99.3, half a pixel to the right of the middle of a column 98.8.
  """
  rows, columns = np.mgrid[:HEIGHT, :WIDTH]
  image = np.stack([columns, rows, 0 * rows], axis=-1).astype(np.uint8)
  crop = bop_crops.Crop(CAMERA, np.array([0.05, -0.01, 0.5]), 0.16)
  np.testing.assert_allclose(crop.centre, [99.3, 56.5])
  np.testing.assert_allclose(crop.steps, [1, 1.05])
  cut = crop.colours(image).astype(float)
  offsets = np.arange(64) - 31.5
  red, green = 98.8 + 1.0 * offsets, 56.0 + 1.05 * offsets
  np.testing.assert_allclose(cut[..., 0], np.tile(red, (64, 1)), atol=0.6)
  np.testing.assert_allclose(cut[..., 1], np.tile(green, (64, 1)).T, atol=0.6)
  assert not cut[..., 2].any()


def test_rays_of_pixels_lead_back_to_them():
  crop = bop_crops.Crop(CAMERA, np.array([0.05, -0.01, 0.5]), 0.16)
  rays = crop.rays()
  assert (rays[:, 2] == 1).all()
  np.testing.assert_allclose(rays.mean(axis=0), [0.1, -0.02, 1], atol=1e-12)
  np.testing.assert_allclose(np.ptp(rays, axis=0)[:2], 0.32 * 63 / 64)


def test_crop_averages_what_it_shrinks():
  """Stripes of a pixel become grey; their nearest pixels stay stripes."""
  image = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
  image[:, ::2] = 200
  crop = bop_crops.Crop(CAMERA, np.array([0, 0, 0.5]), 0.25)
  assert np.abs(crop.colours(image)[32].astype(int) - 100).max() < 25
  assert set(np.unique(crop.nearest(image[..., 0]))) == {0, 200}


def test_crop_is_black_outside_of_the_frame():
  """0.1 m to the left, at 0.5 m, is column 39.3; a step is 2.2 columns.

  The frame begins 39.3 / 2.2 = 17.86 steps to the left of the middle, 32: in
  the crop's column 14, whose centre is at 14.5, inside. A step is as wide as
  the filter on either side.
  """
  image = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
  crop = bop_crops.Crop(CAMERA, np.array([-0.1, 0, 0.5]), 0.352)
  np.testing.assert_allclose(crop.steps[0], 2.2)
  row = crop.colours(image)[32, :, 0]
  assert not row[:13].any()
  assert (row[15:] == 255).all()
  inside = crop.inside(image.shape[:2])[32]
  np.testing.assert_array_equal(inside, np.arange(64) >= 14)
