import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins import projector as tensorboard_projector

from pixelda_tf.analysis import projector


def images(n, channels=3, size=(4, 6)):
  shape = (n, *size, channels)
  return np.random.default_rng(0).uniform(-1, 1, shape)


def test_a_sprite_is_a_square_of_tiles_row_by_row():
  tiles = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(3, -1)
  sprite = projector.sprite(tiles)
  assert sprite.shape == (3, 3, 3)
  expected = [[0, 1, 2], [3, 4, 255], [255] * 3]
  np.testing.assert_array_equal(sprite[..., 0], expected)


def test_tiles_of_a_sprite_keep_their_form():
  tiles = projector.thumbnails(images(3))
  sprite = projector.sprite(tiles)
  assert sprite.shape == (2 * 4, 2 * 6, 3)
  np.testing.assert_array_equal(sprite[:4, 6:], tiles[1])
  np.testing.assert_array_equal(sprite[4:, :6], tiles[2])


@pytest.mark.parametrize('channels', [1, 3, 4])
def test_thumbnails_are_rgb_without_depth(channels):
  given = images(2, channels)
  tiles = projector.thumbnails(given)
  assert tiles.dtype == np.uint8 and tiles.shape == (2, 4, 6, 3)
  expected = np.rint((given[..., : min(channels, 3)] + 1) * 127.5)
  np.testing.assert_array_equal(tiles, np.broadcast_to(expected, tiles.shape))


@pytest.mark.parametrize(
  ('largest', 'step'), [(100, 1), (18, 1), (17, 2), (9, 2), (8, 3), (6, 3)]
)
def test_thumbnails_shrink_until_their_sprite_fits(largest, step):
  """Nine images, three in a row, 6 pixels wide."""
  tiles = projector.thumbnails(images(9), largest)
  whole = projector.thumbnails(images(9))
  height, width = 4 // step, 6 // step
  assert tiles.shape == (9, max(height, 1), width, 3)
  assert (step == 1) == np.array_equal(tiles, whole)
  assert max(projector.sprite(tiles).shape) <= largest


def embedding(n=3):
  return projector.Embedding(
    points=np.arange(2 * n, dtype=np.float32).reshape(n, 2) / 3,
    images=images(n),
    domains=['source', 'source', 'target'][:n],
    labels=['a\tcup', 'ä', '?'][:n],
  )


def test_the_files_say_what_was_given(tmp_path):
  logs = tmp_path / 'logs'
  paths = projector.write(str(logs), {'pixels': embedding()})
  assert {str(path) for path in logs.iterdir()} == set(paths)
  config = text_format.Parse(
    (logs / 'projector_config.pbtxt').read_text(),
    tensorboard_projector.ProjectorConfig(),
  )
  (info,) = config.embeddings
  assert info.tensor_name == 'pixels'
  np.testing.assert_allclose(
    np.loadtxt(logs / info.tensor_path, delimiter='\t'),
    embedding().points,
    rtol=1e-5,
  )
  metadata = (logs / info.metadata_path).read_text(encoding='utf-8')
  assert metadata == 'domain\tlabel\nsource\ta cup\nsource\tä\ntarget\t?\n'
  assert list(info.sprite.single_image_dim) == [6, 4]
  with Image.open(logs / info.sprite.image_path) as sprite:
    assert sprite.size == (2 * 6, 2 * 4)


def test_files_are_equal_bytes_each_time(tmp_path):
  contents = []
  for name in 'ab':
    projector.write(str(tmp_path / name), {'pixels': embedding()})
    contents.append(
      {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    )
  assert contents[0] == contents[1]
