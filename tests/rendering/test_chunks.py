import os
import pickle

import numpy as np
import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.rendering import chunks

COUNT = 2 * chunks.CHUNK + 7


def make(index):
  image = np.full((2, 2), index % 256, np.uint8)
  return {'image': image, 'label': index, 'process': os.getpid()}


@pytest.mark.parametrize('workers', [1, 2])
def test_yields_each_example_in_its_order(tmp_path, workers):
  made = list(
    chunks.examples(make, COUNT, folder=tmp_path / 'a', workers=workers)
  )
  assert [example['label'] for example in made] == list(range(COUNT))
  assert made[70]['image'].dtype == np.uint8
  np.testing.assert_array_equal(made[70]['image'], [[70, 70], [70, 70]])
  others = {example['process'] for example in made} - {os.getpid()}
  assert bool(others) == (workers == 2)


def test_finished_chunks_are_not_made_again(tmp_path):
  def fail_late(index):
    if index >= chunks.CHUNK + 3:
      raise UserError('no more')
    return make(index)

  with pytest.raises(UserError, match='no more'):
    list(chunks.examples(fail_late, COUNT, folder=tmp_path, workers=2))
  assert [path.name for path in tmp_path.glob('*.npz')] == ['00000000.npz']

  def make_late(index):
    assert index >= chunks.CHUNK
    return make(index)

  made = chunks.examples(make_late, COUNT, folder=tmp_path, workers=2)
  assert [example['label'] for example in made] == list(range(COUNT))


@pytest.mark.parametrize('damage', ['cut', 'empty', 'flipped', 'pickle'])
def test_a_damaged_chunk_is_made_again(tmp_path, damage, caplog):
  sound = list(chunks.examples(make, COUNT, folder=tmp_path, workers=1))
  path = tmp_path / f'{chunks.CHUNK:08}.npz'
  data = bytearray(path.read_bytes())
  if damage == 'flipped':
    data[data.index(b'NUMPY') + 200] ^= 255
  if damage == 'pickle':
    data = bytearray(pickle.dumps({'label': 1}))
  kept = {'cut': len(data) // 2, 'empty': 0}.get(damage, len(data))
  path.write_bytes(data[:kept])
  again = list(chunks.examples(make, COUNT, folder=tmp_path, workers=2))
  assert len(again) == COUNT
  for one, other in zip(sound, again, strict=True):
    np.testing.assert_array_equal(one['image'], other['image'])
  assert f'{path}: damaged' in caplog.text


def test_can_be_left_early(tmp_path):
  made = chunks.examples(make, 100 * chunks.CHUNK, folder=tmp_path, workers=2)
  assert next(made)['label'] == 0
  made.close()
  assert len(list(tmp_path.glob('*.npz'))) <= 1 + 2 * chunks.AHEAD
