"""Colours of classes: usual ones, and those that a data set was stored with."""

import types

import pytest

from pixelda_tf.datasets.segmentation import classes, colours


@pytest.mark.parametrize(
  'names',
  [
    classes.CAMVID,
    classes.CITYSCAPES,
    list(classes.SYNTHIA_SEQUENCES_IDS.values()),
    [f'object {number}' for number in range(200)],
    ('person', 'pedestrian', 'tree', 'vegetation'),
  ],
)
def test_each_class_has_a_colour_of_its_own(names):
  made = colours.of_names(names)
  assert len(set(map(tuple, made))) == len(names)
  assert all(0 <= value <= 255 for colour in made for value in colour)
  assert [0, 0, 0] not in made
  assert made == colours.of_names(names)


def test_known_names_have_published_colours():
  assert colours.of_names(['road', 'thing', 'car'])[::2] == [
    [128, 64, 128],
    [0, 0, 142],
  ]


def test_what_is_stored_is_read():
  kept = colours.to_store(['a', 'b'], [(1, 2, 3), (4, 5, 6)])
  info = types.SimpleNamespace(metadata=kept)
  assert colours.stored(info, ['a', 'b']) == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize('metadata', [None, {}])
def test_older_sets_have_usual_colours(metadata):
  info = types.SimpleNamespace(metadata=metadata)
  assert colours.stored(info, ['road']) == [[128, 64, 128]]
  assert colours.to_store(['road'], None) == {'colours': [[128, 64, 128]]}
