import pytest

from pixelda_tf.datasets.folders import folder_names
from pixelda_tf.datasets.folders.folder_names import NOTHING, Meaning, read

SPLITS = {
  'train': ['train', 'TRAIN', 'Training', 'train1', 'train_2', 'train2017'],
  'validation': ['val', 'valid', 'Validation', 'VALID', 'dev', 'val2017'],
  'test': ['test', 'Testing', 'test1', 'test-set', 'evaluation'],
}


@pytest.mark.parametrize('split', SPLITS)
def test_splits_in_any_case_alone_and_numbered(split):
  for name in SPLITS[split]:
    assert read(name) == Meaning(split, is_plain=True), name


@pytest.mark.parametrize(
  ('name', 'split', 'domain', 'role'),
  [
    ('trainA', 'train', 'a', None),
    ('TRAINB', 'train', 'b', None),
    ('test_b', 'test', 'b', None),
    ('A_val', 'validation', 'a', None),
    ('train_source', 'train', 'source', None),
    ('training_set', 'train', None, None),
    ('seg_test', 'test', None, None),
    ('trainval', 'train', None, None),
    ('train_images', 'train', None, 'images'),
    ('testannot', 'test', None, 'annotations'),
    ('Images', None, None, 'images'),
    ('JPEGImages', None, None, 'images'),
    ('labels', None, None, 'labels'),
    ('MASKS', None, None, 'masks'),
    ('Annotations', None, None, 'annotations'),
    ('images2', None, None, 'images'),
  ],
)
def test_names_of_several_words(name, split, domain, role):
  assert read(name) == Meaning(split, domain, role, is_plain=True)


@pytest.mark.parametrize(
  'name',
  [
    *('cat', 'trainer', 'testament', 'a', 'b', 'AB', 'C', 'no_mask', 'imagery'),
    *('7', 'set', 'data', 'contest', 'bus', 'validated', 'train_test', ''),
  ],
)
def test_other_names_say_nothing(name):
  assert read(name) == NOTHING


def test_in_singular_a_kind_of_file_may_be_a_class():
  assert read('mask') == Meaning(role='masks')
  assert not read('mask').is_plain


@pytest.mark.parametrize(
  ('names', 'expected'),
  [
    (['train', 'test'], True),
    (['trainA', 'trainB'], True),
    (['images', 'train'], True),
    (['A', 'B'], True),
    (['Source', 'target'], True),
    (['A'], False),
    (['a', 'b'], False),
    (['A', 'B', 'C'], False),
    (['A', 'images'], False),
    (['train', 'bus'], False),
  ],
)
def test_what_folders_are_together(names, expected):
  assert folder_names.are_structure(names) is expected
