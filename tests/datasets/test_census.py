import json
import pathlib

import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.datasets import base, census, preparing, summary
from pixelda_tf.errors import UserError

# [height, width]: a channel that varies.
VARIED = np.arange(4).reshape(2, 2)


class Made(base.ImageBuilder):
  """Examples that a test gives, by split."""

  name = 'made'

  def __init__(self, *, splits, class_names=(), fields=(), **options):
    self._splits, self._class_names = splits, class_names
    self._fields = fields
    self.num_shards = min(2, *map(len, splits.values()))
    super().__init__(**options)

  def _info(self):
    (example, *_) = next(iter(self._splits.values()))
    return self.image_info(
      shape=example['image'].shape,
      class_names=self._class_names,
      fields=('label', *self._fields),
      description='made',
    )

  def _split_generators(self, dl_manager):
    return {
      split: self._generate_examples(split, examples)
      for split, examples in self._splits.items()
    }


def store(tmp_path, allow=(), **contents):
  return preparing.build(
    lambda path: Made(data_dir=path, **contents),
    name='made',
    data_dir=tmp_path,
    allow=allow,
  )


def image(*constant, channels=3):
  """Returns an image of which some channels are constant."""
  planes = [
    VARIED * 0 + 7 if c in constant else VARIED for c in range(channels)
  ]
  return np.stack(planes, axis=-1).astype(np.uint8)


def unlabelled(*images):
  return {'train': [{'image': each} for each in images]}


def test_numbers_by_split_and_label(tmp_path):
  """Kept beside the data, over both shards."""
  labels = {'train': [0, 1, 1, 1], 'test': [0, 1]}
  builder = store(
    tmp_path,
    class_names=['cat', 'dog', 'owl'],
    splits={
      split: [{'image': image(), 'label': label} for label in of_split]
      for split, of_split in labels.items()
    },
  )
  expected = {'train': [1, 3, 0], 'test': [1, 1, 0]}
  assert census.class_counts(builder.info) == expected
  kept = json.loads(
    (pathlib.Path(builder.data_dir) / 'metadata.json').read_text()
  )
  assert kept['counted']['train'] == {
    'images': 4,
    'constant': [0, 0, 0],
    'lowest': [0, 0, 0],
    'highest': [3, 3, 3],
    'labels': [1, 3, 0],
  }
  assert summary.text(builder).splitlines()[:8] == [
    'made/1.0.0: images 2x2x3, 3 classes',
    '  train: 4 examples, 2 shard(s)',
    '  test: 2 examples, 2 shard(s)',
    '  images       train        test',
    '  cat              1           1',
    '  dog              3           1',
    '  owl              0           0',
    '  nothing to train on: owl',
  ]


@pytest.mark.parametrize(
  ('channels', 'channel', 'name'),
  [(1, 0, 'grey'), (3, 2, 'blue'), (4, 3, 'depth')],
)
def test_constant_channels_are_told_and_refused_where_all_are(
  tmp_path, channels, channel, name
):
  varied = image(channels=channels)
  constant = image(channel, channels=channels)
  builder = store(tmp_path / 'some', splits=unlabelled(constant, varied))
  text = f'images of train have a constant {name}'
  assert f'  1 of 2 {text}' in summary.text(builder).splitlines()
  splits = unlabelled(constant, constant)
  with pytest.raises(
    UserError, match=f'made: 2 of 2 {text}; .*--allow=constant_channels'
  ):
    store(tmp_path / 'all', splits=splits)
  assert datasets.find('made', tmp_path / 'all') is None
  builder = store(tmp_path / 'all', ['constant_channels'], splits=splits)
  assert f'  2 of 2 {text}' in summary.text(builder).splitlines()


def test_one_colour_for_each_image_is_told_alone(tmp_path):
  builder = store(tmp_path, splits=unlabelled(image(0), image(0) + np.uint8(1)))
  text = summary.text(builder)
  assert '  2 of 2 images of train have a constant red' in text


def masked(*values):
  return [
    {'image': image(), 'mask': np.full((2, 2, 1), value, np.uint8)}
    for value in values
  ]


def test_empty_masks_are_told_and_refused_where_all_are(tmp_path):
  builder = store(
    tmp_path / 'some', splits={'train': masked(0, 255, 0)}, fields=['mask']
  )
  assert '  2 of 3 masks of train are empty' in summary.text(builder)
  with pytest.raises(
    UserError, match='2 of 2 masks of train are empty; .*--allow=empty_masks'
  ):
    store(tmp_path / 'all', splits={'train': masked(0, 0)}, fields=['mask'])


def test_what_is_not_learnt_from_is_told_alone(tmp_path):
  splits = {'train': masked(255), 'test': masked(0)}
  builder = store(tmp_path, splits=splits, fields=['mask'])
  assert '  1 of 1 masks of test are empty' in summary.text(builder)


def test_a_test_split_alone_has_to_teach_something(tmp_path):
  with pytest.raises(UserError, match='1 of 1 masks of test are empty'):
    store(tmp_path, splits={'test': masked(0)}, fields=['mask'])


def test_one_class_is_refused_before_anything_is_written(tmp_path):
  examples = [{'image': image(), 'label': 0}]
  contents = {'splits': {'train': examples}, 'class_names': ['cat']}
  with pytest.raises(UserError) as raised:
    store(tmp_path, **contents)
  assert raised.value.message == (
    'made: cat is the only class: it teaches nothing; give it a second one, or '
    'no classes; if it is meant so, pass --allow=one_class'
  )
  assert not list(tmp_path.rglob('*.tfrecord*'))
  builder = store(tmp_path, ['one_class'], **contents)
  assert 'cat is the only class: it teaches nothing' in summary.text(builder)
  assert summary.text(builder).startswith('made/1.0.0: images 2x2x3, 1 class\n')


def test_one_class_teaches_poses(tmp_path):
  pose = np.array([1, 0, 0, 0], np.float32)
  examples = [{'image': image(), 'label': 0, 'pose': pose}]
  builder = store(
    tmp_path,
    splits={'train': examples},
    class_names=['cat'],
    fields=['pose'],
  )
  assert 'cat is the only class: it teaches poses' in summary.text(builder)


@pytest.mark.parametrize(
  ('n', 'is_refused'), [(0, False), (2, False), (3, True)]
)
def test_what_builders_note(tmp_path, monkeypatch, n, is_refused):
  monkeypatch.setattr(Made, 'noted', {'duplicates': (n, 3)})
  splits = unlabelled(image(), image(), image())
  if is_refused:
    with pytest.raises(UserError, match='3 of 3 images .*--allow=duplicates'):
      store(tmp_path, splits=splits)
  else:
    text = summary.text(store(tmp_path, splits=splits))
    assert (f'  {n} of 3 images are the file of another one' in text) == bool(n)


def test_unknown_allowance_is_told(tmp_path):
  with pytest.raises(UserError, match='--allow=all: give some of one_class'):
    store(tmp_path, ['all'], splits=unlabelled(image()))
