import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets import preparing
from pixelda_tf.datasets.pose import standin
from pixelda_tf.rendering import procedural

N_TRAIN, N_TEST = 3, 1


def build(name, data_dir, **options):
  return preparing.build(
    lambda directory: standin.Standin(
      data_dir=directory,
      config=name,
      views_of={'train': N_TRAIN, 'test': N_TEST},
      **options,
    ),
    name='standin',
    data_dir=data_dir,
  )


def shards(data_dir):
  return {
    path.name: path.read_bytes() for path in data_dir.rglob('*.tfrecord*')
  }


@pytest.fixture(scope='module', params=['rendered', 'camera'])
def stored(request, tmp_path_factory):
  """Folder of a small stand-in and the name of its config."""
  data_dir = tmp_path_factory.mktemp(request.param)
  build(request.param, data_dir, workers=2)
  return data_dir, request.param


def examples(stored, split='train'):
  data_dir, name = stored
  builder = datasets.find(f'standin/{name}', data_dir)
  dataset = builder.as_dataset(split=split)
  return list(dataset.as_numpy_iterator())


def test_is_read_back_as_a_domain(stored):
  data_dir, name = stored
  domain = domains.Domain(name=f'standin/{name}').open(data_dir)
  assert domain.image_shape == (64, 64, 4)
  assert domain.class_names == tuple(procedural.OBJECTS)
  assert 'mask' in domain.fields
  assert 'not LineMod' in domain.description
  assert domain.count('train') == 11 * N_TRAIN
  assert domain.count('test') == 11 * N_TEST
  assert not list(data_dir.rglob('*.rendering'))


def test_examples(stored):
  made = examples(stored)
  labels = [example['label'] for example in made]
  assert sorted(labels) == sorted(N_TRAIN * list(range(11)))
  assert labels != sorted(labels)
  for example in made:
    image, mask = example['image'], example['mask'][..., 0]
    assert set(np.unique(mask)) == {0, 255}
    near = image[..., 3] < 255
    if stored[1] == 'rendered':
      assert not image[mask == 0, :3].astype(bool).all(axis=-1).sum() > 300
      np.testing.assert_array_equal(near, mask == 255)
    else:
      assert near[mask == 0].any()
      assert image[mask == 0, :3].std() > 5
    np.testing.assert_allclose(np.linalg.norm(example['pose']), 1, atol=1e-6)
    assert example['pose'][0] >= 0


def test_views_of_the_splits_differ(stored):
  poses = [
    example['pose']
    for split in ('train', 'test')
    for example in examples(stored, split)
  ]
  assert len(np.unique(poses, axis=0)) == len(poses)


def test_bytes_depend_on_the_seed_but_not_on_the_processes(stored, tmp_path):
  data_dir, name = stored
  build(name, tmp_path / 'one', workers=1)
  assert shards(tmp_path / 'one') == shards(data_dir)
  build(name, tmp_path / 'other', workers=1, seed=1)
  assert shards(tmp_path / 'other').keys() == shards(data_dir).keys()
  assert shards(tmp_path / 'other') != shards(data_dir)


@pytest.mark.slow
def test_configs_have_other_views(tmp_path):
  poses = []
  for name in ('rendered', 'camera'):
    build(name, tmp_path, workers=1)
    poses += [e['pose'] for e in examples((tmp_path, name))]
  assert len(np.unique(poses, axis=0)) == 2 * 11 * N_TRAIN


@pytest.mark.slow
@pytest.mark.parametrize(
  ('name', 'config'),
  [
    ('standin', 'rendered'),
    ('standin/rendered', 'rendered'),
    ('standin/camera', 'camera'),
  ],
)
def test_is_built_when_first_opened(tmp_path, monkeypatch, name, config):
  monkeypatch.setattr(
    standin,
    'VIEWS_OF',
    {'rendered': {'train': 2, 'test': 1}, 'camera': {'train': 1, 'test': 2}},
  )
  domain = domains.Domain(name=name).open(tmp_path)
  expected = {'rendered': (22, 11), 'camera': (11, 22)}[config]
  assert (domain.count('train'), domain.count('test')) == expected


def test_sizes():
  sizes = {
    name: tuple(11 * number for number in views_of.values())
    for name, views_of in standin.VIEWS_OF.items()
  }
  assert sizes == {'rendered': (11000, 220), 'camera': (3300, 1100)}
