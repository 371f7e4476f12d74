"""gin/classes: maps of one data set's classes to another's."""

import pathlib

import gin
import pytest

from pixelda_tf import config
from pixelda_tf.data import domains, used_classes
from pixelda_tf.datasets.segmentation import classes

GIN = pathlib.Path(__file__).resolve().parents[2] / 'gin/classes'
SYNTHIA = tuple(classes.SYNTHIA_IDS.values())
STORED = {
  'cityscapes_to_camvid': classes.CITYSCAPES,
  'cityscapes_to_synthia': classes.CITYSCAPES,
  'synthia_to_camvid': SYNTHIA,
  'sequences_to_camvid': tuple(classes.SYNTHIA_SEQUENCES_IDS.values()),
}
# Of CamVid's README: Cityscapes' train id to CamVid's; 16 has no place.
TO_CAMVID = [3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, -1, 10, 10]


def read(name):
  """Returns a map of gin/classes as `Domain.classes` has it."""
  macro = name.upper()
  if name.startswith('sequences'):
    macro = 'SEQUENCES_TO_CAMVID'
  config.parse(
    [f'gin/classes/{name}.gin'],
    ["target/Domain.name = 'x'", f'target/Domain.classes = %{macro}']
    + ['Pair.target = @target/Domain()'],
  )
  with gin.config_scope('target'):
    return gin.get_configurable(domains.Domain)().classes


def test_every_map_is_tested_here():
  assert {path.stem for path in GIN.glob('*_to_*.gin')} == set(STORED)


@pytest.mark.parametrize('name', STORED)
def test_a_map_has_only_classes_of_both_sets(name):
  mapping = read(name)
  names, labels = used_classes.used(mapping, STORED[name], 'x')
  to_synthia = name.endswith('_to_synthia')
  assert set(names) == set(SYNTHIA if to_synthia else classes.CAMVID)
  unmapped = {
    stored
    for stored, label in zip(STORED[name], labels, strict=True)
    if label < 0
  }
  left_out = {'terrain', 'truck', 'train'} if to_synthia else {'train'}
  assert unmapped <= left_out


def test_synthias_classes_have_its_order_and_cityscapes_names():
  """What a model of SYNTHIA says of Cityscapes is scored by these labels."""
  mapping = read('cityscapes_to_synthia')
  assert mapping == {name: name for name in SYNTHIA}
  assert tuple(mapping) == SYNTHIA


def test_cityscapes_to_camvid_is_the_published_merge():
  names, labels = used_classes.used(
    read('cityscapes_to_camvid'), classes.CITYSCAPES, 'x'
  )
  found = [
    -1 if label < 0 else classes.CAMVID.index(names[label]) for label in labels
  ]
  assert found == TO_CAMVID
