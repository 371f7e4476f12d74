"""What tells stored data sets of one name apart, and in which words."""

import hashlib
import pathlib
import shutil
import struct

import pets
import pytest
import tensorflow as tf

from pixelda_tf import datasets
from pixelda_tf.data import domains, identities, infos, records
from pixelda_tf.data.shards import Shard, split_shards
from pixelda_tf.errors import UserError


def masked_crc(data):
  """Returns a record's checksum as TFRecord files keep it, by its definition.

  CRC-32C bit by bit, turned by 15 bits, and a constant added.
  """
  crc = 0xFFFFFFFF
  for byte in data:
    crc ^= byte
    for _ in range(8):
      crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
  crc ^= 0xFFFFFFFF
  return (crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF


def write(path, payloads):
  with tf.io.TFRecordWriter(str(path)) as writer:
    for payload in payloads:
      writer.write(payload)
  return str(path)


PAYLOADS = [b'one', b'', b'three' * 5, b'four', b'five']


def expected(payloads):
  parts = [
    struct.pack('<QI', len(payload), masked_crc(payload))
    for payload in payloads
  ]
  return hashlib.sha256(b''.join(parts)).hexdigest()


def test_the_digest_is_of_lengths_and_checksums_in_any_files(tmp_path):
  one = write(tmp_path / 'one', PAYLOADS)
  whole = [Shard(one, 0, 5, 5)]
  assert identities.digest(whole) == expected(PAYLOADS)
  first = write(tmp_path / 'first', PAYLOADS[:2])
  second = write(tmp_path / 'second', [b'zero', *PAYLOADS[2:], b'six'])
  apart = [Shard(first, 0, 2, 2), Shard(second, 1, 3, 5)]
  assert identities.digest(apart) == expected(PAYLOADS)
  assert identities.digest([Shard(one, 1, 2, 5)]) == expected(PAYLOADS[1:3])
  assert identities.digest(whole[:0]) == expected([])


@pytest.mark.parametrize('cut', [1, 4, 11, 12, 13, 30])
def test_a_file_that_is_cut_off_is_another(cut, tmp_path):
  path = pathlib.Path(write(tmp_path / 'file', PAYLOADS))
  path.write_bytes(path.read_bytes()[:-cut])
  digest = identities.digest([Shard(str(path), 0, 5, 5)])
  assert digest != expected(PAYLOADS)


def test_a_length_that_is_damaged_ends_the_file(tmp_path):
  path = pathlib.Path(write(tmp_path / 'file', PAYLOADS))
  content = path.read_bytes()
  for length in (2**64 - 1, 2**62, 1000):
    path.write_bytes(struct.pack('<Q', length) + content[8:])
    digest = identities.digest([Shard(str(path), 0, 5, 5)])
    assert digest != expected(PAYLOADS)


def identity(folder, tmp_path, **splits):
  data_dir = tmp_path / f'data_{folder.name}'
  pets.prepare('pets', folder, data_dir)
  return domains.Domain(name='pets', **splits).identity(data_dir)


def test_an_identity_has_what_is_known_of_a_data_set(tmp_path):
  found = identity(pets.write(tmp_path / 'a'), tmp_path, validation='train[:2]')
  reader = datasets.find('pets', tmp_path / 'data_a')
  splits = found.pop('splits')
  assert found == {
    'name': 'pets',
    'version': str(reader.info.version),
    'description': reader.info.description,
    'image_shape': [4, 4, 3],
    'fields': ['image', 'label'],
    'class_names': ['cat', 'dog'],
  }
  assert {name: part['count'] for name, part in splits.items()} == {
    'train': 6,
    'test': 4,
    'train[:2]': 2,
  }
  for name, part in splits.items():
    shards = split_shards(infos.split(reader.info, 'pets', name))
    assert part['digest'] == expected(
      list(records.one_pass(shards).as_numpy_iterator())
    )


def test_prepared_again_it_is_the_same(tmp_path):
  folder = pets.write(tmp_path / 'a')
  then = identity(folder, tmp_path)
  shutil.rmtree(tmp_path / 'data_a')
  assert identities.differences(then, identity(folder, tmp_path)) == []


# What is prepared in place of three images for training and two for testing of
# each of two classes, and what is told.
OTHERS = {
  'a class that was renamed': (
    {'classes': ('zebra', 'dog')},
    ['has no class cat', 'has a new class zebra'],
  ),
  'one more class': (
    {'classes': ('cat', 'cow', 'dog')},
    [
      'has a new class cow',
      "split 'train' has 9 examples, not 6",
      "split 'test' has 6 examples, not 4",
    ],
  ),
  'more images': (
    {'splits': {'train': 4, 'test': 2}},
    ["split 'train' has 8 examples, not 6"],
  ),
  'no test split': ({'splits': {'train': 3}}, ["has no split 'test'"]),
  'another size': (
    {'size': (5, 4)},
    ['has images of 5x4x3, not 4x4x3'],
  ),
  'other images': (
    {'seed': 1},
    [
      "the 6 examples of split 'train' are others",
      "the 4 examples of split 'test' are others",
    ],
  ),
}


@pytest.mark.parametrize('name', OTHERS)
def test_other_data_of_that_name_are_told(name, tmp_path):
  change, told = OTHERS[name]
  then = identity(pets.write(tmp_path / 'then'), tmp_path)
  now = identity(pets.write(tmp_path / 'now', **change), tmp_path)
  assert identities.differences(then, now) == told


# Changes of an identity, and what is told.
CHANGES = {
  'version': ({'version': '2.0.0'}, ['is version 2.0.0, not 1.0.0']),
  'name': ({'name': 'cats'}, ['is cats, not pets']),
  'fields': (
    {'fields': ['image', 'label', 'mask']},
    ['examples have image, label, mask, not image, label'],
  ),
  'order': (
    {'class_names': ['dog', 'cat']},
    ['classes are in the order dog, cat, not cat, dog'],
  ),
  'no labels': (
    {'class_names': None},
    ['has no classes, not cat, dog'],
  ),
  'only the words of its description': ({'description': 'Otherwise.'}, []),
}


@pytest.mark.parametrize('name', CHANGES)
def test_each_part_is_compared(name):
  change, told = CHANGES[name]
  then = {
    'name': 'pets',
    'version': '1.0.0',
    'description': 'Pets.',
    'image_shape': [4, 4, 3],
    'fields': ['image', 'label'],
    'class_names': ['cat', 'dog'],
    'splits': {'train': {'count': 1, 'digest': 'a'}, 'test': None},
  }
  assert identities.differences(then, then | change) == told


def test_a_split_that_was_not_there_may_come(tmp_path):
  then = identity(pets.write(tmp_path / 'then', splits={'train': 3}), tmp_path)
  assert then['splits']['test'] is None
  both = {'train': 3, 'test': 2}
  now = identity(pets.write(tmp_path / 'now', splits=both), tmp_path)
  assert identities.differences(then, now) == []


def test_a_file_that_is_missing_is_told(tmp_path):
  folder = pets.write(tmp_path / 'a')
  identity(folder, tmp_path)
  (shard,) = (tmp_path / 'data_a').rglob('*test.tfrecord*')
  shard.unlink()
  with pytest.raises(UserError, match='test.*: missing; prepare the data set'):
    identity(folder, tmp_path)
