import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.fields.images import (
  at_once,
  can_match_channels,
  prepare_images,
  to_uint8,
)


def random_images(*shape):
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_range_is_exact():
  """0, 51 and 255 are -1, 0.4 - 1 = -0.6 and 1."""
  images = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
  prepared = prepare_images(images, image_shape=(1, 1, 1))
  assert prepared.dtype == tf.float32
  np.testing.assert_allclose(np.ravel(prepared), [-1, -0.6, 1], atol=1e-7)


def test_to_uint8_inverts_every_value():
  values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
  prepared = prepare_images(values, image_shape=(16, 16, 1))
  np.testing.assert_array_equal(to_uint8(prepared), values)


def test_to_uint8_clips_and_rounds():
  """(0.001 + 1) * 127.5 = 127.6, which is nearer to 128."""
  images = tf.constant([-9.0, 0.001, 9.0])
  assert to_uint8(images).numpy().tolist() == [0, 128, 255]


def test_grey_is_repeated():
  images = random_images(2, 3, 4, 1)
  prepared = prepare_images(images, image_shape=(3, 4, 3))
  expected = np.repeat(images, 3, axis=-1) / 127.5 - 1
  np.testing.assert_allclose(prepared, expected, atol=1e-6)


def test_rgb_to_grey_is_tensorflows():
  images = random_images(2, 3, 4, 3)
  prepared = prepare_images(images, image_shape=(3, 4, 1))
  expected = tf.image.rgb_to_grayscale(tf.cast(images, tf.float32)) / 127.5 - 1
  np.testing.assert_allclose(prepared, expected, atol=1e-5)


def test_resize_is_bilinear_between_pixel_centres():
  """Doubling [0, 80]: centres at -1/4, 1/4, 3/4, 5/4 give 0, 20, 60, 80."""
  images = np.array([0, 80], np.uint8).reshape(1, 1, 2, 1)
  prepared = prepare_images(images, image_shape=(1, 4, 1))
  np.testing.assert_allclose(
    np.ravel(prepared), np.array([0, 20, 60, 80]) / 127.5 - 1, atol=1e-6
  )


@pytest.mark.parametrize('image_shape', [(6, 7, 3), (4, 5, 1), (8, 8, 3)])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_single_image_batch_and_unknown_shape_agree(image_shape, channels):
  images = random_images(2, 6, 7, channels)
  prepared = prepare_images(images, image_shape=image_shape)
  assert prepared.shape == (2, *image_shape)

  @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
  def traced(images):
    return prepare_images(images, image_shape=image_shape)

  np.testing.assert_allclose(traced(images), prepared, atol=1e-6)
  for image, expected in zip(images, prepared, strict=True):
    single = prepare_images(image, image_shape=image_shape)
    np.testing.assert_allclose(single, expected, atol=1e-6)


def test_other_channels_are_refused_when_unknown():
  @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
  def traced(images):
    return prepare_images(images, image_shape=(2, 2, 3))

  for channels in (2, 5):
    with pytest.raises(tf.errors.InvalidArgumentError, match='1, 3 or 4 chan'):
      traced(random_images(1, 2, 2, channels))


@pytest.mark.parametrize('channels', [1, 3])
def test_depth_is_left_out_where_colours_or_grey_are_wanted(channels):
  images = random_images(2, 3, 4, 4)
  shape = (3, 4, channels)
  np.testing.assert_array_equal(
    prepare_images(images, image_shape=shape),
    prepare_images(images[..., :3], image_shape=shape),
  )


def test_depth_has_the_range_of_the_colours():
  images = random_images(2, 3, 4, 4)
  prepared = prepare_images(images, image_shape=(3, 4, 4))
  np.testing.assert_allclose(prepared, images / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize('channels', [1, 2, 3])
def test_depth_is_not_made_up(channels):
  images = random_images(1, 2, 2, channels)
  with pytest.raises(ValueError, match=f'{channels} channels cannot become 4'):
    prepare_images(images, image_shape=(2, 2, 4))

  @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
  def traced(images):
    return prepare_images(images, image_shape=(2, 2, 4))

  with pytest.raises(tf.errors.InvalidArgumentError, match='must have 4 chann'):
    traced(images)


def test_depth_of_unknown_shape_is_as_of_known():
  @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
  def traced(images):
    return prepare_images(images, image_shape=(5, 6, 4))

  images = random_images(2, 3, 4, 4)
  expected = prepare_images(images, image_shape=(5, 6, 4))
  np.testing.assert_allclose(traced(images), expected, atol=1e-6)


@pytest.mark.parametrize('found', [1, 2, 3, 4, 5])
def test_which_channels_can_become_which(found):
  able = [n for n in range(1, 6) if can_match_channels(found, n)]
  expected = {1: [1, 3], 2: [2], 3: [1, 3], 4: [1, 3, 4], 5: [5]}
  assert able == expected[found]


@pytest.mark.parametrize(
  ('shape', 'count'),
  [
    ((28, 28, 1), 256),
    ((128, 128, 3), 256),
    ((256, 512, 3), 32),
    ((1024, 2048, 3), 2),
    ((4096, 4096, 3), 1),
  ],
)
def test_fewer_large_images_are_handled_at_once(shape, count):
  assert at_once(shape) == count
  assert at_once(shape, 64) == min(count, 64)
