import pathlib
import struct

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from hypothesis import strategies as st

from pixelda_tf.data import corruption

N_RECORDS = 6
FEATURES = tfds.features.FeaturesDict(
  {
    'image': tfds.features.Image(shape=(2, 3, 1), encoding_format='png'),
    'label': tfds.features.ClassLabel(num_classes=3),
  }
)


def payload(number, shape=(2, 3, 1), label=None):
  image = tf.io.encode_png(np.full(shape, number, np.uint8)).numpy()
  label = number % 3 if label is None else label
  return example(image, label)


def example(image, label):
  features = tf.train.Features(
    feature={
      'image': tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
      'label': tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
  )
  return tf.train.Example(features=features).SerializeToString()


PAYLOADS = [payload(number) for number in range(N_RECORDS)]


def write(path, payloads):
  with tf.io.TFRecordWriter(str(path)) as writer:
    for item in payloads:
      writer.write(item)


@pytest.fixture
def path(tmp_path):
  write(tmp_path / 'records', PAYLOADS)
  return tmp_path / 'records'


def starts():
  """Where each frame starts: 16 bytes go to its length and checksums."""
  return np.cumsum([0, *(len(item) + 16 for item in PAYLOADS)])


def flip(path, position):
  data = bytearray(path.read_bytes())
  data[position] ^= 1
  path.write_bytes(data)


def check(path, corrupt):
  """Both checks agree that exactly the records `corrupt` are."""
  assert corruption.all_sound([path], N_RECORDS, FEATURES) == (not corrupt)
  payloads, positions, found = corruption.find_corrupt(
    path, N_RECORDS, FEATURES
  )
  good = [index for index in range(N_RECORDS) if index not in corrupt]
  assert payloads == [PAYLOADS[index] for index in good]
  assert positions == {index: position for position, index in enumerate(good)}
  assert [item.index for item in found] == list(corrupt)
  assert all(item.path == str(path) for item in found)


def test_sound_file(path):
  check(path, [])


def test_changed_payload_costs_one_record(path):
  flip(path, starts()[2] + 20)
  check(path, [2])


def test_changed_payload_checksum_costs_one_record(path):
  flip(path, starts()[3] - 1)
  check(path, [2])


@pytest.mark.parametrize('byte', range(12))
def test_changed_length_costs_the_rest_of_the_file(path, byte):
  flip(path, starts()[4] + byte)
  check(path, [4, 5])


@pytest.mark.parametrize('cut', [1, 4, 5, 17])
def test_cut_off_file_costs_its_last_record(path, cut):
  path.write_bytes(path.read_bytes()[:-cut])
  check(path, [5])


def test_missing_records_are_noticed(path):
  write(path, PAYLOADS[:4])
  check(path, [4, 5])


def test_empty_file(path):
  path.write_bytes(b'')
  check(path, [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
  'other',
  [
    pytest.param(b'no example', id='no example'),
    pytest.param(example(b'', 0), id='no image'),
    pytest.param(example(b'x' * 80, 0), id='no png'),
    pytest.param(payload(1, shape=(3, 2, 1)), id='other size'),
    pytest.param(payload(1, label=3), id='label too large'),
    pytest.param(payload(1, label=-1), id='label negative'),
  ],
)
def test_sound_frame_without_a_usable_example(path, other):
  write(path, [*PAYLOADS[:1], other, *PAYLOADS[2:]])
  check(path, [1])


def test_several_files_are_counted_together(path, tmp_path):
  write(tmp_path / 'more', PAYLOADS[:2])
  paths = [path, tmp_path / 'more']
  assert corruption.all_sound(paths, N_RECORDS + 2, FEATURES)
  assert not corruption.all_sound(paths, N_RECORDS + 3, FEATURES)


@hypothesis.settings(
  max_examples=40,
  suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.data())
def test_any_damage_is_noticed_and_the_rest_is_kept(tmp_path, data):
  path = pathlib.Path(tmp_path) / 'damaged'
  write(path, PAYLOADS)
  sound = path.read_bytes()
  start = data.draw(st.integers(0, len(sound) - 1))
  stop = data.draw(st.integers(start, min(len(sound), start + 40)))
  damaged = sound[:start] + data.draw(st.binary(max_size=40)) + sound[stop:]
  path.write_bytes(damaged)
  payloads, _, corrupt = corruption.find_corrupt(path, N_RECORDS, FEATURES)
  if damaged == sound:
    assert not corrupt
  else:
    assert corrupt
    assert not corruption.all_sound([path], N_RECORDS, FEATURES)
  untouched = int(np.searchsorted(starts(), start, side='right')) - 1
  assert payloads[:untouched] == PAYLOADS[:untouched]


def test_length_is_the_only_thing_trusted():
  """A frame that claims to go on for 2**60 bytes."""
  frames = corruption._frames(struct.pack('<QI', 2**60, 0) + b'x' * 99)
  assert frames == ([], [], 0)
