import os
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from pixelda_tf import datasets
from pixelda_tf.data import domains
from pixelda_tf.datasets import image_files, photos
from pixelda_tf.datasets.digits import mnist, mnistm
from pixelda_tf.errors import UserError

PUBLISHED = mnistm.Mnistm.BUILDER_CONFIGS


def test_default_config_has_the_published_counts():
  made = [c for c in PUBLISHED if c.name != 'files']
  assert [(c.name, c.n_train, c.n_test, c.size) for c in made] == [
    ('published', 59001, 9001, 32),
    ('full', 60000, 10000, 32),
    ('28x28', 60000, 10000, 28),
  ]


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
  configs = [
    mnistm.MnistmConfig(name='published', n_train=12, n_test=9),
    mnistm.MnistmConfig(name='full', n_train=30, n_test=10),
    mnistm.MnistmConfig(name='28x28', n_train=12, n_test=9, size=28),
    tfds.core.BuilderConfig(name='files'),
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
  for number, size in enumerate([(40, 50), (32, 32), (60, 36)]):
    write_image(folder / 'photos' / f'{number}.png', size, seed=number)
  return folder


def images_of(builder, split):
  dataset = builder.as_dataset(split=split)
  return np.stack([example['image'] for example in dataset.as_numpy_iterator()])


@pytest.mark.parametrize(
  ('kind', 'size'), [('mnistm', 32), ('mnistm/28x28', 28)]
)
def test_images_are_binary_digits_subtracted_from_photo_crops(
  tmp_path, raw, write_mnist, kind, size
):
  """Every image is found among what all windows of all photos would give.

  Inside of a stroke it is 255 - window, elsewhere (and in the padding of
  (size - 28) / 2 pixels) the window: nothing between.
  """
  digits, labels = write_mnist(tmp_path / 'again')['train']
  builder = datasets.prepare(kind, data_dir=tmp_path / 'd', manual_dir=raw)
  assert builder.info.splits['train'].num_examples == 12
  assert builder.info.splits['test'].num_examples == 9
  paths = sorted((raw / 'photos').iterdir())
  windows = np.concatenate(
    [
      np.lib.stride_tricks.sliding_window_view(
        photos.read(path, size), (size, size, 3)
      ).reshape(-1, size, size, 3)
      for path in paths
    ]
  )
  examples = list(builder.as_dataset(split='train').as_numpy_iterator())
  assert [example['label'] for example in examples] == labels[:12].tolist()
  for example, digit in zip(examples, digits[:12], strict=True):
    stroke = np.zeros((size, size, 1), bool)
    margin = (size - 28) // 2
    stroke[margin : margin + 28, margin : margin + 28, 0] = digit > 0
    made = np.where(stroke, 255 - windows, windows)
    assert (made == example['image']).all(axis=(1, 2, 3)).any()


def edge(images, digits, threshold):
  """Mean change of images [n, 32, 32, 3] across digit = threshold.

  digits are MNIST's [n, 28, 28], padded to the images.
  """
  inside = np.pad(digits > threshold, ((0, 0), (2, 2), (2, 2)))
  changes = []
  for axis in (1, 2):
    change = np.abs(np.diff(images.astype(int), axis=axis)).mean(axis=-1)
    changes.append(change[np.diff(inside, axis=axis)])
  return np.concatenate(changes).mean()


def test_agrees_with_the_published_sample(tmp_path, real_data):
  """The first 600 of the published training images, and those made here.

  The crops differ, so means over 600 images agree within a few per cent: the
  change across the digit's outline (digit > 0, where it is sharpest), that
  across the outlines of brighter parts (which are no edges in either), the
  colours inside and outside of strokes, and how much of an image is stroke.
  """
  sample = real_data / 'mnistm_published_sample'
  digits = mnist.read(
    {name: real_data / 'mnist' / name for name in mnist.FILES}
  )
  digits, labels = (array[:600] for array in digits['train'])
  lines = (sample / 'labels.txt').read_text().split('\n')[:600]
  assert [int(line.split()[1]) for line in lines] == labels.tolist()
  published = np.stack(
    [
      image_files.read(sample / line.split()[0], (32, 32), 'RGB')
      for line in lines
    ]
  )
  config = mnistm.MnistmConfig(name='published', n_train=600, n_test=8)
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mnistm.Mnistm, 'BUILDER_CONFIGS', [config])
    patch.setattr(mnistm.Mnistm, 'builder_configs', {'published': config})
    builder = datasets.prepare(
      'mnistm', data_dir=tmp_path, manual_dir=real_data
    )
  made = images_of(builder, 'train')
  edges = [edge(published, digits, threshold) for threshold in (0, 32, 64, 128)]
  assert edges == sorted(edges, reverse=True)
  for threshold, expected in zip((0, 32, 64, 128), edges, strict=True):
    assert edge(made, digits, threshold) == pytest.approx(expected, rel=0.06)
  stroke = np.pad(digits > 0, ((0, 0), (2, 2), (2, 2)))
  for part in (stroke, ~stroke):
    assert made[part].mean() == pytest.approx(published[part].mean(), rel=0.03)
  # An image without its stroke restored has no edge left along it.
  for images in (published, made):
    restored = np.where(stroke[..., None], 255 - images, images)
    assert edge(restored, digits, 0) < 0.15 * edge(images, digits, 0)


def test_images_of_an_earlier_version_are_refused(tmp_path, raw):
  builder = datasets.prepare('mnistm', data_dir=tmp_path, manual_dir=raw)
  stored = pathlib.Path(builder.data_dir)
  info = stored / 'dataset_info.json'
  info.write_text(info.read_text().replace('2.0.0', '1.0.0'))
  old = stored.with_name('1.0.0')
  stored.rename(old)
  for open_it in (
    lambda: datasets.find('mnistm', tmp_path),
    lambda: domains.Domain(name='mnistm').open(tmp_path),
  ):
    with pytest.raises(
      UserError, match=f'{old}: mnistm/published 1.0.0 .*2.0.0 .*binary'
    ):
      open_it()
  again = datasets.prepare('mnistm', data_dir=tmp_path, manual_dir=raw)
  assert str(again.version) == '2.0.0'
  assert datasets.find('mnistm', tmp_path).version == '2.0.0'


def test_depends_on_the_seed_alone(tmp_path, raw, write_image):
  """Files that arrive in another order, at another time, give the same."""
  other = tmp_path / 'other'
  other.mkdir()
  for path in sorted((raw / 'photos').iterdir(), reverse=True):
    (other / path.name).write_bytes(path.read_bytes())
    os.utime(other / path.name, (1, 1))
  made = {
    name: datasets.prepare(
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
    datasets.prepare(name, data_dir=tmp_path / 'd', manual_dir=raw)
    for name in ('mnistm', 'mnistm/full')
  )
  assert full.info.splits['train'].num_examples == 30
  assert full.info.splits['test'].num_examples == 10
  np.testing.assert_array_equal(
    images_of(full, 'train')[:12], images_of(published, 'train')
  )


def test_description_says_how_it_was_made(tmp_path, raw):
  builder = datasets.prepare(
    'mnistm', data_dir=tmp_path / 'd', manual_dir=raw, seed=3
  )
  description = datasets.find('mnistm', tmp_path / 'd').info.description
  assert description == builder.info.description
  for part in ('first 12', 'first 9', 'seed 3', '3 photos', 'Digest'):
    assert part in description


def test_other_photos_are_noticed(tmp_path, raw, write_image):
  datasets.prepare('mnistm', data_dir=tmp_path / 'd', manual_dir=raw)
  before = images_of(datasets.find('mnistm', tmp_path / 'd'), 'train')
  write_image(raw / 'photos' / '1.png', (32, 32), seed=9)
  with pytest.raises(UserError, match='made otherwise .*--overwrite'):
    datasets.prepare('mnistm', data_dir=tmp_path / 'd', manual_dir=raw)
  after = images_of(datasets.find('mnistm', tmp_path / 'd'), 'train')
  np.testing.assert_array_equal(before, after)
  datasets.prepare(
    'mnistm', data_dir=tmp_path / 'd', manual_dir=raw, overwrite=True
  )
  after = images_of(datasets.find('mnistm', tmp_path / 'd'), 'train')
  assert (before != after).any()


@pytest.mark.parametrize(
  ('problem', 'expected'),
  [
    ('no photos', 'no photographs: .*--photos_dir'),
    ('empty', 'photos: holds no photographs'),
    ('no image', r'0.png: not a readable photograph'),
    ('small', '0.png: 90x20 pixels, too small for a crop of 32x32'),
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
    datasets.prepare('mnistm', data_dir=tmp_path / 'd', **options)
