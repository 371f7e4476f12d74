"""Damaged data sets, and sets of something else, are told."""

import pathlib

import pytest
import tensorflow_datasets as tfds

from pixelda_tf.data import domains, open_domains
from pixelda_tf.errors import UserError


def numbers(examples):
  """The stored images carry their number in the first pixel."""
  return [int(example['image'][0, 0, 0]) for example in examples]


def as_list(dataset, n=None):
  dataset = dataset if n is None else dataset.take(n)
  return list(dataset.as_numpy_iterator())


def corrupt(domain, shard, position):
  """Changes a byte of a shard; returns its path."""
  paths = sorted(pathlib.Path(domain._info.data_dir).glob('*train*'))
  data = bytearray(paths[shard].read_bytes())
  data[position] ^= 255
  paths[shard].write_bytes(data)
  return paths[shard]


def test_corrupt_record_is_named(store):
  """20 records in 2 shards; the last byte belongs to number 9 of a shard."""
  domain = store(num_shards=2).open(store.data_dir)
  path = corrupt(domain, shard=1, position=-1)
  for read in (domain.count, domain.stored):
    with pytest.raises(UserError, match=f'{path}: record 9 .*--skip_corrupt'):
      read('train')
  assert domain.count('test') == 7


@pytest.mark.usefixtures('memory')
def test_corrupt_records_are_counted_and_skipped(store):
  domain = store(num_shards=2)
  path = corrupt(domain.open(store.data_dir), shard=1, position=-1)
  before = path.read_bytes()
  opened = domain.open(store.data_dir, skip_corrupt=True)
  assert opened.count('train') == 19
  assert opened.skipped == {('train', open_domains.WHOLE): 1}
  assert numbers(as_list(opened.stored('train'))) == list(range(19))
  stream = numbers(as_list(opened.stored('train', seed=0), 38))
  assert sorted(stream) == sorted([*range(19), *range(19)])
  assert path.read_bytes() == before


def test_corrupt_record_outside_the_part_that_is_read(store):
  """Record 10 is corrupt, and with its length what follows in its shard: the
  shard's records 10 to 19."""
  domain = store(num_shards=2)
  corrupt(domain.open(store.data_dir), shard=1, position=0)
  opened = domain.open(store.data_dir, skip_corrupt=True)
  assert numbers(as_list(opened.stored('train[4:14]'))) == [4, 5, 6, 7, 8, 9]
  assert opened.skipped == {('train[4:14]', open_domains.WHOLE): 4}


def test_nothing_left_after_skipping_is_told(store):
  domain = store(num_shards=1)
  corrupt(domain.open(store.data_dir), shard=0, position=0)
  opened = domain.open(store.data_dir, skip_corrupt=True)
  with pytest.raises(UserError, match="split 'train' holds no examples"):
    opened.count('train')


def test_missing_shard_is_named(store):
  domain = store(num_shards=2).open(store.data_dir)
  path = corrupt(domain, shard=0, position=0)
  path.unlink()
  with pytest.raises(UserError, match=f'{path}: missing'):
    domain.count('train')


def test_damaged_info_is_named(store):
  domain = store()
  opened = domain.open(store.data_dir)
  path = pathlib.Path(opened._info.data_dir)
  (path / 'features.json').write_text('{')
  with pytest.raises(UserError, match=f'{path}: .*metadata.json is damaged'):
    domain.open(store.data_dir)


class Texts(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  name = 'texts'
  VERSION = tfds.core.Version('1.0.0')
  code_path = None

  def _info(self):
    features = tfds.features.FeaturesDict({'text': tfds.features.Text()})
    return tfds.core.DatasetInfo(builder=self, features=features)

  def _split_generators(self, dl_manager):
    return {'train': self._generate_examples()}

  def _generate_examples(self):
    yield 0, {'text': 'a'}


def test_data_set_that_is_no_images_is_told(tmp_path):
  Texts(data_dir=tmp_path).download_and_prepare()
  with pytest.raises(UserError, match='texts/1.0.0: .*no images of one size'):
    domains.Domain(name='texts').open(tmp_path)
