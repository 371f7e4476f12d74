import collections

import numpy as np
import pytest
from PIL import Image

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets import summary
from pixelda_tf.datasets.pose import linemod_cropped, linemod_files
from pixelda_tf.errors import UserError

POSE = '0.5 -0.5 0.5 -0.5'


def ring(value):
  """A square ring of one colour on black: its inside is a hole of black."""
  image = np.zeros((64, 64, 3), np.uint8)
  image[10:30, 20:50] = value
  image[15:25, 30:40] = 0
  return image


def write_object(folder, images, pose=POSE):
  folder.mkdir(parents=True)
  lines = []
  for number, image in images.items():
    Image.fromarray(image).save(folder / f'img{number}.png')
    lines += [f'# img{number}.png', pose]
  (folder / 'poses.txt').write_text('\n'.join(lines) + '\n')


@pytest.fixture
def sets(tmp_path):
  """Folder of the three sets of two objects; blue tells them apart."""
  root = tmp_path / 'sets'
  for number, (name, count) in enumerate(
    [('coarse', 2), ('fine', 3), ('real', 4)]
  ):
    for label, kind in enumerate(['cat', 'ape']):
      images = {n: ring([n + 1, 100 * label, number + 1]) for n in range(count)}
      write_object(root / name / kind, images)
  (root / 'real' / 'training_split.txt').write_text('1, 3, 7')
  return root


def prepare(sets, config='synthetic', data_dir=None):
  return datasets.prepare(
    f'linemod_cropped/{config}',
    data_dir=data_dir or sets.parent / 'data',
    manual_dir=sets,
  )


def examples(sets, config, split):
  domain = domains.Domain(name=f'linemod_cropped/{config}')
  opened = domain.open(sets.parent / 'data')
  return opened, list(opened.stored(split).as_numpy_iterator())


def test_synthetic_holds_coarse_and_fine_with_masks(sets):
  prepare(sets)
  opened, found = examples(sets, 'synthetic', 'train')
  assert opened.class_names == ('ape', 'cat')
  assert {'mask', 'pose'} < set(opened.fields)
  assert opened.image_shape == (64, 64, 3)
  pixels = collections.Counter()
  for example in found:
    red, green, blue = example['image'][12, 22]
    pixels[int(red) - 1, int(blue)] += 1
    assert example['label'] == (0 if green else 1)
    np.testing.assert_array_equal(example['image'], ring([red, green, blue]))
    filled = np.zeros((64, 64, 1), np.uint8)
    filled[10:30, 20:50] = 255
    np.testing.assert_array_equal(example['mask'], filled)
    np.testing.assert_array_equal(example['pose'], [0.5, -0.5, 0.5, -0.5])
  places = [(0, 1), (1, 1), (0, 2), (1, 2), (2, 2)]
  assert pixels == dict.fromkeys(places, 2)


@pytest.mark.parametrize('there', ['coarse', 'fine'])
def test_one_of_the_rendered_sets_is_enough(sets, there):
  for name in {'coarse', 'fine', 'real'} - {there}:
    (sets / name).rename(sets.parent / name)
  info = prepare(sets).info
  assert info.splits['train'].num_examples == {'coarse': 4, 'fine': 6}[there]


def test_real_is_split_by_the_numbers_of_the_training_images(sets):
  prepare(sets, 'real')
  for split, expected in (('train', [1, 3]), ('test', [0, 2])):
    opened, found = examples(sets, 'real', split)
    assert opened.fields == ('image', 'label', 'pose')
    numbers = [
      (int(example['label']), int(example['image'][12, 22, 0]) - 1)
      for example in found
    ]
    assert sorted(numbers) == [(c, n) for c in (0, 1) for n in expected]


def test_images_of_any_suffix_and_names_of_any_form(sets):
  """As cameras and macOS write them; objects' numbers are in their order."""
  for name, new in (('cat', 'cafe\u0301'), ('ape', '10')):
    folder = (sets / 'coarse' / name).rename(sets / 'coarse' / new)
    for number, suffix in enumerate(('.PNG', '.bmp')):
      image = Image.open(folder / f'img{number}.png')
      image.save(folder / f'img{number}{suffix}')
      (folder / f'img{number}.png').unlink()
    poses = [f'# img0.PNG\n{POSE}\n# img1.bmp\n{POSE}\n']
    (folder / 'poses.txt').write_text(''.join(poses))
  (sets / 'fine').rename(sets.parent / 'fine')
  prepare(sets)
  opened, found = examples(sets, 'synthetic', 'train')
  assert opened.class_names == ('10', 'caf\u00e9')
  assert len(found) == 4


def test_objects_of_numbers_are_in_their_order(sets):
  (sets / 'real' / 'cat').rename(sets / 'real' / '10')
  (sets / 'real' / 'ape').rename(sets / 'real' / '9')
  assert prepare(sets, 'real').info.features['label'].names == ['9', '10']


@pytest.mark.parametrize('name', ['nan', 'cafe\u0301'])
def test_names_that_no_object_can_have_are_told(sets, name):
  (sets / 'real' / 'cat').rename(sets / 'real' / 'caf\u00e9')
  (sets / 'real' / 'ape').rename(sets / 'real' / name)
  with pytest.raises(UserError, match='rename it'):
    prepare(sets, 'real')


def test_images_that_are_the_same_file_are_counted(sets):
  first, second = (sets / 'real/cat' / f'img{number}.png' for number in (0, 1))
  second.unlink()
  second.symlink_to(first)
  text = summary.text(prepare(sets, 'real'))
  assert '  2 of 8 images are the file of another one' in text


def test_poses_are_units_of_the_canonical_sign(sets):
  (sets / 'coarse' / 'ape' / 'poses.txt').write_text(
    f'\n# img0.png\n\n-0.602 0.0 8e-1 -0.0\n# img1.png\n{POSE}'
  )
  ((_, pose), _) = linemod_cropped.read_object(sets / 'coarse' / 'ape')
  assert pose.dtype == np.float32
  norm = np.hypot(0.602, 0.8)
  np.testing.assert_allclose(
    pose, np.array([0.602, 0, -0.8, 0]) / norm, rtol=1e-6
  )


def test_the_digest_tells_when_a_pose_changes(sets):
  before = prepare(sets).info.description
  path = sets / 'fine' / 'cat' / 'poses.txt'
  path.write_text(path.read_text().replace(POSE, '1 0 0 0', 1))
  with pytest.raises(UserError, match='made otherwise'):
    prepare(sets)
  after = prepare(sets, data_dir=sets.parent / 'other').info.description
  assert before != after


def test_the_digest_tells_when_the_split_changes(sets):
  prepare(sets, 'real')
  (sets / 'real/training_split.txt').write_text('0, 1')
  with pytest.raises(UserError, match='made otherwise'):
    prepare(sets, 'real')


MISTAKES = {
  'no sets': (
    lambda sets: [
      (sets / name).rename(sets.parent / name) for name in ('coarse', 'fine')
    ],
    'synthetic',
    'sets: no folder coarse or fine; --manual_dir has to hold',
  ),
  'no real set': (
    lambda sets: (sets / 'real').rename(sets.parent / 'real'),
    'real',
    'sets: no folder real; --manual_dir has to hold',
  ),
  'no object': (
    lambda sets: [
      (sets / 'fine' / kind).rename(sets.parent / kind)
      for kind in ('ape', 'cat')
    ],
    'synthetic',
    'sets/fine: no folder of an object in it',
  ),
  'no poses': (
    lambda sets: (sets / 'fine/cat/poses.txt').unlink(),
    'synthetic',
    'sets/fine/cat/poses.txt: no such file',
  ),
  'no images': (
    lambda sets: [
      (sets / 'fine/cow').mkdir(),
      (sets / 'fine/cow/poses.txt').write_text(''),
    ],
    'synthetic',
    'sets/fine/cow: holds no ',
  ),
  'an image without a pose': (
    lambda sets: Image.new('RGB', (64, 64)).save(sets / 'fine/cat/img9.png'),
    'synthetic',
    'fine/cat/poses.txt: no pose of img9.png; add it or remove the image',
  ),
  'a pose without an image': (
    lambda sets: (sets / 'fine/cat/img1.png').unlink(),
    'synthetic',
    'fine/cat/img1.png: no such file, but poses.txt has its pose',
  ),
  'an image without a number': (
    lambda sets: Image.new('RGB', (64, 64)).save(sets / 'fine/cat/img.png'),
    'synthetic',
    'fine/cat/img.png: its name has to end in a number',
  ),
  'an image that is none': (
    lambda sets: (sets / 'fine/cat/img1.png').write_bytes(b'no image'),
    'synthetic',
    'fine/cat/img1.png: not a readable image',
  ),
  'no training split': (
    lambda sets: (sets / 'real/training_split.txt').unlink(),
    'real',
    'real/training_split.txt: no such file',
  ),
  'an empty training split': (
    lambda sets: (sets / 'real/training_split.txt').write_text(' \n'),
    'real',
    'real/training_split.txt: empty',
  ),
  'no number in the training split': (
    lambda sets: (sets / 'real/training_split.txt').write_text('1, 2b, 3'),
    'real',
    "real/training_split.txt: '2b' is no number",
  ),
  'a number of five thousand digits': (
    lambda sets: (sets / 'real/training_split.txt').write_text('1' * 5000),
    'real',
    "real/training_split.txt: '1111.*' is no number",
  ),
  'nothing left to test on': (
    lambda sets: (sets / 'real/training_split.txt').write_text('0 1 2 3'),
    'real',
    'real/training_split.txt: leaves no image for test',
  ),
  'nothing left to train on': (
    lambda sets: (sets / 'real/training_split.txt').write_text('4'),
    'real',
    'real/training_split.txt: leaves no image for train',
  ),
}


@pytest.mark.parametrize('name', MISTAKES)
def test_what_is_wrong_with_the_folders_is_told(sets, name):
  spoil, config, expected = MISTAKES[name]
  spoil(sets)
  with pytest.raises(UserError, match=expected) as error:
    prepare(sets, config)
  assert '\n' not in error.value.message
  assert not list((sets.parent / 'data').rglob('dataset_info.json'))


def test_a_folder_has_to_be_named(tmp_path):
  with pytest.raises(UserError, match='is not downloaded: .*--manual_dir'):
    datasets.prepare('linemod_cropped/real', data_dir=tmp_path)


def test_the_real_sets_have_the_known_counts(real_data):
  """The renderings, and the photographs to train and to test on."""
  folder = real_data / 'linemod_cropped'
  if not folder.is_dir():
    pytest.skip(f'needs the real images in {folder}')
  rendered = linemod_cropped.list_sets(folder, linemod_cropped.RENDERED)
  real = linemod_cropped.list_sets(folder, ['real'])
  objects = {'ape', 'benchvise', 'cam', 'cat', 'duck'}
  assert {path.parent.name for path, _ in rendered} == objects
  assert {path.parent.name for path, _ in real} == objects
  numbers = linemod_files.read_training_split(
    folder / 'real' / 'training_split.txt'
  )
  training = [
    int(path.stem.removeprefix('real')) in numbers for path, _ in real
  ]
  counts = len(rendered), training.count(True), training.count(False)
  assert counts == (6390, 2355, 2090)
  poses = np.array([pose for _, pose in rendered + real])
  assert (poses[:, 0] >= 0).all()
  np.testing.assert_allclose(np.linalg.norm(poses, axis=1), 1, atol=1e-6)
