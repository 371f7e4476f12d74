import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pixelda_tf.datasets import mask_files
from pixelda_tf.errors import UserError

# Bottom right is the object.
OBJECT = np.zeros((12, 16), bool)
OBJECT[4:, 6:] = True


@pytest.fixture
def read(tmp_path):
  """Function that saves a mask, and returns bool [12, 16]: where it is set."""

  def save_and_read(mask, suffix='.png', **options):
    mask = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
    path = tmp_path / f'mask{suffix}'
    mask.save(path, **options)
    Image.new('RGB', mask.size).save(tmp_path / 'image.png')
    size = mask.height, mask.width
    found = mask_files.read(path, tmp_path / 'image.png', size)
    assert found.dtype == np.uint8
    assert found.shape == (*size, 1)
    assert set(np.unique(found)) <= {0, 255}
    return found[..., 0] == 255

  return save_and_read


def of(background, foreground):
  """Returns a mask of two values, or colours."""
  where = OBJECT if np.ndim(foreground) == 0 else OBJECT[..., None]
  return np.where(where, foreground, background).astype(np.uint8)


@pytest.mark.parametrize(
  ('background', 'foreground'),
  [(0, 1), (0, 2), (0, 21), (0, 200), (0, 255), (1, 2), (127, 128), (254, 255)],
)
def test_of_two_values_the_darker_is_the_background(
  read, background, foreground
):
  np.testing.assert_array_equal(read(of(background, foreground)), OBJECT)


@pytest.mark.parametrize('colour', [(128, 0, 0), (0, 0, 1), (255, 255, 255)])
def test_of_two_colours_the_darker_is_the_background(read, colour):
  np.testing.assert_array_equal(read(of((0, 0, 0), colour)), OBJECT)


def test_palettes_are_read_by_their_colours(read):
  """As of VOC: index 1 is a dark red, index 0 black."""
  image = Image.fromarray(of(0, 1), 'L').convert('P')
  image.putpalette([0, 0, 0, 128, 0, 0])
  np.testing.assert_array_equal(read(image), OBJECT)


def test_modes_of_one_bit_and_of_opaque_alpha(read):
  np.testing.assert_array_equal(read(Image.fromarray(OBJECT)), OBJECT)
  opaque = of((0, 0, 0, 255), (9, 9, 9, 255))
  np.testing.assert_array_equal(read(opaque), OBJECT)


@pytest.mark.parametrize(
  ('value', 'expected'), [(0, 0), (1, 1), (21, 1), (255, 1)]
)
def test_one_value_is_all_object_unless_black(read, value, expected):
  assert read(of(value, value)).mean() == expected


def disc(size=64, radius=20):
  image = Image.new('L', (size, size))
  middle = size / 2
  box = [middle - radius, middle - radius, middle + radius, middle + radius]
  ImageDraw.Draw(image).ellipse(box, fill=255)
  return image


@pytest.mark.parametrize('radius', [1, 2, 4])
def test_smoothed_edges_are_cut_in_their_middle(read, radius):
  smooth = disc().filter(ImageFilter.GaussianBlur(radius))
  np.testing.assert_array_equal(read(smooth), np.asarray(smooth) > 127)


def test_a_small_mask_that_was_made_smaller(read):
  """Most of its object is edge."""
  small = disc(64, 12).resize((16, 16), Image.Resampling.BILINEAR)
  np.testing.assert_array_equal(read(small), np.asarray(small) > 127)


@pytest.mark.parametrize('light', [200, 255])
def test_jpeg_noise_is_passed_over(read, light):
  image = disc().point(lambda value: light if value else 0)
  expected = np.asarray(image) > 0
  assert (read(image, '.jpg', quality=60) == expected).mean() > 0.99


@pytest.mark.parametrize(
  ('values', 'expected'),
  [
    ([0, 1, 2], '3 values from 0 to 2'),
    ([0, 7, 255], '3 values from 0 to 255'),
    ([0, 128, 255], '3 values from 0 to 255'),
    ([0, 100, 200], '3 values from 0 to 200'),
    ([1, 2, 3], '3 values from 1 to 3'),
  ],
)
def test_ids_of_several_objects_are_told(read, values, expected):
  mask = np.repeat(np.array(values, np.uint8), 16).reshape(-1, 1) * np.ones(
    (1, 16), np.uint8
  )
  with pytest.raises(UserError, match=f'mask.png: .*{expected}; save it with'):
    read(mask)


def test_several_colours_are_told(read):
  mask = of((0, 0, 0), (0, 0, 200))
  mask[0] = 200, 0, 0
  with pytest.raises(
    UserError, match=r'3 values from 0 to \(200, 0, 0\)|to \(0'
  ):
    read(mask)


def test_a_mask_in_alpha_is_told_what_can_be_done(read):
  with pytest.raises(
    UserError, match='mask.png: .*grey without alpha'
  ) as error:
    read(of((255, 255, 255, 0), (255, 255, 255, 255)))
  assert '--mask_from' not in error.value.message


def test_a_mask_is_resized_with_its_image(tmp_path):
  values = np.array([[0, 9], [9, 0]], np.uint8)
  mask, image = tmp_path / 'mask.png', tmp_path / 'image.png'
  Image.fromarray(values).save(mask)
  Image.new('RGB', (2, 2)).save(image)
  read = mask_files.read(mask, image, (4, 4))
  expected = np.kron(values > 0, np.ones((2, 2))) * 255
  np.testing.assert_array_equal(read[..., 0], expected)


def test_mask_of_another_size_than_its_image_is_named(tmp_path, write_image):
  mask = write_image(tmp_path / 'mask.png', (3, 2), 'L')
  image = write_image(tmp_path / 'image.png', (2, 3))
  with pytest.raises(UserError, match=f'{mask}: the mask is 3x2 .*2x3'):
    mask_files.read(mask, image, (2, 3))
