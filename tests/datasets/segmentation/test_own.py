import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.datasets import summary
from pixelda_tf.errors import UserError

IDS = np.array([[1, 1, 5], [255, 0, 0]])


@pytest.mark.parametrize(
  ('changed', 'option'),
  [
    (['id,name', '0,road', '1,bus', '5,person'], None),
    (['id,name', '0,road', '5,person', '1,car'], None),
    (['id,name', '0,road', '1,car', '5,'], None),
    (None, 'palette'),
  ],
)
def test_other_classes_of_the_same_files_are_no_repetition(
  write, own, classes, changed, option
):
  """Another name, order or class, and another reading of the files."""
  write('a')
  lines = ['id,name', '0,road', '1,car', '5,person']
  own(classes=classes(*lines))
  assert own(classes=classes(*lines)).info.splits['train'].num_examples == 1
  if option:
    write('a', form=option)
  with pytest.raises(UserError, match='mine made otherwise .*--overwrite'):
    own(classes=classes(*(changed or lines)), label_files=option)


def test_ids_without_names_are_classes_of_their_numbers(write, own, stored):
  for name in ('a', 'deep/b'):
    write(name)
  builder = own()
  assert builder.info.features['segmentation'].names == ['0', '1', '5']
  found = stored(builder)['train']
  assert len(found) == 2
  for _, label_map in found:
    assert label_map[..., 0].tolist() == [[1, 1, 2], [255, 0, 0]]


def test_named_ids_are_classes_and_several_may_be_one(
  write, own, stored, classes
):
  write('a')
  names = classes('id,name', '5,person', '1,car', '9,car', '0,')
  builder = own(classes=names)
  assert builder.info.features['segmentation'].names == ['person', 'car']
  ((_, label_map),) = stored(builder)['train']
  assert label_map[..., 0].tolist() == [[1, 1, 0], [255, 255, 255]]
  assert '  car is id 1, id 9' in summary.text(builder).splitlines()


@pytest.mark.parametrize(
  ('ids', 'lines'),
  [
    (np.full((2, 3), 255), ['name,id', 'car,1']),
    (IDS, ['name,id', 'car,9', ',0', ',1', ',5']),
  ],
)
def test_a_split_of_which_all_is_ignored_is_told(
  write, own, classes, ids, lines
):
  write('train/a', [[9, 9, 9]] * 2)
  path = write('test/a', ids)
  lines += ['bus,9'] if 'car,9' not in lines else []
  message = f'{path}: this label map and all others of test are ignored'
  with pytest.raises(UserError, match=message):
    own(classes=classes(*lines))


def test_classes_of_no_label_maps_are_told(write, own, classes, tmp_path):
  write('a', None)
  path = classes('name,id', 'car,1')
  with pytest.raises(UserError) as raised:
    own(classes=path)
  assert str(raised.value) == (
    f'--classes={path}: {tmp_path}/raw has no label maps; put them into '
    'labels, or into the column label_map of --csv, or leave out --classes'
  )
  with pytest.raises(UserError, match='--label_files=red: .* no label maps;'):
    own(label_files='red')


@pytest.mark.parametrize('form', ['palette', '16bit', 'red'])
def test_ids_in_other_files_are_read_when_told(
  write, own, stored, classes, form
):
  write('a', form=form)
  names = classes('name,id', 'road,0', 'car,1', 'person,5')
  with pytest.raises(UserError, match=f'a.png: .*; .*--label_files={form}'):
    own(classes=names)
  ((_, label_map),) = stored(own(classes=names, label_files=form))['train']
  assert label_map[..., 0].tolist() == [[1, 1, 2], [255, 0, 0]]


def test_colours_are_classes(write, own, stored, classes):
  write('a', [[[1, 2, 3], [0, 0, 0], [9, 9, 9]]] * 2, 'colours')
  names = classes('name,r,g,b', 'car,9,9,9', 'road,1,2,3', ',0,0,0')
  builder = own(classes=names)
  ((_, label_map),) = stored(builder)['train']
  assert label_map[0, :, 0].tolist() == [1, 255, 0]
  assert builder.info.metadata['colours'] == [[9, 9, 9], [1, 2, 3]]


def test_colours_of_a_palette_without_names(write, own, stored):
  """The palette's colour of index i is (i, 7 i, 0)."""
  write('a', [[0, 1, 1]] * 2, 'palette')
  builder = own(label_files='colours')
  names = builder.info.features['segmentation'].names
  assert names == ['#000000', '#010700']
  ((_, label_map),) = stored(builder)['train']
  assert label_map[0, :, 0].tolist() == [0, 1, 1]


def test_flags_name_the_classes_and_the_summary_shares(
  write, classes, tmp_path, in_process
):
  """Of 6 pixels are 2 cars, 1 person, 2 roads and 1 ignored."""
  write('a')
  names = classes('id,name', '0,road', '1,car', '5,person')
  done = in_process(
    'prepare_data',
    'segmentation',
    '--name=mine',
    f'--manual_dir={tmp_path}/raw',
    f'--classes={names}',
    f'--data_dir={tmp_path}/data',
  )
  assert done.returncode == 0, done.stderr
  first, split, title, *shares, _ = done.stdout.splitlines()
  assert first == 'mine/1.0.0: images 2x3x3, label maps of 3 classes'
  assert split.split()[:2] == ['train:', '1']
  assert title.split() == ['%', 'of', 'pixels', 'train']
  assert [line.split() for line in shares] == [
    ['road', '33.33'],
    ['car', '33.33'],
    ['person', '16.67'],
    ['ignored', '16.67'],
  ]


def test_size_of_label_map_and_image_differ(write, own, tmp_path):
  path = write('a', size=(3, 2))
  image = tmp_path / 'raw/images/a.jpg'
  with pytest.raises(UserError) as raised:
    own()
  assert str(raised.value) == (
    f'{path}: the label map is 2x3 (height x width), its image {image} 3x2; '
    'make them equal'
  )
  assert datasets.find('mine', tmp_path / 'data') is None


def test_images_of_two_sizes_need_one(write, own, stored):
  write('a')
  write('b', np.ones((4, 3)), size=(4, 3))
  with pytest.raises(UserError, match='b.jpg: 4x3 .* pass --resize=HEIGHT'):
    own()
  assert len(stored(own(resize=(2, 3)))['train']) == 2


def test_label_map_that_is_damaged_later_leaves_nothing(
  write, own, tmp_path, monkeypatch
):
  """It is checked before anything is written, and while it is."""
  path = write('a')
  write('b')
  read = datasets.segmentation.builder._survey

  def survey(*arguments):
    found = read(*arguments)
    path.write_bytes(path.read_bytes()[:50])
    return found

  monkeypatch.setattr(datasets.segmentation.builder, '_survey', survey)
  with pytest.raises(UserError, match='a.png: not a readable PNG'):
    own()
  left = [
    path.name for path in (tmp_path / 'data').rglob('*') if path.is_file()
  ]
  assert left == []


@pytest.mark.parametrize(
  ('lines', 'expected'),
  [
    (['id,name'], 'has no line after the names of its columns'),
    (['id,name', '1,', '0,'], 'names 0 classes; 1 to 255 are needed'),
    (['id,label', '1,car'], "unknown 'label'"),
    (['name', 'car'], 'must name the columns name and id, or name, r, g and b'),
    (['name,r,g', 'car,1,2'], 'must name the columns name and id, or name'),
    (['name,id', 'car,-1'], "line 2: id is '-1', must be a number in 0..65535"),
    (['name,r,g,b', 'car,1,2,256'], "line 2: b is '256', must be a number in"),
    (['name,id', 'car,1', 'bus,1'], 'line 3: id 1 is on an earlier line'),
    (
      ['name,r,g,b', 'car,1,2,3', 'bus,1,2,3'],
      r'line 3: colour \(1, 2, 3\) is on an earlier line',
    ),
    (['name,id', 'car,1,2'], 'line 2: has more or fewer values than columns'),
  ],
)
def test_wrong_file_of_classes_is_told(write, own, classes, lines, expected):
  write('a')
  path = classes(*lines)
  with pytest.raises(UserError, match=expected) as raised:
    own(classes=path)
  assert str(raised.value).startswith(str(path))
  assert '\n' not in str(raised.value)


def test_classes_of_another_kind_than_the_files_are_told(write, own, classes):
  write('a')
  path = classes('name,id', 'car,1')
  with pytest.raises(UserError, match='has ids, but --label_files=colours are'):
    own(classes=path, label_files='colours')
  path = classes('name,r,g,b', 'car,1,1,1')
  with pytest.raises(UserError, match='has colours, but --label_files=ids are'):
    own(classes=path, label_files='ids')


def test_missing_images_and_names_are_told(write, own, tmp_path):
  with pytest.raises(UserError, match='no such directory'):
    own()
  with pytest.raises(UserError, match='--manual_dir=FOLDER or --csv=FILE'):
    own(manual_dir=None)
  (tmp_path / 'raw/labels').mkdir(parents=True)
  with pytest.raises(UserError, match='images: no such folder; --manual_dir'):
    own()
  write('a')
  write('b', None)
  with pytest.raises(UserError, match='b.jpg: image without label map .1 of 2'):
    own()
  (tmp_path / 'raw/images/b.jpg').unlink()
  (tmp_path / 'raw/images/a.jpg').rename(tmp_path / 'raw/images/c.jpg')
  with pytest.raises(UserError, match='c.jpg: image without label map .1 of 1'):
    own()
