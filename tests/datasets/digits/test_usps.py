import collections
import gzip

import numpy as np
import pytest

from pixelda_tf import datasets
from pixelda_tf.datasets.digits import raw
from pixelda_tf.errors import UserError


def write_usps(folder):
  folder.mkdir()
  rng = np.random.default_rng(0)
  pixels = {
    'train': rng.uniform(-1, 1, (8, 256)).round(3),
    'test': rng.uniform(-1, 1, (5, 256)).round(3),
  }
  for split, rows in pixels.items():
    lines = [
      ' '.join([f'{number}.0000', *(f'{value:.4f}' for value in row)])
      for number, row in enumerate(rows)
    ]
    path = folder / f'zip.{split}.gz'
    path.write_bytes(gzip.compress('\n'.join(lines).encode()))
  return pixels


def test_stores_the_files_in_their_order(tmp_path):
  pixels = write_usps(tmp_path / 'raw')
  builder = datasets.prepare(
    'usps', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
  )
  for split, rows in pixels.items():
    examples = list(builder.as_dataset(split=split).as_numpy_iterator())
    assert [example['label'] for example in examples] == list(range(len(rows)))
    stored = np.stack([example['image'] for example in examples])
    np.testing.assert_allclose(
      stored.reshape(-1, 256) / 127.5 - 1, rows, atol=0.5 / 127.5 + 1e-6
    )


def test_truncated_file_is_named(tmp_path):
  write_usps(tmp_path / 'raw')
  path = tmp_path / 'raw' / 'zip.test.gz'
  path.write_bytes(path.read_bytes()[:-20])
  with pytest.raises(UserError, match=f'{path}: truncated'):
    datasets.prepare(
      'usps', data_dir=tmp_path / 'data', manual_dir=tmp_path / 'raw'
    )


def test_real_files_have_the_published_counts(real_data):
  """The counts by digit are those of the publisher's zip.info.txt."""
  published = {
    'train': [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644],
    'test': [359, 264, 198, 166, 200, 160, 170, 147, 166, 177],
  }
  for split, counts in published.items():
    images, labels = raw.read_gzip(
      real_data / 'usps' / f'zip.{split}.gz', raw.parse_usps
    )
    assert images.shape == (sum(counts), 16, 16, 1)
    assert collections.Counter(labels.tolist()) == dict(enumerate(counts))
