import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets.segmentation import classes, streets
from pixelda_tf.errors import UserError
from pixelda_tf.rendering.streets import scenes

COUNTS = {'train': 12, 'test': 2}
SMALL = (36, 48)


def build(data_dir, style='day', **options):
  return datasets.prepare(
    f'streets/{style}',
    data_dir=data_dir,
    **({'counts': COUNTS, 'size': SMALL} | options),
  )


def shards(data_dir):
  return {
    path.name: path.read_bytes() for path in data_dir.rglob('*.tfrecord*')
  }


@pytest.fixture(scope='module')
def stored(tmp_path_factory):
  data_dir = tmp_path_factory.mktemp('streets')
  build(data_dir, workers=2)
  return data_dir


def test_is_read_back_as_a_domain(stored):
  domain = domains.Domain(name='streets/day').open(stored)
  assert domain.image_shape == (*SMALL, 3)
  assert domain.class_names == classes.CAMVID
  assert domain.fields == ('image', 'segmentation')
  assert 'not CamVid' in domain.description
  assert (domain.count('train'), domain.count('test')) == (12, 2)
  assert not list(stored.rglob('*.rendering'))


def test_records_are_the_pictures(stored):
  """In another order: the views of a street are apart."""
  builder = datasets.find('streets/day', stored)
  dataset = builder.as_dataset(split='train').as_numpy_iterator()
  pictures = scenes.Streets('day', counts=COUNTS, size=SMALL)
  made = [pictures.example('train', index) for index in range(12)]
  order = []
  for example in dataset:
    (index,) = (
      index
      for index, other in enumerate(made)
      if np.array_equal(other['image'], example['image'])
    )
    np.testing.assert_array_equal(
      example['segmentation'], made[index]['segmentation']
    )
    order.append(index)
  assert sorted(order) == list(range(12)) != order


def test_bytes_depend_on_the_seed_but_not_on_the_processes(stored, tmp_path):
  build(tmp_path / 'one', workers=1)
  assert shards(tmp_path / 'one') == shards(stored)
  build(tmp_path / 'other', workers=1, seed=1)
  assert shards(tmp_path / 'other').keys() == shards(stored).keys()
  assert shards(tmp_path / 'other') != shards(stored)


def test_goes_on_where_it_was_interrupted(stored, tmp_path, monkeypatch):
  original = scenes.Streets.example

  def fail_in_the_test_split(self, split, index):
    if split == 'test':
      raise UserError('no more')
    return original(self, split, index)

  def fail_in_training(self, split, index):
    assert split == 'test'
    return original(self, split, index)

  monkeypatch.setattr(scenes.Streets, 'example', fail_in_the_test_split)
  with pytest.raises(UserError, match='no more'):
    build(tmp_path, workers=1)
  assert not shards(tmp_path)
  # A chunk is asked for ahead of its split.
  assert list(tmp_path.rglob('train/*.npz'))
  monkeypatch.setattr(scenes.Streets, 'example', fail_in_training)
  build(tmp_path, workers=1)
  assert shards(tmp_path) == shards(stored)
  assert not list(tmp_path.rglob('*.rendering'))


def test_pictures_made_otherwise_are_refused(stored):
  with pytest.raises(UserError, match='holds streets made otherwise'):
    build(stored, seed=1)


@pytest.mark.parametrize('name', ['streets', 'streets/dusk'])
def test_is_built_when_first_opened(tmp_path, monkeypatch, name):
  monkeypatch.setattr(streets, 'COUNTS', {'train': 1, 'test': 1})
  domain = domains.Domain(name=name).open(tmp_path)
  assert domain.image_shape == (180, 240, 3)
  assert domain.count('train') == 1


def test_sizes():
  assert streets.COUNTS == {'train': 800, 'test': 200}
  assert {f'streets/{name}' for name in streets.styles.STYLES} == {
    name for name in datasets.EMBEDDED if name.startswith('streets/')
  }
