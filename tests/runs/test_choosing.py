from typing import NamedTuple

import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.runs import choosing


class Row(NamedTuple):
  """What is asked of a row."""

  name: str
  adapts: bool = True
  predicts: bool = True
  translates: bool = True
  translates_back: bool = False
  is_started: bool = True


ROWS = {
  row.name: row
  for row in (
    Row('source_only', adapts=False, translates=False),
    Row('target_only', adapts=False, translates=False),
    Row('cyclegan', predicts=False, translates_back=True),
    Row('aligned', translates=False),
    Row('pixelda'),
    Row('other_pixelda'),
    Row('cycada', translates_back=True),
  )
}


def rows(names):
  """Returns rows of these names; those with ? are not started."""
  return [
    ROWS[name.rstrip('?')]._replace(is_started=not name.endswith('?'))
    for name in names.split()
  ]


def compare(names, **named):
  compared = choosing.compared(rows(names), **named)
  return tuple(row and row.name for row in compared)


CHOICES = {
  'source_only pixelda': ('source_only', 'pixelda', 'pixelda'),
  'source_only pixelda target_only': ('source_only', 'pixelda', 'pixelda'),
  'source_only pixelda other_pixelda': (
    'source_only',
    'other_pixelda',
    'other_pixelda',
  ),
  'source_only pixelda other_pixelda?': ('source_only', 'pixelda', 'pixelda'),
  'source_only? pixelda': (None, 'pixelda', 'pixelda'),
  'pixelda': (None, 'pixelda', 'pixelda'),
  'source_only': (None, 'source_only', None),
  'source_only pixelda?': (None, 'source_only', None),
  'target_only source_only': (None, 'source_only', None),
  'source_only target_only': ('source_only', 'target_only', None),
  'cyclegan': (None, None, 'cyclegan'),
  'source_only cyclegan': (None, 'source_only', 'cyclegan'),
  'source_only cyclegan pixelda': ('source_only', 'pixelda', 'cyclegan'),
  'source_only cyclegan? pixelda': ('source_only', 'pixelda', 'pixelda'),
  'cycada cyclegan': (None, 'cycada', 'cycada'),
  'cyclegan aligned': (None, 'aligned', 'cyclegan'),
  'pixelda aligned': (None, 'aligned', 'pixelda'),
  'aligned': (None, 'aligned', None),
}


@pytest.mark.parametrize('names', CHOICES)
def test_what_is_not_named_is_chosen_of_the_trained(names):
  assert compare(names) == CHOICES[names]


def test_rows_are_those_that_are_named_trained_or_not():
  names = 'source_only pixelda cyclegan? target_only? other_pixelda'
  assert compare(names, after='pixelda') == (
    'source_only',
    'pixelda',
    'pixelda',
  )
  assert compare(names, before='target_only', translator='cyclegan') == (
    'target_only',
    'other_pixelda',
    'cyclegan',
  )
  assert compare(names, after='source_only')[:2] == (None, 'source_only')


@pytest.mark.parametrize(
  ('named', 'message'),
  [
    ({'after': 'cyclegan'}, "'cyclegan' does not predict: name another --row"),
    ({'before': 'cyclegan'}, 'does not predict: name another --before'),
    ({'translator': 'aligned'}, 'not translate: name another --translator'),
    ({'before': 'nothing'}, "no row 'nothing'; there are cyclegan, aligned"),
  ],
)
def test_a_row_that_cannot_do_what_it_is_named_for(named, message):
  with pytest.raises(UserError, match=message):
    compare('cyclegan aligned', **named)


def test_nothing_trained():
  with pytest.raises(UserError, match='no row has a checkpoint; train'):
    compare('source_only? pixelda?')


# By rows, what predicts and what translates where nothing is named.
TO_USE = {
  'source_only pixelda target_only': ('pixelda', 'pixelda'),
  'source_only pixelda? target_only': ('target_only', None),
  'source_only? pixelda? target_only?': ('pixelda', 'pixelda'),
  'cyclegan pixelda aligned': ('aligned', 'pixelda'),
  'cyclegan': (None, 'cyclegan'),
}


@pytest.mark.parametrize('names', TO_USE)
def test_the_row_to_use_is_the_last_that_is_fit(names):
  found = rows(names)
  for choose, choose_or_fail, name in zip(
    (choosing.last_predicting, choosing.last_translating),
    (choosing.predicting, choosing.translating),
    TO_USE[names],
    strict=True,
  ):
    if name is None:
      assert choose(found) is None
      with pytest.raises(UserError, match='^no row of this run'):
        choose_or_fail(found)
    else:
      assert choose(found).name == choose_or_fail(found).name == name


def test_a_row_that_is_named_has_to_be_able():
  found = rows('cyclegan? aligned')
  assert choosing.translating(found, 'cyclegan').name == 'cyclegan'
  assert choosing.predicting(found, 'aligned').name == 'aligned'
  with pytest.raises(UserError, match="^row 'cyclegan' does not predict: "):
    choosing.predicting(found, 'cyclegan')
  with pytest.raises(UserError, match="^row 'aligned' does not translate: "):
    choosing.translating(found, 'aligned')


def test_any_row_can_be_measured():
  found = rows('source_only? cyclegan?')
  assert choosing.to_measure(found).name == 'source_only'
  assert choosing.to_measure(found, 'cyclegan').name == 'cyclegan'
  assert choosing.to_measure(found[1:]).name == 'cyclegan'
