import dataclasses
from typing import NamedTuple

import pytest

from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import row_choice


@dataclasses.dataclass(frozen=True)
class Method:
  """A class of methods and, at once, one that is built."""

  adapts: bool = True
  predicts: bool = True
  translates: bool = True
  translates_back: bool = False


SOURCE_ONLY = Method(adapts=False, translates=False)
CYCLEGAN = Method(predicts=False, translates_back=True)
ALIGNED = Method(translates=False)
ONE_WAY = Method()
TWO_WAY = Method(translates_back=True)
METHODS = {
  'source_only': SOURCE_ONLY,
  'target_only': SOURCE_ONLY,
  'cyclegan': CYCLEGAN,
  'aligned': ALIGNED,
  'pixelda': ONE_WAY,
  'other_pixelda': ONE_WAY,
  'cycada': TWO_WAY,
}


class Row(NamedTuple):
  name: str
  method: Method


class Run:
  """Rows of these names; those with ? are not trained."""

  run_dir = 'run'

  def __init__(self, names, built=None):
    self.rows = [
      Row(name.rstrip('?'), METHODS[name.rstrip('?')]) for name in names
    ]
    self._trained = [not name.endswith('?') for name in names]
    self._built = built or {}

  def started_rows(self):
    pairs = zip(self.rows, self._trained, strict=True)
    return [row for row, is_trained in pairs if is_trained]

  def row(self, name):
    for row in self.rows:
      if row.name == name:
        return row
    raise UserError(f'no row {name}')

  def build(self, row):
    return self._built.get(row.name, row.method)


def choose(names, built=None, **named):
  rows = row_choice.choose(Run(names.split(), built), **named)
  return tuple(row and row.name for row in rows)


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
  assert choose(names) == CHOICES[names]


def test_rows_are_those_that_are_named_trained_or_not():
  names = 'source_only pixelda cyclegan? target_only? other_pixelda'
  assert choose(names, after='pixelda') == ('source_only', 'pixelda', 'pixelda')
  assert choose(names, before='target_only', translator='cyclegan') == (
    'target_only',
    'other_pixelda',
    'cyclegan',
  )
  assert choose(names, after='source_only')[:2] == (None, 'source_only')


def test_settings_may_take_a_methods_translation_away():
  """As those of a feature alignment that has no generator."""
  built = {'other_pixelda': ALIGNED}
  names = 'pixelda other_pixelda'
  assert choose(names, built) == (None, 'other_pixelda', 'pixelda')
  with pytest.raises(UserError, match="'other_pixelda' does not translate"):
    choose(names, built, translator='other_pixelda')


@pytest.mark.parametrize(
  ('named', 'message'),
  [
    ({'after': 'cyclegan'}, "'cyclegan' does not predict: name another --row"),
    ({'before': 'cyclegan'}, 'does not predict: name another --before'),
    ({'translator': 'aligned'}, 'not translate: name another --translator'),
    ({'before': 'nothing'}, 'no row nothing'),
  ],
)
def test_a_row_that_cannot_do_what_it_is_named_for(named, message):
  with pytest.raises(UserError, match=message):
    choose('cyclegan aligned', **named)


def test_nothing_trained():
  with pytest.raises(UserError, match='run: no row has a checkpoint; train'):
    choose('source_only? pixelda?')
