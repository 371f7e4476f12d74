import collections

import pytest

from pixelda_tf.datasets.folders import entries
from pixelda_tf.errors import UserError


def some_entries(counts):
  return [
    entries.Entry(f'{label}/{number}', None, label)
    for label, count in counts.items()
    for number in range(count)
  ]


def test_hold_out_takes_its_share_of_each_class():
  held = entries.hold_out(some_entries({'a': 10, 'b': 30}), 0.2)
  for label, count in {'a': 2, 'b': 6}.items():
    of_class = [e for e in held if e.label == label]
    assert sum(e.split == 'test' for e in of_class) == count


def test_hold_out_depends_on_names_alone():
  forth = entries.hold_out(some_entries({'a': 10, 'b': 9}), 0.5)
  back = entries.hold_out(some_entries({'a': 10, 'b': 9})[::-1], 0.5)
  assert forth == back[::-1]


def test_without_a_share_nothing_is_held_out():
  some = some_entries({'a': 3})
  assert entries.hold_out(some, 0.0) == some


def test_the_last_image_of_a_class_stays():
  """Of 20, 1 and 2 images 60 % are 12, 1 and 1; 90 % 18, 1 and 2."""
  some = some_entries({'cat': 20, 'dog': 1, 'owl': 2})
  for share, expected in (
    (0.6, {'cat': 12, 'owl': 1}),
    (0.9, {'cat': 18, 'owl': 1}),
  ):
    held = entries.hold_out(some, share)
    test = collections.Counter(e.label for e in held if e.split == 'test')
    assert test == expected


@pytest.mark.parametrize(
  ('share', 'expected'),
  [
    (-0.1, 'must be in'),
    (1.0, 'must be in'),
    (0.01, 'too small a share of 10 images to hold one out'),
    (0.96, 'too large a share of 10 images to keep one for training'),
  ],
)
def test_wrong_share_is_told(share, expected):
  with pytest.raises(UserError, match=f'--test_fraction.*{expected}'):
    entries.hold_out(some_entries({'a': 10}), share)


def test_no_share_of_what_is_split_already():
  some = [entries.Entry('1', None), entries.Entry('2', None, split='test')]
  with pytest.raises(UserError, match='have a test split already'):
    entries.hold_out(some, 0.5)


@pytest.mark.parametrize(
  ('labels', 'expected'),
  [
    (['10', '9', '0'], ['0', '9', '10']),
    (['10.0', '2.0', '-1', '1e1', '.5'], ['-1', '.5', '2.0', '10.0', '1e1']),
    (['10.0', '2.0', 'x'], ['10.0', '2.0', 'x']),
    (['10', '٣', '2'], ['10', '2', '٣']),
    (['b', 'a', 'a', '10'], ['10', 'a', 'b']),
    ([None, None], None),
  ],
)
def test_class_names_are_sorted(labels, expected):
  some = [entries.Entry(str(n), None, label) for n, label in enumerate(labels)]
  assert entries.class_names(some) == expected
