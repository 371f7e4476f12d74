import numpy as np
import pytest
from PIL import Image

from pixelda_tf.datasets.segmentation import coding, label_files
from pixelda_tf.errors import UserError

IDS = np.array([[0, 7], [33, 7], [255, 0]])
COLOURS = np.array([[[128, 64, 128], [0, 0, 1]]])


@pytest.mark.parametrize('form', ['ids', 'palette', '16bit', 'red'])
def test_ids_are_read_in_every_form(tmp_path, write_map, form):
  path = write_map(tmp_path / 'a.png', IDS, form)
  np.testing.assert_array_equal(label_files.read(path, form, True), IDS)


@pytest.mark.parametrize('form', ['16bit', 'grey16'])
def test_ids_of_16_bits_are_not_cut_to_8(tmp_path, write_map, form):
  path = write_map(tmp_path / 'a.png', IDS + 300, form)
  codes = label_files.read(path, '16bit', True)
  np.testing.assert_array_equal(codes, IDS + 300)


def test_colours_are_read_of_rgb_and_of_palette_files(tmp_path, write_map):
  path = write_map(tmp_path / 'a.png', COLOURS, 'colours')
  codes = label_files.read(path, 'colours', True)
  np.testing.assert_array_equal(codes, [[128 << 16 | 64 << 8 | 128, 1]])
  assert label_files.colour(int(codes[0, 0])) == (128, 64, 128)
  path = write_map(tmp_path / 'a.png', [[2, 0]], 'palette')
  codes = label_files.read(path, 'colours', True)
  np.testing.assert_array_equal(codes, [[2 << 16 | 14 << 8, 0]])


@pytest.mark.parametrize(
  ('written', 'expected', 'found', 'flag'),
  [
    ('palette', 'ids', 'a palette file', 'palette'),
    ('16bit', 'ids', '16-bit RGB', '16bit'),
    ('grey16', 'ids', '16-bit grey', '16bit'),
    ('16bit', 'colours', '16-bit RGB', '16bit'),
    ('ids', 'colours', '8-bit grey', 'ids'),
    ('ids', 'palette', '8-bit grey', 'ids'),
    ('red', 'ids', 'ids in the red channel, as CARLA writes them', 'red'),
    ('red', '16bit', 'ids in the red channel, as CARLA writes them', 'red'),
  ],
)
@pytest.mark.parametrize('published', [True, False])
def test_another_form_is_told_by_name(
  tmp_path, write_map, written, expected, found, flag, published
):
  path = write_map(tmp_path / 'a.png', IDS, written)
  with pytest.raises(UserError) as raised:
    label_files.read(path, expected, published)
  remedy = f'if the others are, too, pass --label_files={flag}'
  assert str(raised.value) == (
    f'{path}: the label map is {found}; expected '
    f'{label_files.FORMS[expected]}; '
    f'{"put the published file there" if published else remedy}'
  )


def test_colours_where_ids_were_expected_are_told(tmp_path, write_map):
  path = write_map(tmp_path / 'a.png', COLOURS, 'colours')
  with pytest.raises(UserError, match='8-bit RGB; .*--label_files=colours'):
    label_files.read(path, 'ids', False)


def test_ids_in_all_three_channels_are_told_as_such(tmp_path, write_map):
  path = write_map(tmp_path / 'a.png', np.stack([IDS] * 3, -1), 'colours')
  with pytest.raises(UserError, match='grey, .* RGB; .* --label_files=red'):
    label_files.read(path, 'ids', False)
  np.testing.assert_array_equal(label_files.read(path, 'red', False), IDS)


def test_fewer_bits_than_8_are_told(tmp_path):
  Image.new('1', (4, 4)).save(tmp_path / 'a.png')
  with pytest.raises(UserError, match='1-bit grey; .*; convert it to 8-bit'):
    label_files.read(tmp_path / 'a.png', 'ids', False)


def test_jpeg_is_told_whatever_its_name(tmp_path):
  path = tmp_path / 'a.png'
  Image.new('L', (4, 4)).save(path, 'JPEG')
  with pytest.raises(UserError, match='a.png: the label map was saved as JPEG'):
    label_files.read(path, 'ids', True)


def test_what_is_no_png_is_told(tmp_path):
  path = tmp_path / 'a.png'
  with pytest.raises(UserError, match=r'a.png: cannot be read \(No such file'):
    label_files.read(path, 'ids', True)
  Image.new('L', (4, 4)).save(path, 'BMP')
  with pytest.raises(UserError, match='a.png: the label map is no PNG file'):
    label_files.read(path, 'ids', True)


@pytest.mark.parametrize('form', ['ids', '16bit', 'colours'])
def test_file_that_breaks_off_is_told(tmp_path, write_map, form):
  values = np.arange(4096).reshape(64, 64) // 512
  if form == 'colours':
    values = np.stack([values] * 3, axis=-1)
  path = write_map(tmp_path / 'a.png', values, form)
  path.write_bytes(path.read_bytes()[:60])
  with pytest.raises(UserError, match='a.png: not a readable PNG') as raised:
    label_files.read(path, form, True)
  assert '\n' not in str(raised.value)


def streets():
  """Returns uint8 [96, 96] of ids 0 to 11 in blocks of 12 pixels."""
  rng = np.random.default_rng(0)
  return np.kron(rng.integers(0, 12, (8, 8)), np.ones((12, 12), int))


@pytest.mark.parametrize(
  ('resample', 'size'),
  [
    *((Image.Resampling.BILINEAR, size) for size in (50, 90, 140)),
    *((Image.Resampling.BICUBIC, size) for size in (50, 90, 140)),
    *((Image.Resampling.LANCZOS, size) for size in (50, 90, 140)),
    *((Image.Resampling.BOX, size) for size in (50, 90)),
  ],
)
@pytest.mark.parametrize('form', ['ids', '16bit'])
def test_smoothed_edges_are_told_though_each_id_has_a_class(
  tmp_path, write_map, resample, size, form
):
  image = Image.fromarray(streets().astype(np.uint8))
  image = image.resize((size, size), resample)
  path = write_map(tmp_path / 'a.png', np.asarray(image), form)
  with pytest.raises(UserError, match='a.png: at .* resized or smoothed as an'):
    label_files.read(path, form, True)


@pytest.mark.parametrize('size', [16, 50, 96, 140, 200])
def test_the_nearest_pixels_are_not_taken_for_smoothed(
  tmp_path, write_map, size
):
  image = Image.fromarray(streets().astype(np.uint8))
  ids = np.asarray(image.resize((size, size), Image.Resampling.NEAREST))
  path = write_map(tmp_path / 'a.png', ids)
  np.testing.assert_array_equal(label_files.read(path, 'ids', True), ids)


def test_ids_and_colours_become_labels_and_the_rest_is_told(
  tmp_path, write_map
):
  names = {7: 'road', 33: 'bicycle', 9: 'road', 0: ''}
  labels = coding.labels_of('ids', tuple(names), tuple(names.values()))
  assert labels == {7: 0, 33: 1, 9: 0, 0: 255, 255: 255}
  own = coding.Coding('ids', ('road', 'bicycle'), labels, published=False)
  path = write_map(tmp_path / 'a.png', IDS)
  np.testing.assert_array_equal(
    own.to_labels(own.read(path)), [[255, 0], [1, 0], [255, 255]]
  )
  write_map(path, [[7, 8], [8, 34]])
  with pytest.raises(UserError) as raised:
    own.read(path)
  assert str(raised.value) == (
    f'{path}: id 8 (and 1 more) in 3 pixels of the label map, which no class '
    'has; add it to --classes, without a name if it is to be ignored'
  )
  write_map(path, [[7, 8, 10], [8, 34, 7]])
  with pytest.raises(UserError, match=r'JPEG or smoothed edges make such ids;'):
    own.read(path)


def test_colour_that_no_class_has_is_told(tmp_path, write_map):
  known = coding.published('colours', {128 << 16: 'building', 0: ''})
  path = write_map(tmp_path / 'a.png', COLOURS, 'colours')
  with pytest.raises(UserError) as raised:
    known.read(path)
  assert str(raised.value) == (
    f'{path}: colour (0, 0, 1) (and 1 more) in 2 pixels of the label map, '
    'which no class has; JPEG or smoothed edges make such colours; put the '
    'published file there'
  )
  write_map(path, [[7, 0]], 'red')
  with pytest.raises(UserError, match=r'colour \(7, 0, 0\) .* CARLA writes'):
    known.read(path)


def test_every_id_that_is_found_is_a_class():
  ids = coding.Coding('ids', (), None, published=False)
  found = ids.with_classes_of({'a.png': [255, 12], 'b.png': [3, 12]})
  assert found.class_names == ('3', '12')
  assert found.labels == {3: 0, 12: 1, 255: 255}
  colours = coding.Coding('colours', (), None, published=False)
  names = colours.with_classes_of({'a.png': [255, 0]}).class_names
  assert names == ('#000000', '#0000ff')


@pytest.mark.parametrize(
  ('form', 'codes', 'expected'),
  [
    ('ids', [255], '0 of the 0 ids of all label maps, without 255'),
    ('ids', [0, 255], '1 of the 1 ids of all label maps, without 255'),
    ('colours', range(1, 257), '256 of the 257 colours of all label maps'),
  ],
)
def test_too_few_or_too_many_to_be_classes_are_told(form, codes, expected):
  """Of 0 and 255, as masks have them, 255 would be ignored."""
  found = coding.Coding(form, (), None, published=False)
  files = {'a.png': codes}
  if form == 'colours':
    files['b.png'] = [0]
  with pytest.raises(UserError) as raised:
    found.with_classes_of(files)
  assert str(raised.value) == (
    f'a.png: has {expected}; 2 to 255 can be classes: name them with '
    '--classes=FILE'
  )


def test_smoothed_colours_are_told_where_any_colour_is_a_class(
  tmp_path, write_map
):
  """Red alone changes, then blue."""
  colours = coding.Coding('colours', (), None, published=False)
  for channel in (0, 2):
    values = np.zeros((96, 96, 3), int)
    values[..., channel] = 20 * streets()
    path = write_map(tmp_path / 'a.png', values, 'colours')
    assert len(np.unique(colours.read(path))) == 12
    with Image.open(path) as image:
      image.resize((90, 90), Image.Resampling.BILINEAR).save(path)
    with pytest.raises(UserError, match='a.png: at .* or smoothed as an image'):
      colours.read(path)
