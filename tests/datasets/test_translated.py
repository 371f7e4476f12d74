import types

import numpy as np
import pytest

from pixelda_tf.data import domains
from pixelda_tf.datasets import translated
from pixelda_tf.errors import UserError

SOURCE = types.SimpleNamespace(
  class_names=('a', 'b'),
  colours=None,
  fields=('image', 'label', 'mask', 'pose'),
)


def examples():
  for number in range(6):
    yield {
      'image': np.full((2, 3, 3), number, np.uint8),
      'label': number % 2,
      'mask': np.full((2, 3, 1), 255, np.uint8),
      'pose': np.array([0.6, 0, 0, 0.8], np.float32),
    }


def store(data_dir, name='styled', examples=examples):
  return translated.store(
    name,
    data_dir=data_dir,
    examples=examples,
    count=6,
    domain=SOURCE,
    image_shape=(2, 3, 3),
    split='train',
    description='made',
  )


def test_is_read_back_as_a_domain(tmp_path):
  store(tmp_path)
  domain = domains.Domain(name='styled').open(tmp_path)
  assert domain.class_names == ('a', 'b')
  assert {'mask', 'pose'} < set(domain.fields)
  stored = list(domain.stored('train').as_numpy_iterator())
  for example, expected in zip(stored, examples(), strict=True):
    for key, value in expected.items():
      np.testing.assert_array_equal(example[key], value)


def test_failing_generator_leaves_nothing(tmp_path):
  def fail():
    yield from examples()
    raise UserError('no more')

  with pytest.raises(UserError, match='no more'):
    store(tmp_path, examples=fail)
  with pytest.raises(UserError, match='holds no data set'):
    domains.Domain(name='styled').open(tmp_path)


@pytest.mark.parametrize('name', ['mnist', 'a b', '../x'])
def test_wrong_name_is_told(tmp_path, name):
  with pytest.raises(UserError, match='--name='):
    store(tmp_path, name=name)
