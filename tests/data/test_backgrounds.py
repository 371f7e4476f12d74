import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pixelda_tf.data.backgrounds import PhotoBackground
from pixelda_tf.errors import UserError

SEED = tf.constant([3, 4])


def batch(channels=3):
  random = np.random.default_rng(0)
  return {
    'image': random.uniform(-1, 1, (6, 8, 8, channels)).astype(np.float32),
    'mask': random.integers(2, size=(6, 8, 8, 1)).astype(np.float32),
    'label': np.arange(6),
  }


@pytest.fixture
def photos_dir(tmp_path):
  """One photo whose columns tell where they are: red goes from 0 to 255."""
  row = np.linspace(0, 255, 320).astype(np.uint8)
  photo = np.zeros((240, 320, 3), np.uint8)
  photo[..., 0] = row
  Image.fromarray(photo).save(tmp_path / 'photo.png')
  return tmp_path


@pytest.mark.parametrize('channels', [3, 4])
def test_only_rgb_behind_the_object_changes(photos_dir, channels):
  before = batch(channels)
  after = PhotoBackground(photos_dir=photos_dir)(before, SEED)
  image, mask = after['image'].numpy(), before['mask'][..., 0] > 0
  np.testing.assert_array_equal(image[mask], before['image'][mask])
  np.testing.assert_array_equal(image[..., 3:], before['image'][..., 3:])
  np.testing.assert_allclose(image[~mask][:, 1:3], -1.0)
  assert set(after) == set(before)


def test_crops_are_squares_of_the_photo(photos_dir):
  """Red rises by the same amount from column to column of each crop."""
  before = batch()
  before['mask'][:] = 0
  crops = PhotoBackground(photos_dir=photos_dir)(before, SEED)['image'].numpy()
  steps = np.diff(crops[..., 0], axis=2)
  assert np.all(steps > 0)
  np.testing.assert_allclose(steps, steps[:, :1, :1] + 0 * steps, atol=0.02)
  assert len(np.unique(crops[:, 0, 0, 0].round(3))) > 1


def test_the_seed_decides(photos_dir):
  change = PhotoBackground(photos_dir=photos_dir)
  first, again = (change(batch(), SEED)['image'] for _ in range(2))
  np.testing.assert_array_equal(first, again)
  assert np.any(change(batch(), SEED + 1)['image'] != first)


def test_sklearns_photos_need_no_folder():
  assert PhotoBackground().photos.shape == (2, 240, 320, 3)


def without_masks(inputs):
  return {'image': inputs['image']}


def grey(inputs):
  return inputs | {'image': inputs['image'][..., :1]}


@pytest.mark.parametrize('spoil', [without_masks, grey])
def test_what_it_cannot_change_is_refused(photos_dir, spoil):
  with pytest.raises(UserError, match='RGB images with masks'):
    PhotoBackground(photos_dir=photos_dir)(spoil(batch()), SEED)


def test_a_folder_without_photos_is_named(tmp_path):
  with pytest.raises(UserError, match=f'{tmp_path} holds no photographs'):
    PhotoBackground(photos_dir=tmp_path)


def test_a_broken_photo_is_named(tmp_path):
  (tmp_path / 'broken.png').write_bytes(b'no image')
  with pytest.raises(UserError, match='broken.png: not a readable photograph'):
    PhotoBackground(photos_dir=tmp_path)
