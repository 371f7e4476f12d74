import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods.image_pool import ImagePool


def numbered(start, count):
  """Images that hold their number in every pixel."""
  numbers = tf.range(start, start + count, dtype=tf.float32)
  return tf.tile(numbers[:, None, None, None], [1, 2, 3, 1])


def numbers(images):
  images = np.asarray(images)
  np.testing.assert_array_equal(
    images, np.broadcast_to(images[:, :1, :1, :1], images.shape)
  )
  return images[:, 0, 0, 0].astype(int).tolist()


def make(size, seed=0):
  return ImagePool((2, 3, 1), size, (seed, 0))


@pytest.fixture(params=[False, True], ids=['eager', 'compiled'])
def use(request):
  """Function of a pool to a function of images."""
  signature = [tf.TensorSpec([None, 2, 3, 1], tf.float32)]

  def use(pool):
    if not request.param:
      return pool
    return tf.function(pool, signature, autograph=False)

  return use


@pytest.mark.parametrize('size, batch', [(6, 2), (4, 4), (5, 2), (6, 1)])
def test_until_it_is_full_everything_passes_and_is_stored(size, batch, use):
  """5 places filled by twos: the last of three batches finds one free."""
  pool = make(size)
  show = use(pool)
  for start in range(0, size, batch):
    assert int(pool.seen) == start
    images = numbered(start + 1, batch)
    np.testing.assert_array_equal(show(images), images)
  assert int(pool.seen) >= size
  given = set(range(1, int(pool.seen) + 1))
  stored = numbers(pool.images)
  assert len(set(stored)) == size and set(stored) <= given
  assert set(range(int(pool.seen) + 1 - batch, int(pool.seen) + 1)) <= set(
    stored
  )


@pytest.mark.parametrize('size, batch', [(6, 2), (4, 4), (5, 3), (1, 1)])
def test_once_full_an_image_is_shown_or_exchanged(size, batch, use):
  """Shown: the pool stays. Exchanged: an earlier one, whose place it takes.

  Half of them are: 60 batches of n have a standard deviation of
  sqrt(60 n / 4), four of which are at most 0.26 of 60 n.
  """
  pool = make(size)
  show = use(pool)
  start = 1
  while int(pool.seen) < size:
    show(numbered(start, batch))
    start += batch
  seen = int(pool.seen)
  exchanged = 0
  for _ in range(60):
    stored = numbers(pool.images)
    given = list(range(start, start + batch))
    shown = numbers(show(numbered(start, batch)))
    expected = list(stored)
    for new, out in zip(given, shown, strict=True):
      if out != new:
        expected[stored.index(out)] = new
        exchanged += 1
    assert numbers(pool.images) == expected
    assert len(set(shown)) == batch
    start += batch
  count = 60 * batch
  assert abs(exchanged - count / 2) < 4 * np.sqrt(count / 4)
  assert int(pool.seen) == seen + count


def test_every_place_is_drawn():
  """A place is untouched by 100 exchanges with (3/4)^100 at most 1e-12."""
  pool = make(4)
  show = tf.function(pool, autograph=False)
  for start in range(0, 800, 2):
    show(numbered(start, 2))
  assert min(numbers(pool.images)) > 700


def test_equal_seeds_show_equal_images():
  found = []
  for seed in (1, 1, 2):
    pool = make(4, seed)
    found.append([numbers(pool(numbered(i, 2))) for i in range(0, 40, 2)])
  assert found[0] == found[1] != found[2]


@pytest.mark.parametrize('batches', [1, 5])
def test_a_checkpoint_holds_the_pool(batches, tmp_path):
  """Restored into another, half full or full, it goes on alike."""
  pool, other = make(4), make(4)
  for start in range(0, 2 * batches, 2):
    pool(numbered(start, 2))
  path = tf.train.Checkpoint(pool=pool).write(str(tmp_path / 'c'))
  tf.train.Checkpoint(pool=other).read(path).assert_consumed()
  for start in range(100, 120, 2):
    assert numbers(pool(numbered(start, 2))) == numbers(
      other(numbered(start, 2))
    )
  assert numbers(pool.images) == numbers(other.images)


@pytest.mark.parametrize('size, batch', [(2, 3), (1, 2)])
def test_a_batch_larger_than_the_pool_is_refused(size, batch):
  """Whose batch is known when the step is traced."""
  pool = make(size)
  for show in (pool, tf.function(pool, autograph=False)):
    with pytest.raises(UserError, match=f'pool_size.*{size}.*{batch}'):
      show(numbered(0, batch))
  assert int(pool.seen) == 0


def test_a_batch_that_turns_out_larger_than_the_pool_is_refused():
  signature = [tf.TensorSpec([None, 2, 3, 1], tf.float32)]
  show = tf.function(make(2), signature, autograph=False)
  with pytest.raises(tf.errors.InvalidArgumentError, match='pool_size is less'):
    show(numbered(0, 3))


def test_no_gradient_and_no_weight():
  pool = make(2)
  assert not pool.trainable_variables
