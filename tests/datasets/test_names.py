import types

import pytest
import tensorflow_datasets as tfds

from pixelda_tf import serving
from pixelda_tf.data import infos, used_classes
from pixelda_tf.datasets import names

CAFE, CAFE_APART = 'caf\u00e9', 'cafe\u0301'


def test_all_names_get_one_form():
  assert names.nfc(CAFE_APART) == CAFE
  assert names.nfc((CAFE_APART, 'x', 3, None)) == [CAFE, 'x', 3, None]
  assert names.nfc({CAFE_APART: CAFE_APART}) == {CAFE: CAFE}
  assert names.nfc(None) is None


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    ('', True),
    (' \t', True),
    ('NaN', True),
    (' nan', True),
    ('<NA>', True),
    ('nana', False),
  ],
)
def test_what_stands_for_nothing(text, expected):
  assert names.is_missing(text) == expected


def test_large_numbers_are_in_their_order():
  large = '1' + '0' * 400
  assert names.in_order([large, '9', '1e400']) == ['9', large, '1e400']


def test_configs_name_classes_in_any_form():
  stored = (CAFE, 'bar')
  assert used_classes.used([CAFE_APART], stored, 'x') == (stored, (0, -1))
  found = used_classes.used({CAFE_APART: CAFE_APART}, stored, 'x')
  assert found == ((CAFE,), (0, -1))


def test_stored_names_of_any_form_are_the_same_classes(tmp_path):
  """Also in what was stored and exported before names had one form."""
  feature = tfds.features.ClassLabel(names=[CAFE_APART, 'bar'])
  info = types.SimpleNamespace(features={'label': feature})
  assert infos.class_names(info) == (CAFE, 'bar')
  (tmp_path / serving.CLASS_NAMES).parent.mkdir()
  (tmp_path / serving.CLASS_NAMES).write_text(f'{CAFE_APART}\nbar\n')
  assert serving.class_names(str(tmp_path)) == (CAFE, 'bar')
