import numpy as np

from pixelda_tf import seeding


def test_random_words_stay_what_they_are():
  """Other numbers would change every MNIST-M that is made from now on."""
  assert seeding.random_words(3, 0, 1, 2).tolist() == [
    3071860871404845570,
    17746147392238105021,
    7789664829930219675,
  ]


def test_crop_reaches_every_place_of_every_photo():
  photos = [np.arange(k * 100, k * 100 + 12).reshape(3, 4, 1) for k in (0, 1)]
  corners = {
    int(seeding.random_crop(photos, 2, seed)[0, 0, 0]) for seed in range(300)
  }
  assert corners == {0, 1, 2, 4, 5, 6, 100, 101, 102, 104, 105, 106}


def test_crop_of_the_whole_photo_is_the_photo():
  photo = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
  np.testing.assert_array_equal(seeding.random_crop([photo], 2, 5), photo)
