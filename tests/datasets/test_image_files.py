import struct

import numpy as np
import pytest
from PIL import Image

from pixelda_tf.datasets import image_files
from pixelda_tf.errors import UserError


def common_form(paths, resize=None):
  forms = [image_files.form(path) for path in paths]
  return image_files.common_form(paths, forms, resize)


@pytest.mark.parametrize(
  ('mode', 'common', 'colour', 'expected'),
  [
    ('L', 'L', 200, [200]),
    ('1', 'L', 1, [255]),
    ('RGB', 'RGB', (1, 2, 3), [1, 2, 3]),
    ('P', 'RGB', (255, 0, 0), [255, 0, 0]),
    ('RGBA', 'RGB', (1, 2, 3, 255), [1, 2, 3]),
    ('LA', 'RGB', (7, 255), [7, 7, 7]),
  ],
)
def test_reads_modes_that_convert_without_loss(
  tmp_path, write_image, mode, common, colour, expected
):
  path = write_image(tmp_path / 'a.png', (3, 2), mode, colour)
  assert common_form([path]) == ((3, 2), common)
  image = image_files.read(path, (3, 2), common)
  assert image.shape == (3, 2, len(expected))
  assert (image == expected).all()


def test_grey_among_rgb_becomes_rgb(tmp_path, write_image):
  paths = [
    write_image(tmp_path / 'a.png', mode='L'),
    write_image(tmp_path / 'b.png', mode='RGB'),
  ]
  assert common_form(paths) == ((6, 5), 'RGB')


def test_resizes_where_asked(tmp_path, write_image):
  paths = [
    write_image(tmp_path / 'a.png', (6, 5), 'L', 9),
    write_image(tmp_path / 'b.png', (3, 9), 'L', 9),
  ]
  assert common_form(paths, (4, 2)) == ((4, 2), 'L')
  for path in paths:
    assert (image_files.read(path, (4, 2), 'L') == np.full((4, 2, 1), 9)).all()


def test_camera_orientation_is_applied(tmp_path):
  exif = Image.Exif()
  exif[0x0112] = 6
  path = tmp_path / 'a.jpg'
  Image.new('RGB', (8, 4)).save(path, exif=exif)
  assert common_form([path])[0] == (8, 4)


def test_unequal_size_names_both_files_and_sizes(tmp_path, write_image):
  first = write_image(tmp_path / 'a.png', (6, 5))
  same = write_image(tmp_path / 'b.png', (6, 5))
  odd = write_image(tmp_path / 'c.png', (5, 6))
  with pytest.raises(UserError) as error:
    common_form([first, same, odd])
  assert error.value.message.startswith(
    f'{odd}: 5x6 (height x width), but {first} is 6x5;'
  )
  assert '--resize' in error.value.message


def save_16_bit_grey(path):
  Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(path)


def save_16_bit_rgb(path):
  import tensorflow as tf

  png = tf.io.encode_png(np.full((4, 4, 3), 40000, np.uint16))
  path.write_bytes(png.numpy())


def save_cmyk(path):
  Image.new('CMYK', (4, 4)).save(path, format='JPEG')


def save_float(path):
  Image.new('F', (4, 4)).save(path, format='TIFF')


def save_transparent(path):
  Image.new('RGBA', (4, 4), (1, 2, 3, 254)).save(path)


def save_transparent_palette(path):
  Image.new('P', (4, 4)).save(path, transparency=0)


def save_frames(path):
  frames = [Image.new('L', (4, 4), shade) for shade in (0, 255)]
  frames[0].save(path, format='GIF', save_all=True, append_images=frames[1:])


def save_text(path):
  path.write_text('no image')


def save_nothing(path):
  path.write_bytes(b'')


@pytest.mark.parametrize(
  ('save', 'expected'),
  [
    (save_16_bit_grey, 'unsupported mode I;16'),
    (save_16_bit_rgb, 'unsupported mode of 16 bits'),
    (save_cmyk, 'unsupported mode CMYK'),
    (save_float, 'unsupported mode F'),
    (save_transparent, 'transparent pixels'),
    (save_transparent_palette, 'transparent pixels'),
    (save_frames, '2 frames'),
    (save_text, 'not a readable image'),
    (save_nothing, 'not a readable image'),
  ],
)
def test_unsupported_file_is_named(tmp_path, save, expected):
  path = tmp_path / 'a.png'
  save(path)
  with pytest.raises(UserError, match=f'{path}: .*{expected}'):
    common_form([path])


def test_truncated_pixels_are_noticed_when_read(tmp_path, write_image):
  path = write_image(tmp_path / 'a.png', (40, 40))
  path.write_bytes(path.read_bytes()[:-2000])
  with pytest.raises(UserError, match=f'{path}: not a readable image'):
    image_files.read(path, (40, 40), 'RGB')


RING = np.zeros((5, 5), np.uint8)
RING[1:4, 1:4] = 9
RING[2, 2] = 0


def test_a_silhouettes_holes_are_filled():
  """A ring around a black pixel: the 3x3 square."""
  expected = np.zeros((5, 5, 1), np.uint8)
  expected[1:4, 1:4] = 255
  found = image_files.silhouette(np.stack([RING * 0, RING, RING * 0], -1))
  np.testing.assert_array_equal(found, expected)


def test_a_mask_from_black_leaves_the_image_as_it_is(tmp_path):
  Image.fromarray(RING).save(tmp_path / 'a.png')
  image, mask = image_files.read_rendered(
    tmp_path / 'a.png', (5, 5), 'L', 'black'
  )
  np.testing.assert_array_equal(image[..., 0], RING)
  assert mask.sum() == 9 * 255


def test_a_mask_from_alpha_is_what_is_opaque_and_the_rest_is_black(tmp_path):
  """Alpha 128 of 255 is foreground, and half of its colour is left."""
  pixels = np.full((1, 4, 4), 200, np.uint8)
  pixels[0, :, 3] = 0, 127, 128, 255
  Image.fromarray(pixels).save(tmp_path / 'a.png')
  image, mask = image_files.read_rendered(
    tmp_path / 'a.png', (1, 4), 'RGB', 'alpha'
  )
  np.testing.assert_array_equal(mask[0, :, 0], [0, 0, 255, 255])
  np.testing.assert_allclose(image[0, :, 0], [0, 100, 100, 200], atol=1)


def test_a_mask_from_alpha_needs_an_alpha_channel(tmp_path):
  Image.fromarray(RING).save(tmp_path / 'a.png')
  with pytest.raises(UserError, match='a.png: has no alpha channel'):
    image_files.read_rendered(tmp_path / 'a.png', (5, 5), 'L', 'alpha')


def test_a_tiff_without_dimensions_is_told(tmp_path):
  """Its entries of width and height (256, 257) have other tags."""
  path = tmp_path / 'x.tif'
  Image.new('RGB', (4, 4)).save(path)
  data = path.read_bytes()
  for tag in (256, 257):
    entry = struct.pack('<HH', tag, 4)
    assert data.count(entry) == 1
    data = data.replace(entry, struct.pack('<HH', 60_000, 4))
  path.write_bytes(data)
  with pytest.raises(UserError, match=f'{path}: not a readable image'):
    image_files.form(path)
