import numpy as np
import pytest
import trimesh

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets import rendered
from pixelda_tf.errors import UserError
from pixelda_tf.rendering import chunks, meshes, pictures


def renders(photos=(), with_depth=True, size=16, **options):
  boxes = {
    name: meshes.from_trimesh(trimesh.creation.box((0.05, 0.08, side)))
    for name, side in (('low', 0.03), ('high', 0.1))
  }
  return pictures.Renders(
    boxes,
    views_of={'train': 40, 'test': 2},
    seed=(0,),
    size=size,
    with_depth=with_depth,
    upper=True,
    in_plane=20.0,
    photos=photos,
    **options,
  )


def store(data_dir, name='boxes', pictures=None, **options):
  return rendered.store(
    name,
    data_dir=data_dir,
    pictures=pictures or renders(),
    description='made',
    **{'workers': 1, **options},
  )


def shards(builder):
  return {path.name: path.read_bytes() for path in builder.data_path.iterdir()}


def test_is_read_back_as_a_domain(tmp_path):
  store(tmp_path)
  domain = domains.Domain(name='boxes').open(tmp_path)
  assert domain.image_shape == (16, 16, 4)
  assert domain.class_names == ('low', 'high')
  assert (domain.count('train'), domain.count('test')) == (80, 4)
  builder = datasets.find('boxes', tmp_path)
  expected = {
    tuple(example['pose']): example
    for example in (renders().example('train', k) for k in range(80))
  }
  for example in builder.as_dataset(split='train').as_numpy_iterator():
    for key, value in expected.pop(tuple(example['pose'])).items():
      np.testing.assert_array_equal(example[key], value)
  assert not expected


def test_goes_on_where_it_failed(tmp_path, monkeypatch):
  """The second run makes only what the first one did not, to the same bytes."""
  whole = store(tmp_path / 'whole')
  broken, made = renders(), []
  take = broken.take

  def fail(label, seed, view):
    made.append((seed, view))
    if view == 30:
      raise UserError('stopped')
    return take(label, seed, view)

  monkeypatch.setattr(broken, 'take', fail)
  with pytest.raises(UserError, match='stopped'):
    store(tmp_path / 'broken', pictures=broken)
  assert not datasets.find('boxes', tmp_path / 'broken')
  assert len(made) == 61
  repaired = renders()
  monkeypatch.setattr(
    repaired, 'take', lambda *view: made.append(view[1:]) or take(*view)
  )
  del made[:]
  resumed = store(tmp_path / 'broken', pictures=repaired)
  assert len(made) == 84 - chunks.CHUNK
  assert shards(resumed) == shards(whole)
  assert [path.name for path in (tmp_path / 'broken').iterdir()] == ['boxes']


def test_the_number_of_processes_does_not_matter(tmp_path):
  assert shards(store(tmp_path / 'one')) == shards(
    store(tmp_path / 'three', workers=3)
  )


def test_photo_behind_the_object_leaves_depth_and_mask(tmp_path):
  photo = np.random.default_rng(0).integers(1, 256, (30, 40, 3), np.uint8)
  plain = renders().example('train', 5)
  on_photo = renders(photos=[photo]).example('train', 5)
  for key in ('label', 'mask', 'pose'):
    np.testing.assert_array_equal(on_photo[key], plain[key])
  np.testing.assert_array_equal(
    on_photo['image'][..., 3], plain['image'][..., 3]
  )
  behind = on_photo['image'][0, :, :3]
  rows = np.lib.stride_tricks.sliding_window_view(photo, (16,), axis=1)
  assert (rows == behind.T).all(axis=(2, 3)).any()
  inside = plain['mask'][..., 0] == 255
  inside[1:-1, 1:-1] &= inside[2:, 1:-1] & inside[:-2, 1:-1]
  inside[1:-1, 1:-1] &= inside[1:-1, 2:] & inside[1:-1, :-2]
  middle = inside[4:-4, 4:-4]
  np.testing.assert_array_equal(
    on_photo['image'][4:-4, 4:-4][middle], plain['image'][4:-4, 4:-4][middle]
  )


def test_without_depth():
  one = renders().example('test', 1)['image']
  other = renders(with_depth=False).example('test', 1)['image']
  np.testing.assert_array_equal(one[..., :3], other)
