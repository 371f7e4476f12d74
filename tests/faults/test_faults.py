"""The tools of this folder, briefly; docs/reliability.md has them at length."""

import json
import random

import mutated_inputs
import mutations
import pytest
import served_requests
import tensorflow as tf
from kinds import KINDS

pytestmark = pytest.mark.slow


def test_damaged_inputs_are_read_or_told():
  outcomes = mutated_inputs.run(len(KINDS))
  assert len(outcomes) == len(KINDS)
  sound = mutated_inputs.SOUND_ENDINGS
  assert not [each for each in outcomes if each['ending'] not in sound]


def test_a_command_that_raises_is_a_fault():
  ending, told = mutated_inputs.end_of(['no_such_command'])
  assert ending == 'traceback'
  assert 'no_such_command' in told
  ending, told = mutated_inputs.end_of(['prepare_data', 'no_such_set'])
  assert ending == 'mistake'
  assert 'no_such_set' in told


def test_structured_damage_keeps_the_structure():
  """JSON stays JSON, records keep their checksums; both differ from before."""
  tree = {'a': [1, {'b': 'c'}], 'd': 0.5}
  for seed in range(50):
    draw = random.Random(seed)
    json.loads(mutations.of_json(json.dumps(tree).encode(), draw))


def test_records_are_damaged_below_their_checksums(tmp_path):
  path = tmp_path / 'x.tfrecord'
  example = tf.train.Example()
  example.features.feature['label'].int64_list.value.append(3)
  with tf.io.TFRecordWriter(str(path)) as writer:
    for _ in range(3):
      writer.write(example.SerializeToString())
  sound = path.read_bytes()
  changed = set()
  for seed in range(30):
    path.write_bytes(mutations.of_records(sound, random.Random(seed)))
    changed.add(path.read_bytes())
    count = sum(1 for _ in tf.data.TFRecordDataset(str(path)))
    assert count in (2, 3, 4)
  assert len(changed) > 5


def test_an_export_answers_many_threads_with_flat_memory(tiny_run):
  predict = tf.saved_model.load(str(tiny_run / 'export')).signatures['predict']
  wrong, settled, end = served_requests.ask(predict, 2000, 8, 40)
  assert wrong == 0
  assert end - settled < served_requests.MOST_GROWTH
