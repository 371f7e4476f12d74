"""What the folders of a user are taken for, or refused as."""

import logging

import pytest

from pixelda_tf.datasets.folders import listing
from pixelda_tf.errors import UserError


@pytest.fixture
def listed(tmp_path):
  """Function of names of files to {label and split by name} as listed."""

  def list_files(*names, **options):
    for name in names:
      path = tmp_path / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()
    found = listing.list_images(tmp_path, None, **options)
    return {entry.key: (entry.label, entry.split) for entry in found}

  return list_files


def test_other_words_for_splits(listed, caplog):
  with caplog.at_level(logging.INFO):
    found = listed('Training/1.png', 'valid/1.png', 'test1/1.png')
  assert found == {
    'Training/1.png': (None, 'train'),
    'valid/1.png': (None, 'validation'),
    'test1/1.png': (None, 'test'),
  }
  assert 'taking Training as train, test1 as test, valid as' in caplog.text


def test_splits_of_classes_in_another_case(listed):
  assert listed('TRAIN/cat/1.png', 'TRAIN/dog/1.png', 'VAL/cat/2.png') == {
    'TRAIN/cat/1.png': ('cat', 'train'),
    'TRAIN/dog/1.png': ('dog', 'train'),
    'VAL/cat/2.png': ('cat', 'validation'),
  }


@pytest.mark.parametrize(
  'names',
  [
    ['trainA/1.png', 'trainB/2.png', 'testA/3.png', 'testB/4.png'],
    ['train_a/1.png', 'train_b/2.png', 'test_a/3.png', 'test_b/4.png'],
    ['A/train/1.png', 'B/train/2.png', 'A/test/3.png', 'B/test/4.png'],
    ['train/A/1.png', 'train/B/2.png', 'test/A/3.png', 'test/B/4.png'],
  ],
)
def test_one_domain_is_taken_at_a_time(listed, names):
  with pytest.raises(UserError, match='A and B, .* --domain=A; .*--folders='):
    listed(*names)
  assert listed(domain='A') == {
    names[0]: (None, 'train'),
    names[2]: (None, 'test'),
  }
  assert set(listed(domain='b')) == {names[1], names[3]}
  with pytest.raises(UserError, match='prepare one at a time'):
    listed(domain='C')


def test_one_domain_alone_needs_no_flag(listed):
  assert listed('trainA/1.png', 'testA/2.png') == {
    'trainA/1.png': (None, 'train'),
    'testA/2.png': (None, 'test'),
  }


def test_classes_may_be_called_as_domains(listed):
  names = ['train/A/1.png', 'train/B/2.png']
  with pytest.raises(UserError, match='--folders=splits,classes'):
    listed(*names)
  assert listed(levels=['splits', 'classes']) == {
    names[0]: ('A', 'train'),
    names[1]: ('B', 'train'),
  }


@pytest.mark.parametrize('letters', ['ab', 'ABC'])
def test_letters_are_classes(listed, letters):
  found = listed(*(f'{letter}/1.png' for letter in letters))
  assert [label for label, _ in found.values()] == list(letters)


def test_any_folders_are_domains_where_they_are_told_to_be(listed):
  names = ['amazon/mug/1.png', 'dslr/mug/2.png']
  levels = ['domains', 'classes']
  with pytest.raises(UserError, match='amazon and dslr'):
    listed(*names, levels=levels)
  assert listed(levels=levels, domain='dslr') == {
    'dslr/mug/2.png': ('mug', 'train')
  }


@pytest.mark.parametrize('inside', ['', 'cat/'])
def test_a_folder_of_images_is_no_class(listed, inside, caplog):
  label = inside.strip('/') or None
  with caplog.at_level(logging.INFO):
    found = listed(f'images/{inside}1.png')
  assert found == {f'{inside}1.png': (label, 'train')}
  assert 'taking images as a folder of images, not as a class' in caplog.text


def test_folders_of_images_in_splits(listed):
  assert listed('train/images/1.png', 'val/images/2.png') == {
    'train/images/1.png': (None, 'train'),
    'val/images/2.png': (None, 'validation'),
  }


@pytest.mark.parametrize('above', ['', 'train/'])
@pytest.mark.parametrize(
  ('other', 'remedy'),
  [
    ('masks', 'columns path, mask'),
    ('labels', 'prepare_data segmentation'),
    ('annotations', 'prepare_data segmentation'),
  ],
)
def test_other_files_are_no_class(listed, caplog, above, other, remedy):
  levels = ['splits'] if above else []
  names = [f'{above}images/1.png', f'{above}{other}/1.png']
  flag = '--folders=' + ','.join([*levels, 'images'])
  with pytest.raises(UserError, match=f'{remedy}; .*{flag}'):
    listed(*names)
  caplog.clear()
  (entry,) = listed(levels=[*levels, 'images']).values()
  assert entry == (None, 'train')
  assert f'{other}: left out, with 1 files' in caplog.text
  found = listed(levels=[*levels, 'classes'])
  assert {label for label, _ in found.values()} == {'images', other}


def test_two_folders_of_one_split(listed):
  names = ['train1/1.png', 'train2/2.png']
  with pytest.raises(UserError, match='both of train; .*--folders=splits; '):
    listed(*names)
  assert listed(levels=['splits']) == dict.fromkeys(names, (None, 'train'))


@pytest.mark.parametrize(
  ('names', 'options', 'expected'),
  [
    (['test/1.png', 'val/1.png'], {}, 'none of train; .*--folders=classes'),
    (['train/a/1.png', 'a/1.png'], {}, 'train: a split, .*--folders=classes'),
    (['valid/1.png', 'invalid/1.png'], {}, 'invalid beside it'),
    (['train/test/1.png'], {}, 'a folder of test in one of train'),
    (['cat/1.png'], {'domain': 'A'}, '--domain=A: .*cat is of no domain'),
    (['cat/1.png'], {'levels': ['class']}, "--folders: 'class' is none of"),
    (['cat/1.png'], {'levels': ['splits']}, 'cat: names no split'),
    (['cat/1.png'], {'levels': ['images']}, 'no folder images in it'),
    (['1.png'], {'levels': ['classes']}, 'holds no folders, but --folders'),
    (
      ['train/cat/1.png'],
      {'levels': ['splits']},
      'cat: a folder inside the class folder train',
    ),
  ],
)
def test_what_is_not_plain_is_told(listed, names, options, expected):
  with pytest.raises(UserError, match=expected):
    listed(*names, **options)


def test_folder_options_are_not_for_csvs(tmp_path):
  with pytest.raises(UserError, match='--domain: is of folders'):
    listing.list_images(None, tmp_path / 'x.csv', domain='A')
