"""A pair whose source another row translated."""

import re
import types

import numpy as np
import pytest

from pixelda_tf.data import augmentation, movement
from pixelda_tf.errors import UserError
from pixelda_tf.runs import translated_source

AUGMENTATION = (
  movement.Move(shift=0.2, rotation=20.0),
  augmentation.ChangeColour(),
)


def numbers(images):
  return np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def offline(opened, store, **options):
  """The pair of a row whose source another one translated, to what is told."""
  store(name='translated', **{'train': 9, 'shape': (6, 5, 3), **options})
  directory = types.SimpleNamespace(path=store.data_dir)
  translator = types.SimpleNamespace(directory=directory, original=opened)
  return translated_source.pair(opened, translator)


def test_a_translated_source_takes_the_sources_place(pair, store, first):
  """Its nine images, with their labels, not augmented again."""
  opened = pair(source_augmentation=AUGMENTATION)
  found = offline(opened, store)
  assert found.source.name == 'translated' and opened.source.name == 'one'
  assert found.target is opened.target
  assert found.image_shape == opened.image_shape
  plain = offline(pair(), store)
  seen = []
  for batch in first(plain.train_batches(5), 9):
    seen += numbers(batch['source']['image']).tolist()
    np.testing.assert_array_equal(
      batch['source']['label'], numbers(batch['source']['image']) % 3
    )
  assert sorted(seen) == sorted([*range(9)] * 4)
  for ours, theirs in zip(
    first(found.train_batches(5), 2),
    first(opened.train_batches(5), 2),
    strict=True,
  ):
    np.testing.assert_array_equal(
      ours['target']['image'], theirs['target']['image']
    )
  (batch,) = first(found.train_batches(5), 1)
  (unmoved,) = first(plain.train_batches(5), 1)
  np.testing.assert_array_equal(
    batch['source']['image'], unmoved['source']['image']
  )


@pytest.mark.parametrize(
  ('options', 'expected'),
  [
    (
      {'shape': (6, 5, 1)},
      'has images (6, 5, 1), expected (6, 5, 3)',
    ),
    (
      {'shape': (8, 5, 3)},
      'has images (8, 5, 3), expected (6, 5, 3)',
    ),
    (
      {'class_names': ('a', 'c', 'b')},
      "has classes ('a', 'c', 'b'), expected ('a', 'b', 'c')",
    ),
    (
      {'class_names': None},
      "has classes (), expected ('a', 'b', 'c')",
    ),
  ],
  ids=['channels', 'size', 'order of classes', 'no labels'],
)
def test_a_translated_source_of_another_form_is_told(
  pair, store, options, expected
):
  with pytest.raises(UserError, match=re.escape(expected) + ': delete'):
    offline(pair(), store, **options)
