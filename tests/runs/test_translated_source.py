"""A row that trains on what another one made of the source."""

import os
import shutil

import numpy as np
import pytest

from pixelda_tf.data import domains
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import prepare_images, to_uint8

pytestmark = pytest.mark.slow


def test_the_offline_data_set_is_the_source_translated(
  cyclegan_uda_run, open_stages
):
  run = open_stages('cyclegan_uda', cyclegan_uda_run)
  method = run.row('cyclegan').trained()
  stored = domains.Domain(name='translated').open(
    str(cyclegan_uda_run / 'cyclegan')
  )
  assert 'digits train, each image 1 time(s) in the style of digits_photo' in (
    stored.description
  )
  pairs = zip(
    stored.stored('train').batch(64),
    run.pair.source.stored('train').batch(64),
    strict=True,
  )
  for ours, source in pairs:
    np.testing.assert_array_equal(ours['label'], source['label'])
    images = prepare_images(source['image'], image_shape=(16, 16, 3))
    expected = to_uint8(method.translate(images))
    np.testing.assert_array_equal(ours['image'], expected)


def test_the_offline_row_trains_on_it(cyclegan_uda_run, open_stages):
  run = open_stages('cyclegan_uda', cyclegan_uda_run)
  pair = run.row('cyclegan_uda_offline').pair()
  assert pair.source.name == 'translated'
  assert pair.target is run.pair.target
  assert pair.class_names == run.pair.class_names
  shown = pair.images('source', 1)
  assert np.any(shown != run.pair.images('source', 1))
  assert run.row('cyclegan_uda').pair() is run.pair


def test_a_translating_row_that_is_not_finished_is_told(
  cyclegan_uda_run, open_stages, copied
):
  """A checkpoint alone does not do: it may be half-way."""
  run_dir = copied(cyclegan_uda_run, 'cyclegan')
  os.remove(run_dir / 'cyclegan' / 'result.json')
  shutil.rmtree(run_dir / 'cyclegan' / 'translated')
  run = open_stages('cyclegan_uda', run_dir)
  message = f"^{run_dir}/cyclegan/result.json: .*row 'cyclegan' .*_offline'"
  with pytest.raises(UserError, match=message):
    run.train(['cyclegan_uda_offline'])


def empty(folder):
  shutil.rmtree(folder / '1.0.0')


def damage_info(folder):
  (folder / '1.0.0' / 'dataset_info.json').write_text('{')


def damage_record(folder):
  shard = min(folder.glob('1.0.0/*tfrecord*'))
  content = bytearray(shard.read_bytes())
  content[len(content) // 2] ^= 0xFF
  shard.write_bytes(content)


def lose_shard(folder):
  os.remove(min(folder.glob('1.0.0/*tfrecord*')))


DAMAGED_SETS = {
  'info': (damage_info, 'metadata.json is damaged'),
  'a record': (damage_record, 'is corrupt'),
  'a missing shard': (lose_shard, ': missing'),
}


@pytest.mark.parametrize('name', DAMAGED_SETS)
def test_a_damaged_translated_data_set_is_told(
  name, cyclegan_uda_run, open_stages, copied
):
  damage, message = DAMAGED_SETS[name]
  run_dir = copied(cyclegan_uda_run, 'cyclegan')
  damage(run_dir / 'cyclegan' / 'translated')
  run = open_stages('cyclegan_uda', run_dir)
  with pytest.raises(UserError, match=message) as error:
    run.train(['cyclegan_uda_offline'])
  assert error.value.message.endswith(
    f'delete {run_dir}/cyclegan/translated and it is translated again'
  )
  assert '\n' not in error.value.message


def test_an_empty_translated_folder_is_filled(
  cyclegan_uda_run, open_stages, copied
):
  """As a process leaves it that is killed between two renames."""
  run_dir = copied(cyclegan_uda_run, 'cyclegan')
  empty(run_dir / 'cyclegan' / 'translated')
  run = open_stages('cyclegan_uda', run_dir)
  pair = run.row('cyclegan_uda_offline').pair()
  assert pair.source.count('train') == run.pair.source.count('train')


def test_a_data_set_translated_at_another_size_is_told(
  cyclegan_uda_run, open_stages, copied
):
  run_dir = copied(cyclegan_uda_run, 'cyclegan')
  run = open_stages('cyclegan_uda', run_dir, 'Pair.image_size = (32, 32)')
  message = r'translated: .*\(16, 16, 3\), .*\(32, 32, 3\): delete'
  with pytest.raises(UserError, match=message):
    run.train(['cyclegan_uda_offline'])
