import json
import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from pixelda_tf import datasets
from pixelda_tf.data import Pair, domains
from pixelda_tf.errors import UserError
from pixelda_tf.problems import ClassAndPose, Classification, Segmentation


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


@pytest.mark.parametrize(
  ('classes', 'class_names', 'expected'),
  [
    (['b', 'x', 'd'], 'abc', 'tiny has no classes d, x; it has a, b, c'),
    ([], 'abc', 'tiny has no classes in an empty list; it has a, b, c'),
    ('ab', 'abc', "tiny: 'ab' is one name; give a list of names"),
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
  ('problem', 'command'),
  [
    (Classification(), 'images'),
    (ClassAndPose(pose_weight=1.0), 'bop'),
    (Segmentation(), 'segmentation'),
  ],
)
def test_missing_data_are_made_with_what_is_learnt(tmp_path, problem, command):
  pair = Pair(source=domains.Domain(name='mine'), target=None)
  expected = f'prepare_data {command} --name=mine --manual_dir'
  with pytest.raises(UserError, match=expected):
    pair.open(tmp_path, problem=problem)


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


@pytest.mark.parametrize(
  'options, parameter',
  [
    ({'name': 3}, 'Domain.name is 3: a text'),
    ({'name': 'a', 'train': None}, 'Domain.train is None: a text'),
    ({'name': 'a', 'validation': 0.5}, 'Domain.validation is 0.5: a text'),
    ({'name': 'a', 'padding': 1.5}, 'Domain.padding of a is 1.5: a whole'),
  ],
)
def test_parameters_of_other_types_are_told(options, parameter):
  with pytest.raises(UserError, match=parameter):
    domains.Domain(**options)


def test_features_of_another_form_are_told(store):
  """An image alone is a feature, too, but of no examples."""
  domain = store()
  (path,) = store.data_dir.rglob('features.json')
  features = json.loads(path.read_text())
  image = features['featuresDict']['features']['image']
  path.write_text(json.dumps(image))
  with pytest.raises(UserError, match='metadata.json is damaged; prepare'):
    domain.open(store.data_dir)


@pytest.mark.parametrize('content', ['{"pixels": ', '[1]', '7'])
def test_damaged_metadata_are_told(store, content):
  domain = store(has_segmentation=True)
  (path,) = store.data_dir.rglob('dataset_info.json')
  path.with_name('metadata.json').write_text(content)
  with pytest.raises(UserError, match='metadata.json is damaged; prepare'):
    domain.open(store.data_dir)
