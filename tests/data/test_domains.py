import itertools
import pathlib
import types

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from pixelda_tf import datasets
from pixelda_tf.data import corruption, domains, records
from pixelda_tf.errors import UserError


def numbers(examples):
  """The stored images carry their number in the first pixel."""
  return [int(example['image'][0, 0, 0]) for example in examples]


def as_list(dataset, n=None):
  dataset = dataset if n is None else dataset.take(n)
  return list(dataset.as_numpy_iterator())


def test_tells_what_is_stored(store):
  domain = store(shape=(5, 4, 3), has_mask=True).open(store.data_dir)
  assert domain.image_shape == (5, 4, 3)
  assert domain.class_names == ('a', 'b', 'c')
  assert domain.n_classes == 3
  assert domain.fields == ('image', 'label', 'mask')
  assert domain.description == 'tiny'
  assert (domain.count('train'), domain.count('test')) == (20, 7)
  assert domain.count('train[:25%]') == 5


def test_without_labels_and_masks(store):
  domain = store(class_names=None).open(store.data_dir)
  assert domain.class_names is domain.n_classes is None
  assert domain.fields == ('image',)
  assert set(domain.stored('train').element_spec) == {'image'}


def test_one_pass_has_each_example_once_in_stored_order(store):
  domain = store(train=20, num_shards=3).open(store.data_dir)
  examples = as_list(domain.stored('train'))
  assert numbers(examples) == list(range(20))
  assert [int(e['label']) for e in examples] == [n % 3 for n in range(20)]
  assert numbers(as_list(domain.stored('train[5:8]'))) == [5, 6, 7]
  assert numbers(as_list(domain.stored('train', skip=18))) == [18, 19]


def test_poses_are_read_as_they_were_stored(store):
  domain = store(has_pose=True).open(store.data_dir)
  assert domain.fields == ('image', 'label', 'pose')
  poses = [example['pose'] for example in as_list(domain.stored('test'))]
  np.testing.assert_array_equal(poses, [store.pose(n) for n in range(7)])


def test_chosen_classes_alone_are_read_and_labels_keep_their_numbers(store):
  """Of 20 images the labels 0, 1, 2 in turn; c and a are 2 and 0."""
  domain = store(num_shards=2, classes=['c', 'a']).open(store.data_dir)
  examples = as_list(domain.stored('train'))
  expected = [n for n in range(20) if n % 3 != 1]
  assert numbers(examples) == expected
  assert [int(e['label']) for e in examples] == [n % 3 for n in expected]
  assert (domain.count('train'), domain.count('test')) == (13, 5)
  assert domain.count('train[:3]') == 2
  assert domain.class_names == ('a', 'b', 'c')
  assert domain.n_classes == 3
  assert numbers(as_list(domain.stored('train', skip=11))) == [17, 18]


def test_classes_under_other_names_have_labels_in_their_order(store):
  """Of 20 images the labels 0, 1, 2 in turn; b and a become y, c becomes x."""
  names = {'c': 'x', 'b': 'y', 'a': 'y'}
  domain = store(classes=names).open(store.data_dir)
  assert domain.class_names == ('x', 'y')
  assert domain.n_classes == 2
  examples = as_list(domain.stored('train'))
  assert [int(e['label']) for e in examples] == [
    [1, 1, 0][n % 3] for n in range(20)
  ]
  assert numbers(as_list(domain.stored('train', skip=18))) == [18, 19]


def test_examples_of_classes_without_a_name_here_are_left_out(store):
  domain = store(classes={'b': 'x'}).open(store.data_dir)
  examples = as_list(domain.stored('train'))
  assert numbers(examples) == [n for n in range(20) if n % 3 == 1]
  assert {int(e['label']) for e in examples} == {0}
  assert domain.count('train') == 7


@pytest.mark.parametrize(
  ('classes', 'names', 'new'),
  [
    ({'c': 'x', 'a': 'y'}, ('x', 'y'), {0: 1, 1: 255, 2: 0, 255: 255}),
    (['c', 'a'], ('a', 'b', 'c'), {0: 0, 1: 255, 2: 2, 255: 255}),
  ],
)
@pytest.mark.parametrize('padding', [0, 1])
def test_pixels_of_classes_that_are_not_used_are_ignored(
  store, classes, names, new, padding
):
  def label_maps(**domain):
    opened = store(
      has_segmentation=True, shape=(16, 16, 1), padding=padding, **domain
    ).open(store.data_dir)
    assert opened.count('train') == 20
    found = as_list(opened.stored('train'))
    return opened, np.stack([example['segmentation'] for example in found])

  _, before = label_maps(name='all')
  opened, after = label_maps(classes=classes)
  assert opened.class_names == names
  of_all = domains.Domain(name='all').open(store.data_dir).colours
  first = {'x': 2, 'y': 0, 'a': 0, 'b': 1, 'c': 2}
  assert opened.colours == [of_all[first[name]] for name in names]
  assert set(np.unique(before)) == {0, 1, 2, 255}
  assert after.dtype == np.uint8
  np.testing.assert_array_equal(after, np.vectorize(new.get)(before))


@pytest.mark.usefixtures('memory')
def test_stream_of_chosen_classes_is_the_whole_stream_without_the_others(store):
  whole = store(num_shards=3).open(store.data_dir)
  chosen = store(num_shards=3, classes=['b']).open(store.data_dir)
  stream = numbers(as_list(whole.stored('train', seed=4), 60))
  expected = [n for n in stream if n % 3 == 1]
  assert numbers(as_list(chosen.stored('train', seed=4), 21)) == expected
  for skip in (1, 7, 20):
    resumed = chosen.stored('train', seed=4, skip=skip)
    assert numbers(as_list(resumed, 21 - skip)) == expected[skip:]


@pytest.mark.parametrize(
  ('classes', 'class_names', 'expected'),
  [
    (['b', 'x', 'd'], 'abc', 'tiny has no classes d, x; it has a, b, c'),
    ([], 'abc', 'tiny has no classes in an empty list; it has a, b, c'),
    (['a'], None, 'tiny has no classes a; it has no labels'),
    ({'x': 'a'}, 'abc', 'tiny has no classes x; it has a, b, c'),
    ({}, 'abc', 'tiny has no classes in an empty list; it has a, b, c'),
    ({'a': 0}, 'abc', "0 is no name of a class; give {'stored class': 'cl"),
  ],
)
def test_classes_that_are_not_there_are_told(
  store, classes, class_names, expected
):
  domain = store(class_names=class_names, classes=classes)
  with pytest.raises(UserError, match=f'Domain.classes: {expected}'):
    domain.open(store.data_dir)


@pytest.mark.usefixtures('memory')
def test_seeded_stream_is_endless_and_resumes(store):
  domain = store(train=20, num_shards=3).open(store.data_dir)
  stream = numbers(as_list(domain.stored('train', seed=4), 60))
  for epoch in range(3):
    assert sorted(stream[20 * epoch :][:20]) == list(range(20))
  resumed = domain.stored('train', seed=4, skip=33)
  assert numbers(as_list(resumed, 27)) == stream[33:]
  assert numbers(as_list(domain.stored('train', seed=5), 60)) != stream


# 20 images of 4x4 and their labels, int64.
DECODED_BYTES = 20 * (4 * 4 + 8 + domains.EXAMPLE_BYTES)


@pytest.mark.parametrize('part', [(0, 1), (1, 2)])
def test_what_fits_in_memory_is_read_once(store, part, monkeypatch):
  monkeypatch.setattr(records, 'MEMORY_BYTES', DECODED_BYTES)
  epoch, stream = stream_without_files(store, part)
  later = numbers(itertools.islice(stream, 3 * len(epoch)))
  assert sorted(later) == sorted(3 * epoch)


@pytest.mark.parametrize('part', [(0, 1), (1, 2)])
def test_what_does_not_fit_is_read_every_epoch(store, part, monkeypatch):
  """A part that would fit is none, as the others are to be read beside it."""
  monkeypatch.setattr(records, 'MEMORY_BYTES', DECODED_BYTES - 1)
  epoch, stream = stream_without_files(store, part)
  # What comes next may have been read ahead.
  with pytest.raises(tf.errors.NotFoundError, match='train.tfrecord'):
    list(itertools.islice(stream, 3 * len(epoch)))


def stream_without_files(store, part):
  """Returns an epoch's numbers and an iterator after it; the files are gone."""
  domain = store(train=20).open(store.data_dir)
  stream = iter(domain.stored('train', seed=4, part=part))
  epoch = sorted(numbers(itertools.islice(stream, 20 // part[1])))
  assert epoch == list(range(20))[part[0] * 20 // part[1] :]
  for path in pathlib.Path(store.data_dir).rglob('*train.tfrecord*'):
    path.unlink()
  return epoch, stream


def test_what_was_decoded_for_a_row_is_there_for_the_next(store):
  """After its first example, and in stored order, too: the files are gone."""
  domain = store(train=20).open(store.data_dir)
  first = numbers(as_list(domain.stored('train', seed=4), 1))
  for path in pathlib.Path(store.data_dir).rglob('*train.tfrecord*'):
    path.unlink()
  assert numbers(as_list(domain.stored('train', seed=4), 30))[:1] == first
  assert numbers(as_list(domain.stored('train', skip=3))) == list(range(3, 20))


def test_a_file_is_looked_at_once_by_all_splits_of_it(store, monkeypatch):
  looked_at = []
  all_sound = corruption.all_sound
  monkeypatch.setattr(
    corruption,
    'all_sound',
    lambda paths, *rest: looked_at.extend(paths) or all_sound(paths, *rest),
  )
  domain = store(train=20, num_shards=2).open(store.data_dir)
  # The first half is in the first file.
  assert [domain.count(f'train[{part}]') for part in (':10', '5:', ':3')] == [
    10,
    15,
    3,
  ]
  assert len(looked_at) == len(set(looked_at)) == 2


def test_padded_images_grow_by_the_margin(store):
  plain = store(shape=(4, 5, 3), has_mask=True).open(store.data_dir)
  domain = domains.Domain(name='tiny', padding=2).open(store.data_dir)
  assert domain.image_shape == (8, 9, 3)
  examples = zip(
    plain.stored('train').as_numpy_iterator(),
    domain.stored('train').as_numpy_iterator(),
    strict=True,
  )
  for before, after in examples:
    assert after['label'] == before['label']
    for name in ('image', 'mask'):
      np.testing.assert_array_equal(
        after[name], np.pad(before[name], ((2, 2), (2, 2), (0, 0)))
      )


def test_names_of_splits(store, monkeypatch):
  monkeypatch.setattr(
    datasets.BUILDERS['usps'], 'NAMED_SPLITS', {'paper_train': 'train[:15]'}
  )
  domain = store(name='usps').open(store.data_dir)
  assert domain.count('paper_train') == 15


@pytest.mark.parametrize(
  ('name', 'counts'),
  [
    ('usps', (7291, 6562, 729)),
    ('mnist', (60000, 50000, 10000)),
    ('mnistm', (59001, 58001, 1000)),
    ('mnistm', (60000, 58001, 1000)),
  ],
)
def test_paper_splits_have_the_papers_counts(name, counts):
  n_train, *expected = counts
  named = datasets.BUILDERS[name].NAMED_SPLITS
  for split, count in zip(
    ('paper_train', 'paper_validation'), expected, strict=True
  ):
    (part,) = tfds.core.ReadInstruction.from_spec(named[split]).to_absolute(
      {'train': types.SimpleNamespace(num_examples=n_train)}
    )
    assert (part.to or n_train) - (part.from_ or 0) == count


def test_embedded_data_is_made_when_opened(tmp_path):
  domain = domains.Domain(name='digits').open(tmp_path / 'new')
  assert domain.count('train') == 700


@pytest.mark.parametrize(
  ('name', 'make', 'expected'),
  [
    ('mnist', None, 'no such data directory, not mnist; make it with: python'),
    ('mnist', 'empty', 'holds no data set, not mnist'),
    ('mnist', 'tiny', 'holds tiny, not mnist'),
    ('mine', 'tiny', 'holds tiny, not mine; make it with: .* images --name=m'),
  ],
)
def test_missing_data_says_how_to_make_it(
  store, tmp_path, name, make, expected
):
  data_dir = store.data_dir
  if make == 'empty':
    data_dir.mkdir()
  elif make:
    store(name=make)
  with pytest.raises(UserError, match=f'{data_dir}: {expected}') as error:
    domains.Domain(name=name).open(data_dir)
  assert f'{name} --manual_dir=... --data_dir={data_dir}' in error.value.message


@pytest.mark.parametrize(
  'split', ['trian', 'train[:x]', 'train[', '', 'train[::2]', 'train[:5%%]']
)
def test_unknown_split_is_told_with_those_there_are(store, split):
  domain = store().open(store.data_dir)
  with pytest.raises(
    UserError, match=r'tiny has no split .*train \(20\), test'
  ):
    domain.count(split)


def test_empty_split_is_told(store):
  domain = store().open(store.data_dir)
  with pytest.raises(
    UserError, match="split 'train\\[:0\\]' holds no examples"
  ):
    domain.count('train[:0]')


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
  assert opened.skipped == {('train', domains.WHOLE): 1}
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
  assert opened.skipped == {('train[4:14]', domains.WHOLE): 4}


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
  with pytest.raises(UserError, match=f'{path}: .*features.json is damaged'):
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


@pytest.mark.usefixtures('memory')
def test_a_part_is_read_without_the_files_of_the_others(store):
  """20 examples in 2 files, the second of which is gone."""
  domain = store(train=20, num_shards=2).open(store.data_dir)
  whole = store(train=20, num_shards=2).open(store.data_dir)
  expected = numbers(as_list(whole.stored('train')))
  _, second = sorted(pathlib.Path(store.data_dir).rglob('*train.tfrecord*'))
  second.unlink()
  assert numbers(as_list(domain.stored('train', part=(0, 2)))) == expected[:10]
  assert domain.count('train', part=(0, 2)) == 10
  stream = numbers(as_list(domain.stored('train', seed=1, part=(0, 2)), 10))
  assert sorted(stream) == expected[:10]
  with pytest.raises(UserError, match=f'{second.name}: missing'):
    domain.stored('train', part=(1, 2))


def test_a_part_without_examples_is_told(store):
  domain = store(train=2, num_shards=1).open(store.data_dir)
  with pytest.raises(UserError, match="part 1 of 3 of split 'train' holds no"):
    domain.count('train', part=(0, 3))
