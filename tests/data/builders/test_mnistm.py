import os

import numpy as np
import pytest

from pixelda_tf.data import builders
from pixelda_tf.data.builders import mnistm
from pixelda_tf.errors import UserError

PUBLISHED = mnistm.Mnistm.BUILDER_CONFIGS


def test_default_config_has_the_published_counts():
  counts = [(c.name, c.n_train, c.n_test) for c in PUBLISHED]
  assert counts == [('published', 59001, 9001), ('full', 60000, 10000)]


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
  configs = [
    mnistm.MnistmConfig(name='published', n_train=12, n_test=9),
    mnistm.MnistmConfig(name='full', n_train=30, n_test=10),
  ]
  monkeypatch.setattr(mnistm.Mnistm, 'BUILDER_CONFIGS', configs)
  # TFDS keeps the configs of a class.
  mnistm.Mnistm.builder_configs  # noqa: B018
  monkeypatch.setattr(
    mnistm.Mnistm, 'builder_configs', {c.name: c for c in configs}
  )


@pytest.fixture
def raw(tmp_path, write_mnist, write_image):
  folder = tmp_path / 'raw'
  write_mnist(folder)
  for number, size in enumerate([(40, 50), (28, 28), (60, 30)]):
    write_image(folder / 'photos' / f'{number}.png', size, seed=number)
  return folder


def images_of(builder, split):
  dataset = builder.as_dataset(split=split)
  return np.stack([example['image'] for example in dataset.as_numpy_iterator()])


def test_images_are_digits_subtracted_from_photo_crops(
  tmp_path, raw, write_mnist
):
  """Every image is found among the differences to all windows of all photos."""
  digits, labels = write_mnist(tmp_path / 'again')['train']
  builder = builders.prepare('mnistm', data_dir=tmp_path / 'd', manual_dir=raw)
  assert builder.info.splits['train'].num_examples == 12
  assert builder.info.splits['test'].num_examples == 9
  photos = [mnistm.read_photo(p) for p in sorted((raw / 'photos').iterdir())]
  examples = list(builder.as_dataset(split='train').as_numpy_iterator())
  assert [example['label'] for example in examples] == labels[:12].tolist()
  windows = np.concatenate(
    [
      np.lib.stride_tricks.sliding_window_view(photo, (28, 28, 3)).reshape(
        -1, 28, 28, 3
      )
      for photo in photos
    ]
  ).astype(int)
  for example, digit in zip(examples, digits[:12], strict=True):
    blended = abs(digit[..., None].astype(int) - windows)
    assert (blended == example['image']).all(axis=(1, 2, 3)).any()


def test_depends_on_the_seed_alone(tmp_path, raw, write_image):
  """Files that arrive in another order, at another time, give the same."""
  other = tmp_path / 'other'
  other.mkdir()
  for path in sorted((raw / 'photos').iterdir(), reverse=True):
    (other / path.name).write_bytes(path.read_bytes())
    os.utime(other / path.name, (1, 1))
  made = {
    name: builders.prepare(
      'mnistm', data_dir=tmp_path / name, manual_dir=raw, **options
    )
    for name, options in {
      'first': {},
      'again': {'photos_dir': other},
      'seed 1': {'seed': 1},
    }.items()
  }
  for split in ('train', 'test'):
    first = images_of(made['first'], split)
    np.testing.assert_array_equal(images_of(made['again'], split), first)
    changed = (images_of(made['seed 1'], split) != first).any(axis=(1, 2, 3))
    # Of the three photos one is a single crop.
    assert changed.mean() > 0.5
  assert made['first'].info.description == made['again'].info.description


def test_full_config_begins_with_the_published_images(tmp_path, raw):
  published, full = (
    builders.prepare(name, data_dir=tmp_path / 'd', manual_dir=raw)
    for name in ('mnistm', 'mnistm/full')
  )
  assert full.info.splits['train'].num_examples == 30
  assert full.info.splits['test'].num_examples == 10
  np.testing.assert_array_equal(
    images_of(full, 'train')[:12], images_of(published, 'train')
  )


def test_description_says_how_it_was_made(tmp_path, raw):
  builder = builders.prepare(
    'mnistm', data_dir=tmp_path / 'd', manual_dir=raw, seed=3
  )
  description = builders.find('mnistm', tmp_path / 'd').info.description
  assert description == builder.info.description
  for part in ('first 12', 'first 9', 'seed 3', '3 photos', 'Digest'):
    assert part in description


def test_other_photos_are_noticed(tmp_path, raw, write_image):
  builders.prepare('mnistm', data_dir=tmp_path / 'd', manual_dir=raw)
  before = images_of(builders.find('mnistm', tmp_path / 'd'), 'train')
  write_image(raw / 'photos' / '1.png', (28, 28), seed=9)
  with pytest.raises(UserError, match='made otherwise .*--overwrite'):
    builders.prepare('mnistm', data_dir=tmp_path / 'd', manual_dir=raw)
  after = images_of(builders.find('mnistm', tmp_path / 'd'), 'train')
  np.testing.assert_array_equal(before, after)
  builders.prepare(
    'mnistm', data_dir=tmp_path / 'd', manual_dir=raw, overwrite=True
  )
  after = images_of(builders.find('mnistm', tmp_path / 'd'), 'train')
  assert (before != after).any()


@pytest.mark.parametrize(
  ('problem', 'expected'),
  [
    ('no photos', 'no photographs: .*--photos_dir'),
    ('empty', 'photos: holds no .jpg'),
    ('no image', r'0.png: not a readable photograph'),
    ('small', '0.png: 90x20 pixels, too small for a crop of 28x28'),
    ('few digits', 'needs 12 train digits, MNIST in .* has 5'),
    ('photos_dir', '--photos_dir=.*nowhere: no such directory'),
    ('nothing', '--photos_dir'),
  ],
)
def test_wrong_photos_are_told(
  tmp_path, raw, write_mnist, write_image, problem, expected
):
  options = {'manual_dir': raw}
  photo = raw / 'photos' / '0.png'
  if problem == 'no photos':
    (raw / 'photos').rename(raw / 'pictures')
  elif problem == 'empty':
    for path in (raw / 'photos').iterdir():
      path.unlink()
  elif problem == 'no image':
    photo.write_bytes(photo.read_bytes()[:100])
  elif problem == 'small':
    write_image(photo, (20, 90))
  elif problem == 'few digits':
    write_mnist(raw, n_train=5)
  elif problem == 'photos_dir':
    options['photos_dir'] = tmp_path / 'nowhere'
  elif problem == 'nothing':
    options = {}
  with pytest.raises(UserError, match=expected):
    builders.prepare('mnistm', data_dir=tmp_path / 'd', **options)
